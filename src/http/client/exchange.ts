/** One request under way, from the call to the end of its reply's body. */
import { type Clock, after as later, type Nanos, type Timer } from '../../base/clock.ts'
import type { IncomingBody } from '../body/incoming.ts'
import { OutgoingBody, type PieceSink } from '../body/outgoing.ts'
import { RequestError } from '../errors.ts'
import type { BodyWriter, FieldLines } from '../exchange.ts'
import { after, BEGINNING, type ExchangeState, On } from '../machine/state.ts'
import type { Prepared } from './request.ts'
import type { Reply } from './send.ts'

/** What an exchange asks of the transport that carries it. */
export interface RequestTransport {
  /** Whether more of a body may be written now. */
  readonly ready: boolean
  /** Content of the request. */
  bytes(exchange: ClientExchange, bytes: Uint8Array): void
  /** Content as text. @param length of it in bytes of UTF-8 */
  text(exchange: ClientExchange, text: string, length: number): void
  /** The end of its content. @param trailers as lines with their CRLF, '' for none. */
  end(exchange: ClientExchange, trailers: string): void
  /** The request is out, and its reply is waited for. */
  sent(exchange: ClientExchange): void
  /** Half a request cannot be taken back: the exchange is broken off. */
  reset(exchange: ClientExchange, error: Error): void
}

/** How often a request is sent that servers do not look at. */
const ATTEMPTS = 4

export class ClientExchange implements PieceSink {
  readonly id: number
  readonly request: Prepared
  readonly reply: Promise<Reply>
  /** How long the head of the reply may take once the request is out. */
  readonly patience: Nanos
  /** By when the request must have a connection. */
  readonly due: Nanos
  /** Called when the exchange is over, whichever way. */
  onOver: () => void = () => {}
  #state: ExchangeState = BEGINNING
  #transport: RequestTransport | null = null
  #writer: OutgoingBody | null = null
  #sentBytes = 0
  #attempts = 0
  /** The content, which waits for the server's word. */
  #held: { readonly begin: () => void; readonly late: Timer } | null = null
  /** The connection had rested before it got this request: the server may have closed it meanwhile. */
  #onKept = false
  #interims = 0
  #body: IncomingBody | null = null
  #settled = false
  #resolve!: (reply: Reply) => void
  #reject!: (error: Error) => void
  #failure: Error | null = null

  constructor(id: number, request: Prepared, due: Nanos, patience: Nanos) {
    this.id = id
    this.request = request
    this.due = due
    this.patience = patience
    this.reply = new Promise((resolve, reject) => {
      this.#resolve = resolve
      this.#reject = reject
    })
  }

  get state(): ExchangeState {
    return this.#state
  }

  /** All of the request has been written. */
  get sent(): boolean {
    return this.#state.request === 'whole'
  }

  /** The head of the reply is there. */
  get answered(): boolean {
    return this.#state.reply === 'body' || this.#state.reply === 'whole'
  }

  /** Bytes of the request's body that were written. */
  get sentBytes(): number {
    return this.#sentBytes
  }

  /** The body of the reply; null before its head. */
  get body(): IncomingBody | null {
    return this.#body
  }

  get settled(): boolean {
    return this.#settled
  }

  /** The request waits for a connection. */
  get waiting(): boolean {
    return this.#transport === null && !this.#settled
  }

  /** Whether the request may be sent once more, on another connection (RFC 9112 §9.3.1). */
  get retryable(): boolean {
    const untouched = !this.answered && this.#interims === 0 && !this.#settled
    return this.request.repeatable && this.#attempts === 1 && this.#onKept && untouched
  }

  /** Whether the request may be sent anew where a server has said that it did not look at it (RFC 9113 §8.7). */
  get resendable(): boolean {
    const { body } = this.request.outgoing
    const whole = body === null || typeof body === 'string' || body instanceof Uint8Array
    const untouched = !this.answered && this.#interims === 0 && !this.#settled
    return whole && untouched && this.#attempts < ATTEMPTS
  }

  /** Counts the times that the request was begun: what an earlier one has left behind must not write into this one. */
  get attempt(): number {
    return this.#attempts
  }

  /** The transport has the request, and writes its head. @param kept whether its connection has rested or served */
  begin(transport: RequestTransport, kept: boolean): void {
    const { length, outgoing } = this.request
    this.#transport = transport
    this.#attempts++
    this.#onKept = kept
    this.#sentBytes = 0
    let state = after(BEGINNING, length === 0 && outgoing.body === null ? On.requestAlone : On.requestHead)
    if (this.request.closes) state = after(state, On.close)
    if (outgoing.upgrade !== undefined) state = after(state, On.offer)
    this.#state = state
  }

  /** The connection has failed; the request waits for another one. */
  again(): void {
    this.#held?.late.cancel()
    this.#held = null
    this.#writer?.left(new RequestError('closed', 'the request is sent anew on another connection'))
    this.#writer = null
    this.#transport = null
    this.#state = BEGINNING
  }

  /** Keeps the content back until the server asks for it or has said nothing for so long (RFC 9110 §10.1.1). */
  hold(clock: Clock, time: Nanos, begin: () => void): void {
    this.#held = { begin, late: later(clock, time, () => this.#proceed()) }
  }

  #proceed(): void {
    const held = this.#held
    this.#held = null
    if (held === null) return
    held.late.cancel()
    held.begin()
    if (this.sent) this.#transport!.sent(this)
  }

  /** The body of the request, for who writes it. */
  writer(): BodyWriter {
    this.#writer ??= new OutgoingBody(this, true, this.request.length)
    return this.#writer
  }

  /** The whole body has been written at once. */
  wrote(bytes: number): void {
    this.#sentBytes = bytes
    this.#state = after(this.#state, On.requestEnd)
  }

  // PieceSink: the writer of the body speaks through these.

  get taking(): boolean {
    return this.#state.request === 'body'
  }

  get ready(): boolean {
    return this.taking && this.#transport?.ready === true
  }

  get gone(): Error | null {
    // Made when somebody asks: nearly nobody does, and an error is dear.
    if (this.#settled)
      this.#failure ??= new RequestError('closed', 'the reply is complete: the server reads no more of the request')
    return this.#failure
  }

  bytes(bytes: Uint8Array): void {
    this.#sentBytes += bytes.length
    this.#transport!.bytes(this, bytes)
    this.#tellUpload()
  }

  text(text: string, length: number): void {
    this.#sentBytes += length
    this.#transport!.text(this, text, length)
    this.#tellUpload()
  }

  #tellUpload(): void {
    const { outgoing, length } = this.request
    const total = length < 0 ? null : length
    outgoing.onProgress?.({ direction: 'upload', bytes: this.#sentBytes, total })
  }

  /** Who is told what has come of the reply's body; undefined for nobody. */
  get received(): ((bytes: number, total: number | null) => void) | undefined {
    const tell = this.request.outgoing.onProgress
    return tell && ((bytes, total) => tell({ direction: 'download', bytes, total }))
  }

  end(trailers: string): void {
    this.#transport!.end(this, trailers)
    this.#state = after(this.#state, On.requestEnd)
    this.#transport!.sent(this)
  }

  reset(why: Error): void {
    this.break(why)
  }

  /** The connection takes more. */
  drained(): void {
    this.#writer?.drained((error) => this.break(error))
  }

  /** What the program's own code throws on the way ends the exchange, and what is half sent with it. */
  break(error: unknown): void {
    if (!this.#settled) this.#transport?.reset(this, error instanceof Error ? error : new Error(String(error)))
  }

  // What comes back

  /** An interim response: how many there were. */
  informed(status: number, fields: FieldLines): number {
    this.#interims++
    const told = this.request.outgoing.onInformation?.(status, fields)
    if (told instanceof Promise) told.catch((error: unknown) => this.break(error))
    if (status === 100) this.#proceed()
    return this.#interims
  }

  answer(reply: Reply, body: IncomingBody): void {
    this.#body = body
    this.#state = after(this.#state, On.replyHead)
    // The server has decided without the content: it is not sent.
    this.#held?.late.cancel()
    this.#resolve(reply)
  }

  /** The server has switched protocols. @param reply with the connection */
  switched(reply: Reply): void {
    this.#state = after(this.#state, On.switch)
    this.#resolve(reply)
    this.settle(null)
  }

  /** The reply is complete. */
  ended(trailers: FieldLines): void {
    this.#state = after(this.#state, On.replyEnd)
    // A reply before the request was through: what is left of the request is for nobody.
    if (this.#state.request === 'body') this.#state = after(this.#state, On.requestCut)
    this.#body!.trailers = trailers
    this.#body!.finish(null)
    this.settle(null)
  }

  /** Fails the call, or the body when the head is through already. */
  fail(error: Error): void {
    if (this.#settled) return
    this.#state = after(this.#state, On.lose)
    this.#reject(error)
    this.#body?.finish(error)
    this.settle(error)
  }

  settle(failure: Error | null): void {
    if (this.#settled) return
    this.#settled = true
    this.#failure = failure
    this.#writer?.left(this.gone!)
    const held = this.#held
    this.#held = null
    held?.late.cancel()
    // Whoever would have given the content learns that nobody takes it.
    held?.begin()
    this.onOver()
  }
}
