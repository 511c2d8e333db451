/** Handlers in the platform's style, `(Request) => Response`, over an `Exchange`. */
import type { Exchange, Handler, ReplyBody } from '../exchange.ts'
import { isWithoutContent } from '../status.ts'
import { headersOf } from './response.ts'

/** Answers a platform `Request`; what it throws, or rejects with, becomes a 500. */
export type FetchHandler = (request: Request, exchange: Exchange) => Response | Promise<Response>

/** An exchange as a platform `Request`. @throws TypeError where there is no such URL or the platform forbids the method. */
export function requestOf(exchange: Exchange): Request {
  const headers = headersOf(exchange.fields())
  const url = `${exchange.scheme}://${exchange.authority}${exchange.path}${exchange.query === '' ? '' : `?${exchange.query}`}`
  const { method, signal } = exchange
  if (exchange.body.length === 0 || method === 'GET' || method === 'HEAD')
    return new Request(url, { method, headers, signal })
  return new Request(url, { method, headers, signal, body: exchange.body.stream(), duplex: 'half' })
}

/**
 * Sends a platform `Response`. Resolves when its body has been handed over; rejects with `ClientGone` when nobody is
 * left to read, and with the body's own failure. Either way the body is let go of.
 */
export async function replyWith(exchange: Exchange, response: Response): Promise<void> {
  const { status } = response
  const fields: string[] = []
  for (const [name, value] of response.headers) fields.push(name, value)
  if (response.body === null || isWithoutContent(status)) {
    exchange.reply(status, fields, null)
    return
  }
  const reader = response.body.getReader()
  const release = (reason?: unknown) => void reader.cancel(reason).catch(() => {})
  const { signal } = exchange
  const gone = () => release(signal.reason)
  signal.addEventListener('abort', gone, { once: true })
  try {
    const reply = exchange.start(status, fields)
    if (exchange.method === 'HEAD') release()
    else await pump(reader, reply, signal)
    reply.end()
  } catch (error) {
    release(error)
    throw error
  } finally {
    signal.removeEventListener('abort', gone)
  }
}

async function pump(reader: ReadableStreamDefaultReader<Uint8Array>, reply: ReplyBody, signal: AbortSignal) {
  for (;;) {
    const step = await reader.read()
    signal.throwIfAborted()
    if (step.done) return
    if (!reply.write(step.value)) await reply.ready()
  }
}

/**
 * Makes a `Handler` of a function from `Request` to `Response`. TRACE and CONNECT, which `Request` forbids, get 405.
 *
 * @example
 * await serve(kernelHost(), fetchHandler((request) => new Response(`You asked for ${request.url}`)), { port: 8080 })
 */
export function fetchHandler(handle: FetchHandler): Handler {
  return async (exchange) => {
    let request: Request
    try {
      request = requestOf(exchange)
    } catch {
      const status = exchange.method === 'CONNECT' || exchange.method === 'TRACE' ? 405 : 400
      exchange.reply(status, ['Content-Type', 'text/plain'], 'this request cannot be a platform Request\n')
      return
    }
    await replyWith(exchange, await handle(request, exchange))
  }
}
