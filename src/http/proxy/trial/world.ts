/** A client, a proxy and upstreams in one process, for tests: what each of them has seen is kept. */
import type { FieldLines, Handler } from '../../exchange.ts'
import { type HttpServer, type ServeOptions, serve } from '../../server/serve.ts'
import { settle } from '../../trial/machine.ts'
import { type Manners, TestNetwork } from '../../trial/network.ts'
import { RawClient } from '../../trial/raw.ts'
import { type ReverseProxy, type ReverseProxyOptions, reverseProxy } from '../reverse.ts'

/** A request as an upstream has got it. */
export interface SeenRequest {
  readonly method: string
  readonly target: string
  readonly fields: FieldLines
  readonly remote: string
}

export interface WorldOptions extends Omit<Partial<ReverseProxyOptions>, 'to'> {
  readonly to?: ReverseProxyOptions['to']
  /** Settings of the proxy's server. */
  readonly serve?: ServeOptions
  readonly manners?: Manners
  /** Settings of the upstream's server. */
  readonly upstream?: ServeOptions
}

/** An upstream at 10.0.0.9:3000, a proxy at 10.0.0.1:80 and clients at 203.0.113.9. */
export async function proxyWorld(answer: Handler, options: WorldOptions = {}) {
  const { serve: serving, manners = {}, upstream: upstreamOptions, ...rest } = options
  const network = new TestNetwork()
  const edge = network.host('edge', '10.0.0.1', manners)
  const { clock } = edge
  const app = network.host('app', '10.0.0.9', manners, undefined, clock)
  const laptop = network.host('laptop', '203.0.113.9', manners, undefined, clock)
  const seen: SeenRequest[] = []
  const errors: unknown[] = []
  const upstream: HttpServer = await serve(
    app,
    (exchange) => {
      const { method, target, remote } = exchange
      seen.push({ method, target, fields: exchange.fields(), remote: remote.address! })
      return answer(exchange)
    },
    { port: 3000, address: '10.0.0.9', ...upstreamOptions },
  )
  const front: ReverseProxy = reverseProxy(edge, { to: 'http://10.0.0.9:3000', name: 'edge', ...rest })
  const onError = (error: unknown) => void errors.push(error)
  const server = await serve(edge, front, { port: 80, onError, ...serving })
  return {
    network,
    edge,
    app,
    laptop,
    clock,
    seen,
    errors,
    upstream,
    front,
    server,
    client: () => RawClient.open(laptop, server.local),
  }
}

/** An upstream that sends just the octets that a test gives it. */
export async function rawUpstream(network: TestNetwork, reply: (request: string) => string | null) {
  const host = network.host('raw', '10.0.0.8')
  const got: string[] = []
  await host.listen({ address: '10.0.0.8', port: 3000 }, (connection) => {
    let text = ''
    connection.attach({
      onData(bytes) {
        text += Buffer.from(bytes).toString('latin1')
        if (!text.includes('\r\n\r\n')) return
        got.push(text)
        const octets = reply(text)
        text = ''
        if (octets === null) connection.reset()
        else connection.write(Buffer.from(octets, 'latin1'))
      },
      onEnd: () => connection.close(),
      onDrain() {},
      onClose() {},
    })
  })
  return { got, settle }
}

/** The value of a field that a request has once; undefined where it is absent. */
export function fieldOf(fields: FieldLines, name: string): string | undefined {
  const values: string[] = []
  for (let i = 0; i < fields.length; i += 2) if (fields[i]!.toLowerCase() === name) values.push(fields[i + 1]!)
  return values.length === 0 ? undefined : values.join(' | ')
}
