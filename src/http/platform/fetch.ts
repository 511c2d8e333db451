/** Handlers in the platform's style, `(Request) => Response`, over an `Exchange`. */
import type { Exchange, Handler, ReplyBody } from '../exchange.ts'
import { isBodiless } from '../status.ts'

export type FetchHandler = (request: Request, exchange: Exchange) => Response | Promise<Response>

/** An exchange as a platform `Request`. @throws TypeError where there is no such URL or the platform forbids the method. */
export function requestOf(exchange: Exchange): Request {
  const headers = new Headers()
  const fields = exchange.fields()
  for (let i = 0; i < fields.length; i += 2) headers.append(fields[i]!, fields[i + 1]!)
  const url = `${exchange.scheme}://${exchange.authority}${exchange.path}${exchange.query === '' ? '' : `?${exchange.query}`}`
  const { method, signal } = exchange
  if (exchange.body.length === 0 || method === 'GET' || method === 'HEAD')
    return new Request(url, { method, headers, signal })
  return new Request(url, { method, headers, signal, body: exchange.body.stream(), duplex: 'half' })
}

/** Sends a platform `Response`; resolves when its body has been handed over. */
export async function replyWith(exchange: Exchange, response: Response): Promise<void> {
  const fields: string[] = []
  for (const [name, value] of response.headers) fields.push(name, value)
  if (response.body === null || isBodiless(response.status)) {
    exchange.reply(response.status, fields, null)
    return
  }
  const reader = response.body.getReader()
  const { signal } = exchange
  const cancel = () => void reader.cancel(signal.reason).catch(() => {})
  signal.addEventListener('abort', cancel, { once: true })
  try {
    await pump(reader, exchange.start(response.status, fields), signal)
  } finally {
    signal.removeEventListener('abort', cancel)
  }
}

async function pump(reader: ReadableStreamDefaultReader<Uint8Array>, reply: ReplyBody, signal: AbortSignal) {
  let drained: (() => void) | null = null
  reply.onDrain = () => drained?.()
  const drain = () => drained?.()
  signal.addEventListener('abort', drain, { once: true })
  for (;;) {
    const step = await reader.read()
    if (step.done || signal.aborted) break
    if (!reply.write(step.value) && !signal.aborted) await new Promise<void>((resolve) => (drained = resolve))
  }
  signal.removeEventListener('abort', drain)
  reply.end()
}

/** Makes a `Handler` of a function from `Request` to `Response`. TRACE and CONNECT, which `Request` forbids, get 405. */
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
