/** One request and its reply in the pipeline of an HTTP/1.1 connection. */
import type { Address } from '../../../socket/address.ts'
import type { Connection, ConnectionOwner, FileSource, Security } from '../../../socket/host.ts'
import { type BodyAbout, type BodySource, IncomingBody } from '../../body/incoming.ts'
import type { ClientGone } from '../../errors.ts'
import type { FieldLines } from '../../exchange.ts'
import type { HttpLimits } from '../../limits.ts'
import type { Framing } from '../../machine/framing.ts'
import { Head } from '../../machine/head.ts'
import type { Output, OutputOwner } from '../../machine/output.ts'
import { parseHead } from '../../machine/parse.ts'
import { after, BEGINNING, type ExchangeState, may, On } from '../../machine/state.ts'
import type { Target } from '../../machine/target.ts'
import { latin1Bytes, utf8 } from '../../machine/text.ts'
import { chunkSize, type Lines, responseHead } from '../../machine/writer.ts'
import { cannotUpgrade, NOT_OFFERED } from '../../reply/misuse.ts'
import type { ReplyListener, ReplySink, RequestSource } from '../sink.ts'

/** What a slot needs of its connection. */
export interface SlotConnection extends OutputOwner {
  readonly limits: HttpLimits
  readonly output: Output
  /** The slot whose reply goes out now; the others wait. */
  readonly front: Slot | undefined
  /** Whether the client takes what is written. */
  readonly blocked: boolean
  /** Whether bytes have come that are not read yet. */
  readonly unread: boolean
  /** Scheme of requests whose target does not say. */
  readonly scheme: 'http' | 'https'
  /** The Date line. */
  date(): string
  /** Whether the connection closes after this reply. @param asked by the handler */
  closesAfter(slot: Slot, asked: boolean): boolean
  /** The Connection lines that say so. */
  connectionLines(closes: boolean): string
  /** A head has been sent: for the log. */
  sent(slot: Slot, status: number, head: string): void
  /** All of the reply has been written. */
  replied(slot: Slot): void
  /** Has the network take part of a file, after what was written; null where it cannot. */
  sendFile(file: FileSource, offset: number, length: number): Promise<void> | null
  hold(): void
  readOn(): void
  abort(): void
  /** @throws HttpMisuse while other requests are under way. */
  checkAlone(slot: Slot): void
  /** Sends the head, and gives the connection to its new owner. */
  handOver(head: string, owner: (connection: Connection) => ConnectionOwner): void
}

/** Hears of the reply, and of what a reader of the body throws. */
export interface SlotListener extends ReplyListener {
  fail(error: unknown): void
}

/** A head that was accepted is read again without limits. */
const NO_LIMITS = { startLineBytes: Number.MAX_SAFE_INTEGER, fieldCount: Number.MAX_SAFE_INTEGER }

export class Slot implements RequestSource, ReplySink, BodySource, BodyAbout {
  readonly id: number
  readonly method: string
  readonly target: string
  readonly path: string
  readonly query: string
  readonly version: 'HTTP/1.1' | 'HTTP/1.0'
  readonly scheme: 'http' | 'https'
  readonly authority: string
  readonly framing: Framing
  readonly #connection: SlotConnection
  readonly #text: string
  readonly #stamp: number
  #head: Head
  #state: ExchangeState
  #listener: SlotListener | null = null
  #gone: ClientGone | null = null
  #body: IncomingBody | null = null
  /** Why the rest of the body will not come. */
  #cutBy: Error | null = null
  /** Somebody wants the body, if only to throw it away. */
  #wanted = false
  /** The client knows that it may send the body. */
  #invited: boolean
  #chunked = false
  #written = 0
  /** What was written while earlier replies were not through. */
  #waiting: Uint8Array[] | null = null
  #waitingBytes = 0

  constructor(connection: SlotConnection, id: number, head: Head, framing: Framing, target: Target) {
    this.#connection = connection
    this.id = id
    this.#head = head
    this.#stamp = head.stamp
    this.#text = head.text
    this.method = head.method
    this.target = head.target
    this.path = target.path
    this.query = target.query
    this.authority = target.authority
    this.scheme = target.scheme ?? connection.scheme
    this.version = head.minor === 0 ? 'HTTP/1.0' : 'HTTP/1.1'
    this.framing = framing
    this.#invited = !framing.expectsContinue
    const alone = framing.kind === 'none' || framing.kind === 'tunnel'
    let state = after(BEGINNING, alone ? On.requestAlone : On.requestHead)
    if (!framing.persistent) state = after(state, On.close)
    if (framing.kind === 'tunnel' || framing.upgrade !== '') state = after(state, On.offer)
    this.#state = state
  }

  /** Who is told of what becomes of the reply. */
  listen(listener: SlotListener): void {
    this.#listener = listener
  }

  // RequestSource

  get local(): Address {
    return this.#connection.connection.local
  }

  get remote(): Address {
    return this.#connection.connection.remote
  }

  get security(): Security | null {
    return this.#connection.connection.security
  }

  get protocol(): string | null {
    const { kind, upgrade } = this.framing
    // What follows the head of a CONNECT is the tunnel's, whatever Upgrade says.
    return kind === 'tunnel' || upgrade === '' ? null : upgrade
  }

  header(name: string): string | undefined {
    return this.#fields().get(name)
  }

  fields(): FieldLines {
    return this.#fields().lines()
  }

  /** The head's offsets belong to the connection: once it has used them for another message, they are found again. */
  #fields(): Head {
    if (this.#head.stamp !== this.#stamp) {
      const head = new Head()
      head.reset(this.#text)
      head.stamp = this.#stamp
      parseHead(head, 'request', NO_LIMITS)
      this.#head = head
    }
    return this.#head
  }

  get body(): IncomingBody {
    if (this.#body === null) {
      const { length } = this.framing
      this.#body = new IncomingBody(length < 0 ? null : length, this, this)
      if (this.#state.request !== 'body') this.#body.finish(this.#cutBy)
    }
    return this.#body
  }

  /** Body bytes that have come. */
  get requestBytes(): number {
    return this.#body === null ? 0 : this.#body.received
  }

  /** Body bytes that were written. */
  get responseBytes(): number {
    return this.#written
  }

  /** Whether somebody reads the body; if not, it is thrown away when the reply is through. */
  get bodyClaimed(): boolean {
    return this.#body?.claimed === true
  }

  /** Whether the body is to be read on: somebody wants it, if only to throw it away. */
  get bodyWanted(): boolean {
    return this.#wanted
  }

  /** Whether the client may or may not send the body that it asked leave for: then only closing tells where it ends. */
  get bodyDoubtful(): boolean {
    return !this.#invited
  }

  // BodyAbout

  contentType(): string | undefined {
    return this.header('content-type')
  }

  get bodyBytes(): number {
    return this.#connection.limits.bodyBytes
  }

  get prefetchBytes(): number {
    return this.#connection.limits.prefetchBytes
  }

  // BodySource: the reader of the body speaks through these.

  open(): void {
    this.#wanted = true
    // RFC 9110 §10.1.1: a server may leave 100 out where the body is on its way already.
    const silent = this.#invited || this.body.received > 0 || this.#connection.unread
    if (!silent && this.#state.reply === 'awaited') this.#latin1('HTTP/1.1 100 Continue\r\n\r\n')
    this.#invited = true
    this.#connection.readOn()
  }

  discard(): void {
    this.#wanted = true
    this.#connection.readOn()
  }

  pause(): void {
    this.#connection.hold()
  }

  resume(): void {
    this.#connection.readOn()
  }

  failed(error: unknown): void {
    this.#listener?.fail(error)
  }

  // What the connection has read

  bodyEnded(trailers: FieldLines): void {
    this.#state = after(this.#state, On.requestEnd)
    if (this.#body === null) return
    this.#body.trailers = trailers
    this.#body.finish(null)
  }

  /** The rest of the body will not be read. */
  bodyCut(why: Error): void {
    this.#state = after(this.#state, On.requestCut)
    this.#cutBy ??= why
    this.#body?.finish(why)
  }

  // ReplySink

  get state(): ExchangeState {
    return this.#state
  }

  get gone(): ClientGone | null {
    return this.#gone
  }

  get taking(): boolean {
    return this.#state.reply === 'body'
  }

  get ready(): boolean {
    if (this.#state.reply === 'cut') return false
    const { front, blocked, limits } = this.#connection
    return front === this ? !blocked : this.#waitingBytes < limits.backlogBytes
  }

  interim(status: number, fields: Lines): void {
    // RFC 9110 §15.2: never to an HTTP/1.0 client, which would take it for the reply.
    if (this.version === 'HTTP/1.0') return
    const head = responseHead(status, '', fields, '', '')
    this.#connection.sent(this, status, head)
    this.#latin1(head)
  }

  whole(status: number, fields: Lines, said: number, content: string | Uint8Array | null, length: number): void {
    if (!may(this.#state, On.replyHead)) return
    const head = this.#begin(status, fields, said < 0 ? '' : `Content-Length: ${said}\r\n`)
    if (content === null) this.#latin1(head)
    else {
      this.#written = length
      // One-byte text, nearly always ASCII: head and body go into the slab by one call.
      if (typeof content === 'string' && length === content.length) this.#latin1(head + content)
      else {
        this.#latin1(head)
        if (typeof content === 'string') this.#utf8(content, length)
        else this.#bytes(content)
      }
    }
    this.#replied()
  }

  begin(status: number, fields: Lines, said: number, content: boolean): void {
    if (!may(this.#state, On.replyHead)) return
    // RFC 9112 §6.1: no transfer coding for an HTTP/1.0 client; its reply ends with the connection.
    const coded = said < 0 && status >= 200 && status !== 204 && status !== 304
    const chunked = coded && this.version === 'HTTP/1.1'
    if (coded && !chunked && content) this.#state = after(this.#state, On.close)
    this.#chunked = chunked && content
    const framing = said >= 0 ? `Content-Length: ${said}\r\n` : chunked ? 'Transfer-Encoding: chunked\r\n' : ''
    this.#latin1(this.#begin(status, fields, framing))
  }

  bytes(bytes: Uint8Array): void {
    this.#written += bytes.length
    if (this.#chunked) this.#latin1(chunkSize(bytes.length))
    this.#bytes(bytes)
    if (this.#chunked) this.#latin1('\r\n')
  }

  file(file: FileSource, offset: number, length: number): Promise<void> | null {
    const connection = this.#connection
    if (this.#chunked || connection.front !== this) return null
    const sent = connection.sendFile(file, offset, length)
    if (sent !== null) this.#written += length
    return sent
  }

  text(text: string, length: number): void {
    this.#written += length
    if (this.#chunked) this.#latin1(chunkSize(length))
    this.#utf8(text, length)
    if (this.#chunked) this.#latin1('\r\n')
  }

  end(trailers: string): void {
    // Trailers need the chunked coding; elsewhere they are dropped, as an intermediary may (RFC 9110 §6.5.1).
    if (this.#chunked) this.#latin1(`0\r\n${trailers}\r\n`)
    this.#replied()
  }

  reset(): void {
    if (this.#state.reply !== 'cut') this.#connection.abort()
  }

  switch(status: 101 | 200, fields: Lines, owner: (connection: Connection) => ConnectionOwner): void {
    if (this.#state.reply === 'cut') return
    if (this.#state.switching !== 'offered') throw cannotUpgrade(NOT_OFFERED)
    if (this.#state.request !== 'whole') throw cannotUpgrade('the request has a body: read the body first')
    const upgrade = status === 101 ? 'Connection: Upgrade\r\n' : ''
    const head = responseHead(status, this.#connection.date(), fields, '', upgrade)
    this.#connection.checkAlone(this)
    this.#state = after(this.#state, On.switch)
    this.#connection.sent(this, status, head)
    this.#connection.handOver(head, owner)
  }

  #begin(status: number, fields: Lines, framing: string): string {
    const connection = this.#connection
    if (connection.closesAfter(this, fields.close)) this.#state = after(this.#state, On.close)
    this.#state = after(this.#state, On.replyHead)
    const closing = connection.connectionLines(this.#state.keep === 'close')
    const head = responseHead(status, connection.date(), fields, framing, closing)
    connection.sent(this, status, head)
    return head
  }

  #replied(): void {
    this.#state = after(this.#state, On.replyEnd)
    this.#connection.replied(this)
  }

  // What is written goes to the connection, or waits for its turn.

  #latin1(text: string): void {
    const { front, output } = this.#connection
    if (front === this) output.latin1(this.#connection, text)
    else this.#wait(latin1Bytes(text))
  }

  #bytes(bytes: Uint8Array): void {
    const { front, output } = this.#connection
    if (front === this) output.bytes(this.#connection, bytes)
    else this.#wait(new Uint8Array(bytes))
  }

  #utf8(text: string, length: number): void {
    const { front, output } = this.#connection
    if (front === this) output.utf8(this.#connection, text, length)
    else this.#wait(utf8(text))
  }

  #wait(bytes: Uint8Array): void {
    this.#waiting ??= []
    this.#waiting.push(bytes)
    this.#waitingBytes += bytes.length
  }

  // The connection's turn

  /** Earlier replies are through: what has waited goes out. */
  comeForward(): void {
    const { output } = this.#connection
    const waiting = this.#waiting
    this.#waiting = null
    this.#waitingBytes = 0
    if (waiting === null) return
    for (const bytes of waiting) output.bytes(this.#connection, bytes)
    if (this.ready) this.drained()
  }

  drained(): void {
    this.#listener?.drained()
  }

  /** The client has ended its side, and is taken to be gone: what is still written goes out, in case it is not. */
  left(why: ClientGone): void {
    if (this.#gone !== null) return
    this.#gone = why
    this.#listener?.left(why)
  }

  /** The connection is gone. */
  lose(why: ClientGone): void {
    const lost = this.#state.reply === 'awaited' || this.#state.reply === 'body'
    if (this.#state.request === 'body') this.#cutBy = why
    this.#state = after(this.#state, On.lose)
    this.#waiting = null
    this.#body?.finish(why)
    if (lost) this.left(why)
  }
}
