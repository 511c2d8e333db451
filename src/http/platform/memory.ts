/**
 * Exchanges without a network: a platform `Request` in, a platform `Response` out. A handler cannot tell the
 * difference, so whole sites are called and tested this way.
 */

import type { Machine } from '../../base/machine.ts'
import type { Address } from '../../socket/address.ts'
import { type BodySource, IncomingBody } from '../body/incoming.ts'
import type { Exchange, FieldLines, Handler, ReplyBody } from '../exchange.ts'
import { checkFields } from '../fields/lines.ts'
import { isBodiless, reasonPhrase, statusLine } from '../status.ts'

export interface AnswerOptions {
  /** Told of what the handler threw; the reply is a 500 where none had begun. */
  readonly onError?: (error: unknown, exchange: Exchange) => void
  readonly local?: Address
  readonly remote?: Address
}

const LOCAL: Address = { address: '127.0.0.1', port: 80 }
const REMOTE: Address = { address: '127.0.0.1', port: 49152 }
let exchanges = 0

/**
 * Lets `handler` answer `request`. Resolves with the head of the reply, whose body may still be under way.
 * Rejects when the handler breaks the exchange off before it has answered.
 */
export function answer(
  handler: Handler,
  request: Request,
  machine: Machine,
  options: AnswerOptions = {},
): Promise<Response> {
  const exchange = new MemoryExchange(request, machine, options)
  const failed = (error: unknown) => {
    options.onError?.(error, exchange)
    if (exchange.answered) exchange.abort()
    else exchange.reply(500, ['Content-Type', 'text/plain; charset=utf-8'], `${reasonPhrase(500)}\n`)
  }
  try {
    const done = handler(exchange)
    if (done !== undefined) done.catch(failed)
  } catch (error) {
    failed(error)
  }
  return exchange.response
}

class MemoryExchange implements Exchange {
  readonly machine: Machine
  readonly id = ++exchanges
  readonly method: string
  readonly target: string
  readonly path: string
  readonly query: string
  readonly version = 'HTTP/1.1'
  readonly scheme: 'http' | 'https'
  readonly authority: string
  readonly local: Address
  readonly remote: Address
  readonly body: IncomingBody
  readonly response: Promise<Response>
  answered = false
  readonly #request: Request
  #resolve!: (response: Response) => void
  #reject!: (error: unknown) => void
  #outgoing: StreamedReply | null = null

  constructor(request: Request, machine: Machine, options: AnswerOptions) {
    const url = new URL(request.url)
    this.#request = request
    this.machine = machine
    this.method = request.method
    this.path = url.pathname
    this.query = url.search.slice(1)
    this.target = url.pathname + url.search
    this.scheme = url.protocol === 'https:' ? 'https' : 'http'
    this.authority = request.headers.get('host') ?? url.host
    this.local = options.local ?? LOCAL
    this.remote = options.remote ?? REMOTE
    this.body = bodyOf(request)
    this.response = new Promise((resolve, reject) => {
      this.#resolve = resolve
      this.#reject = reject
    })
  }

  get signal(): AbortSignal {
    return this.#request.signal
  }

  header(name: string): string | undefined {
    const value = this.#request.headers.get(name)
    if (value !== null) return value
    return name === 'host' ? this.authority : undefined
  }

  fields(): FieldLines {
    const lines: string[] = this.#request.headers.has('host') ? [] : ['host', this.authority]
    for (const [name, value] of this.#request.headers) lines.push(name, value)
    return lines
  }

  reply(status: number, fields: FieldLines, body: string | Uint8Array | null): void {
    this.#begin(status, fields)
    const bytes =
      typeof body === 'string'
        ? new TextEncoder().encode(body)
        : body === null
          ? new Uint8Array(0)
          : new Uint8Array(body)
    const headers = headersOf(fields)
    if (isBodiless(status) || status === 205) {
      this.#resolve(new Response(null, { status, statusText: reasonPhrase(status), headers }))
      return
    }
    if (!headers.has('content-length')) headers.set('content-length', String(bytes.length))
    const content = this.method === 'HEAD' ? null : bytes
    this.#resolve(new Response(content, { status, statusText: reasonPhrase(status), headers }))
  }

  start(status: number, fields: FieldLines): ReplyBody {
    this.#begin(status, fields)
    const empty = isBodiless(status) || status === 205 || this.method === 'HEAD'
    const reply = new StreamedReply()
    this.#outgoing = reply
    const init = { status, statusText: reasonPhrase(status), headers: headersOf(fields) }
    this.#resolve(new Response(empty ? null : reply.stream, init))
    return reply
  }

  inform(status: number, fields: FieldLines): void {
    if (status < 100 || status > 199 || status === 101) throw new TypeError(`${status} is not an interim status`)
    checkFields(fields)
  }

  abort(): void {
    const error = new DOMException('the exchange was broken off by its handler', 'AbortError')
    if (!this.answered) this.#reject(error)
    this.answered = true
    this.#outgoing?.fail(error)
  }

  #begin(status: number, fields: FieldLines): void {
    if (this.answered) throw new TypeError('the exchange is answered already: one final reply each')
    statusLine(status)
    if (status < 200 || status > 599) throw new TypeError(`${status} is not a final status`)
    checkFields(fields)
    this.answered = true
  }
}

/** A reply's body as a stream; `write` answers false while the reader of the response lags. */
class StreamedReply implements ReplyBody {
  readonly stream: ReadableStream<Uint8Array>
  onDrain: (() => void) | null = null
  #controller!: ReadableStreamDefaultController<Uint8Array>
  #blocked = false
  #ended = false

  constructor() {
    this.stream = new ReadableStream<Uint8Array>(
      {
        start: (controller) => {
          this.#controller = controller
        },
        pull: () => this.#drained(),
        cancel: () => {
          this.#ended = true
        },
      },
      { highWaterMark: 65_536, size: (chunk) => chunk.byteLength },
    )
  }

  write(bytes: Uint8Array | string): boolean {
    if (this.#ended) return false
    this.#controller.enqueue(typeof bytes === 'string' ? new TextEncoder().encode(bytes) : new Uint8Array(bytes))
    this.#blocked = this.#controller.desiredSize! <= 0
    return !this.#blocked
  }

  end(trailers: FieldLines = []): void {
    checkFields(trailers)
    if (this.#ended) return
    this.#ended = true
    this.#controller.close()
  }

  fail(error: unknown): void {
    if (this.#ended) return
    this.#ended = true
    this.#controller.error(error)
  }

  #drained(): void {
    if (!this.#blocked) return
    this.#blocked = false
    this.onDrain?.()
  }
}

function headersOf(fields: FieldLines): Headers {
  const headers = new Headers()
  for (let i = 0; i < fields.length; i += 2) headers.append(fields[i]!, fields[i + 1]!)
  return headers
}

/** The request's body as an `IncomingBody`, pulled from its stream while nobody has paused it. */
function bodyOf(request: Request): IncomingBody {
  const declared = request.headers.get('content-length')
  const length = request.body === null ? 0 : declared !== null && /^\d{1,15}$/.test(declared) ? Number(declared) : null
  let paused = false
  let wake: (() => void) | null = null
  const source: BodySource = {
    open: () => void pull(),
    pause: () => {
      paused = true
    },
    resume: () => {
      paused = false
      wake?.()
      wake = null
    },
    failed: (error) => body.finish(error instanceof Error ? error : new Error(String(error))),
  }
  const body = new IncomingBody(length, source, () => request.headers.get('content-type') ?? undefined)
  async function pull(): Promise<void> {
    try {
      const reader = request.body?.getReader()
      for (;;) {
        if (paused) await new Promise<void>((resolve) => (wake = resolve))
        const step = await reader?.read()
        if (step === undefined || step.done) break
        body.push(step.value)
      }
      body.finish(null)
    } catch (error) {
      body.finish(error instanceof Error ? error : new Error(String(error)))
    }
  }
  return body
}
