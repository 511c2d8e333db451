/**
 * Exchanges without a network: a platform `Request` in, a platform `Response` out. A handler cannot tell the
 * difference, so whole sites are called and tested this way.
 */

import type { Machine } from '../../base/machine.ts'
import type { Address } from '../../socket/address.ts'
import type { Connection, ConnectionOwner } from '../../socket/host.ts'
import { connectionPair } from '../../socket/pair.ts'
import { bodyFrom } from '../body/from-stream.ts'
import type { IncomingBody } from '../body/incoming.ts'
import { endedAlready, lengthOf, requireLength } from '../body/outgoing.ts'
import { ClientGone, HttpMisuse } from '../errors.ts'
import type { Exchange, FieldLines, Handler, ReplyBody } from '../exchange.ts'
import { checkFields } from '../fields/lines.ts'
import { HTTP_LIMITS } from '../limits.ts'
import { parseLength } from '../machine/framing.ts'
import { utf8 } from '../machine/text.ts'
import { formatFields, formatTrailers } from '../machine/writer.ts'
import { failureReply, PLAIN_TEXT, saysGone } from '../reply/failure.ts'
import { cannotUpgrade, NOT_OFFERED, requireFinal, requireInterim, requireSwitch } from '../reply/misuse.ts'
import { isBodiless, isWithoutContent, reasonPhrase } from '../status.ts'
import { headersOf, responseWith } from './response.ts'

/** What surrounds an exchange in memory. */
export interface AnswerOptions {
  /** Told of what the handler threw; the reply is a 500 where none had begun. */
  readonly onError?: (error: unknown, exchange: Exchange) => void | Promise<void>
  /** Where the request came in, as the handler sees it; default `127.0.0.1:80`. */
  readonly local?: Address
  /** Where the request came from; default `127.0.0.1:49152`. */
  readonly remote?: Address
  /** What `exchange.draining` is; by default a signal that is never aborted. */
  readonly draining?: AbortSignal
}

const LOCAL: Address = { address: '127.0.0.1', port: 80 }
const REMOTE: Address = { address: '127.0.0.1', port: 49152 }
const inMemory = new WeakSet<Connection>()

/** Whether both ends of a connection are in this process, by `answerUpgrade`: neither can go without the other's knowledge. */
export function isInMemory(connection: Connection): boolean {
  return inMemory.has(connection)
}

/** How many exchanges a machine has had: two simulations in one process count alike. */
const counts = new WeakMap<Machine, number>()

function nextId(machine: Machine): number {
  const id = (counts.get(machine) ?? 0) + 1
  counts.set(machine, id)
  return id
}

/**
 * Lets `handler` answer `request`. Resolves with the head of the reply, whose body may still be under way.
 * Rejects when the handler breaks the exchange off before it has answered.
 *
 * @example
 * const response = await answer((exchange) => exchange.reply(200, [], 'hello'), new Request('http://a/'), kernelHost())
 * assert.equal(await response.text(), 'hello')
 */
export function answer(
  handler: Handler,
  request: Request,
  machine: Machine,
  options: AnswerOptions = {},
): Promise<Response> {
  const exchange = new MemoryExchange(request, machine, options, null)
  run(handler, exchange, options)
  return exchange.response
}

/** A connection that a handler has switched to another protocol. */
export interface MemoryUpgrade {
  /** 101, or 200 for CONNECT. */
  readonly status: number
  /** Of the head that a client would have got. */
  readonly fields: FieldLines
  /** The client's end. */
  readonly connection: Connection
}

/**
 * Lets `handler` answer a request to switch to `protocol`, which the platform's `Request` cannot express by itself. Resolves with the
 * client's end of the connection, or with the response of a handler that did not switch.
 */
export function answerUpgrade(
  handler: Handler,
  request: Request,
  protocol: string,
  machine: Machine,
  options: AnswerOptions = {},
): Promise<MemoryUpgrade | Response> {
  return new Promise((resolve, reject) => {
    const exchange = new MemoryExchange(request, machine, options, { protocol, made: resolve })
    exchange.response.then(resolve, reject)
    run(handler, exchange, options)
  })
}

function run(handler: Handler, exchange: MemoryExchange, options: AnswerOptions): void {
  const failed = (error: unknown) => {
    if (!saysGone(error)) report(options, error, exchange)
    const { status, text } = failureReply(error)
    if (exchange.answered) exchange.abort()
    else exchange.reply(status, PLAIN_TEXT, text)
  }
  try {
    const done = handler(exchange)
    if (done !== undefined) done.catch(failed)
  } catch (error) {
    failed(error)
  }
}

/** That the request asks for another protocol. */
interface Offer {
  readonly protocol: string
  readonly made: (upgrade: MemoryUpgrade) => void
}

function report({ onError }: AnswerOptions, error: unknown, exchange: Exchange): void {
  try {
    const told = onError?.(error, exchange)
    if (told instanceof Promise) told.catch(() => {})
  } catch {
    // The one who is told of errors must not add to them.
  }
}

class MemoryExchange implements Exchange {
  readonly machine: Machine
  readonly id: number
  readonly method: string
  readonly target: string
  readonly path: string
  readonly query: string
  readonly version = 'HTTP/1.1'
  readonly scheme: 'http' | 'https'
  readonly authority: string
  readonly local: Address
  readonly remote: Address
  readonly security = null
  readonly protocol: string | null
  readonly body: IncomingBody
  readonly response: Promise<Response>
  answered = false
  readonly #request: Request
  readonly #draining: AbortSignal | undefined
  readonly #offer: Offer | null
  #resolve!: (response: Response) => void
  #reject!: (error: unknown) => void
  #outgoing: StreamedReply | null = null
  #controller: AbortController | null = null

  constructor(request: Request, machine: Machine, options: AnswerOptions, offer: Offer | null) {
    const url = new URL(request.url)
    this.#request = request
    this.#draining = options.draining
    this.#offer = offer
    this.protocol = offer?.protocol ?? null
    this.machine = machine
    this.id = nextId(machine)
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
    if (this.#controller === null) {
      const controller = new AbortController()
      this.#controller = controller
      const { signal } = this.#request
      const abort = () => controller.abort(new ClientGone('the request was aborted', signal.reason))
      if (signal.aborted) abort()
      else signal.addEventListener('abort', abort, { once: true })
    }
    return this.#controller.signal
  }

  get draining(): AbortSignal {
    return this.#draining ?? new AbortController().signal
  }

  header(name: string): string | undefined {
    return this.#request.headers.get(name) ?? this.#implied().get(name)
  }

  fields(): FieldLines {
    const lines: string[] = []
    for (const [name, value] of this.#implied()) if (!this.#request.headers.has(name)) lines.push(name, value)
    for (const [name, value] of this.#request.headers) lines.push(name, value)
    return lines
  }

  /** What a client would have sent beside the request's own fields. */
  #implied(): ReadonlyMap<string, string> {
    const implied = new Map([['host', this.authority]])
    if (this.#offer !== null) implied.set('connection', 'upgrade').set('upgrade', this.#offer.protocol)
    return implied
  }

  reply(status: number, fields: FieldLines, body: string | Uint8Array | null): void {
    const said = this.#checked(status, fields)
    const length = body === null ? 0 : lengthOf(body)
    if (!isWithoutContent(status) && this.method !== 'HEAD') requireLength(said, length)
    this.answered = true
    const headers = headersOf(fields)
    const parts = { status, statusText: reasonPhrase(status), headers }
    if (isWithoutContent(status)) {
      if (!isBodiless(status)) headers.set('content-length', '0')
      this.#resolve(responseWith(null, parts))
      return
    }
    const bytes = typeof body === 'string' ? utf8(body) : new Uint8Array(body ?? [])
    if (!headers.has('content-length')) headers.set('content-length', String(length))
    this.#resolve(responseWith(this.method === 'HEAD' ? null : bytes, parts))
  }

  start(status: number, fields: FieldLines): ReplyBody {
    const said = this.#checked(status, fields)
    this.answered = true
    const content = !isWithoutContent(status) && this.method !== 'HEAD'
    const reply = new StreamedReply(this.signal, content ? said : -1, (why) => this.#left(why))
    this.#outgoing = reply
    const parts = { status, statusText: reasonPhrase(status), headers: headersOf(fields) }
    this.#resolve(responseWith(content ? reply.stream : null, parts))
    return reply
  }

  inform(status: number, fields: FieldLines): void {
    requireInterim(status, this.answered)
    checkFields(fields)
  }

  upgrade(status: 101 | 200, fields: FieldLines, owner: (connection: Connection) => ConnectionOwner): void {
    requireSwitch(status, fields, this.method, this.answered)
    checkFields(fields)
    if (this.#offer === null) throw cannotUpgrade(NOT_OFFERED)
    if (!this.body.ended && this.body.length !== 0) throw cannotUpgrade('the request has a body: read the body first')
    const [here, there] = connectionPair(this.machine.clock, this.local, this.remote)
    inMemory.add(here).add(there)
    here.attach(owner(here))
    this.answered = true
    this.#offer.made({ status, fields, connection: there })
  }

  abort(): void {
    const error = new DOMException('the exchange was broken off by its handler', 'AbortError')
    if (!this.answered) this.#reject(error)
    this.answered = true
    this.#outgoing?.fail(error)
  }

  /** Whoever reads the response has let go of it. */
  #left(reason: unknown): void {
    if (this.signal.aborted) return
    this.#controller!.abort(new ClientGone('the reader of the response has cancelled it', reason))
  }

  /** The checks of the wire, so that a reply that would fail there fails here. Gives the Content-Length; -1 for none. */
  #checked(status: number, fields: FieldLines): number {
    requireFinal(status, this.answered)
    return formatFields(fields).length
  }
}

/** A reply's body as a stream; `write` answers false while the reader of the response lags. */
class StreamedReply implements ReplyBody {
  readonly stream: ReadableStream<Uint8Array>
  onDrain: (() => void | Promise<void>) | null = null
  readonly #signal: AbortSignal
  #controller!: ReadableStreamDefaultController<Uint8Array>
  #waiting: PromiseWithResolvers<void> | null = null
  #blocked = false
  /** Nobody takes pieces any more: the body is whole, or its reader has let go. */
  #ended = false
  /** `end` was called. */
  #finished = false
  /** The Content-Length given; -1 for none. */
  readonly #length: number
  #written = 0

  /** @param cancelled is told when the reader lets go. */
  constructor(signal: AbortSignal, length: number, cancelled: (reason: unknown) => void) {
    this.#signal = signal
    this.#length = length
    this.stream = new ReadableStream<Uint8Array>(
      {
        start: (controller) => {
          this.#controller = controller
        },
        pull: () => this.#drained(),
        cancel: (reason) => {
          this.#ended = true
          cancelled(reason)
        },
      },
      { highWaterMark: 65_536, size: (chunk) => chunk.byteLength },
    )
    signal.addEventListener('abort', () => this.#waiting?.reject(signal.reason), { once: true })
  }

  write(bytes: Uint8Array | string): boolean {
    const length = lengthOf(bytes)
    if (this.#finished) throw endedAlready()
    if (this.#ended) return false
    this.#written += length
    if (this.#length >= 0 && this.#written > this.#length) throw this.#wrongLength()
    if (length === 0) return !this.#blocked
    this.#controller.enqueue(typeof bytes === 'string' ? utf8(bytes) : new Uint8Array(bytes))
    this.#blocked = this.#controller.desiredSize! <= 0
    return !this.#blocked
  }

  ready(): Promise<void> {
    if (!this.#blocked && !this.#signal.aborted) return Promise.resolve()
    this.#waiting ??= Promise.withResolvers<void>()
    this.#waiting.promise.catch(() => {}) // somebody may ask and not wait
    if (this.#signal.aborted) this.#waiting.reject(this.#signal.reason)
    return this.#waiting.promise
  }

  end(trailers: FieldLines = []): void {
    formatTrailers(trailers)
    this.#finished = true
    if (this.#ended) return
    if (this.#length >= 0 && this.#written !== this.#length) throw this.#wrongLength()
    this.#ended = true
    this.#controller.close()
  }

  #wrongLength(): HttpMisuse {
    const what = `Content-Length said ${this.#length} bytes, and ${this.#written} were written`
    const error = new HttpMisuse('HTTP_INVALID_LENGTH', what)
    this.fail(error)
    return error
  }

  fail(error: unknown): void {
    if (this.#ended) return
    this.#ended = true
    this.#controller.error(error)
  }

  #drained(): void {
    if (!this.#blocked) return
    this.#blocked = false
    this.#waiting?.resolve()
    this.#waiting = null
    try {
      const working = this.onDrain?.()
      if (working instanceof Promise) working.catch((error: unknown) => this.fail(error))
    } catch (error) {
      this.fail(error)
    }
  }
}

function bodyOf(request: Request): IncomingBody {
  const declared = parseLength(request.headers.get('content-length') ?? '')
  const contentType = () => request.headers.get('content-type') ?? undefined
  const { bodyBytes, prefetchBytes } = HTTP_LIMITS
  return bodyFrom(request.body, declared, { contentType, bodyBytes, prefetchBytes })
}
