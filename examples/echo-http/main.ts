/**
 * A target for HTTP testers: says in JSON what it has been asked. `node examples/echo-http/main.ts [--host H] [--port N]`
 *
 * - any method, any path: method, target, version, the field lines as received, the body in base64, its trailers
 * - POST /echo: the body as it came, with its Content-Type
 * - /cookie: the cookies, parsed
 * - TRACE: the request as it arrived, credentials withheld; CONNECT: a tunnel, to this server and nowhere else
 */
import { parseArgs } from 'node:util'
import { type Exchange, type HttpServer, parseCookies, type ServeOptions, serve } from 'reticle/http'
import { kernelHost } from 'reticle/kernel'
import { formatAddress, type Host } from 'reticle/socket'

export async function serveEchoHttp(host: Host, options: ServeOptions): Promise<HttpServer> {
  const server: HttpServer = await serve(host, answer, {
    ...options,
    trace: true,
    connect: { allow: (authority) => authority.endsWith(`:${server.local.port}`) && isLocal(authority) },
  })
  return server
}

async function answer(exchange: Exchange): Promise<void> {
  const { method, target, version, path } = exchange
  const body = await exchange.body.bytes()
  if (path === '/echo' && method === 'POST') {
    exchange.reply(200, ['Content-Type', exchange.header('content-type') ?? 'application/octet-stream'], body)
  } else if (path === '/cookie') json(exchange, Object.fromEntries(parseCookies(exchange.header('cookie'))))
  else {
    const headers = pairs(exchange.fields())
    const trailers = pairs(exchange.body.trailers)
    json(exchange, { method, target, version, headers, body: Buffer.from(body).toString('base64'), trailers })
  }
}

function json(exchange: Exchange, value: object): void {
  exchange.reply(200, ['Content-Type', 'application/json', 'Cache-Control', 'no-store'], `${JSON.stringify(value)}\n`)
}

/** Name, value, name, value → [name, value][]: order and repetition are part of what was received. */
function pairs(lines: readonly string[]): string[][] {
  return Array.from({ length: lines.length / 2 }, (_, i) => lines.slice(2 * i, 2 * i + 2))
}

function isLocal(authority: string): boolean {
  return ['localhost', '127.0.0.1', '[::1]'].includes(authority.slice(0, authority.lastIndexOf(':')))
}

if (import.meta.main) {
  const { values } = parseArgs({
    options: { host: { type: 'string', default: '127.0.0.1' }, port: { type: 'string', default: '8080' } },
  })
  const server = await serveEchoHttp(kernelHost(), { address: values.host, port: Number(values.port) })
  console.log(`listening on http://${formatAddress(server.local)}/`)
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => void server.close())
}
