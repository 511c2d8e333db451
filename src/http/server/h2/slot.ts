/** One request and its reply on a stream of HTTP/2. */
import type { Address } from '../../../socket/address.ts'
import type { Connection, ConnectionOwner, Security } from '../../../socket/host.ts'
import { type BodyAbout, type BodySource, IncomingBody } from '../../body/incoming.ts'
import { BodyTooLarge, ClientGone } from '../../errors.ts'
import type { FieldLines } from '../../exchange.ts'
import type { Channel } from '../../h2/channel.ts'
import { Code, codeName } from '../../h2/codes.ts'
import { addFields, fitTrailers, linesOfFields, statusText, trailerFields } from '../../h2/fields.ts'
import type { MessageHead } from '../../h2/message.ts'
import type { Session } from '../../h2/session.ts'
import type { Stream, StreamOwner } from '../../h2/stream.ts'
import type { HttpLimits } from '../../limits.ts'
import { after, BEGINNING, type ExchangeState, may, On } from '../../machine/state.ts'
import type { Lines } from '../../machine/writer.ts'
import { cannotUpgrade, NOT_OFFERED } from '../../reply/misuse.ts'
import type { ReplyListener, ReplySink, RequestSource } from '../sink.ts'

/** What a slot needs of its connection. */
export interface SlotConnection {
  readonly connection: Connection
  readonly session: Session
  readonly limits: HttpLimits
  /** The value of the Date field. */
  date(): string
  /** A head has been sent: for the log. */
  sent(slot: StreamSlot, status: number, fields: readonly string[]): void
  /** The stream as a connection. */
  channel(stream: Stream): Channel
  /** Something is to be looked at from time to time. */
  watch(): void
  /** The stream is gone, and its handler may be at work still. */
  outlived(work: Promise<void>): void
}

/** Hears of the reply, and of what a reader of the body throws. */
export interface SlotListener extends ReplyListener {
  /** What the handler does; null where it was done when it returned. */
  readonly work: Promise<void> | null
  fail(error: unknown): void
}

/** How far something is, and since when. */
export interface Mark {
  octets: number
  since: number
}

export class StreamSlot implements RequestSource, ReplySink, BodySource, BodyAbout, StreamOwner {
  readonly id: number
  readonly method: string
  readonly target: string
  readonly path: string
  readonly query: string
  readonly version = 'HTTP/2'
  readonly scheme: 'http' | 'https'
  readonly authority: string
  readonly protocol: string | null
  readonly stream: Stream
  /** Progress of the request's body, and of the reply: for who looks whether they make any. */
  readonly bodyMark: Mark = { octets: 0, since: 0 }
  readonly replyMark: Mark = { octets: 0, since: 0 }
  readonly #connection: SlotConnection
  readonly #head: MessageHead
  #state: ExchangeState
  #listener: SlotListener | null = null
  #gone: ClientGone | null = null
  #body: IncomingBody | null = null
  /** Why the rest of the body will not come. */
  #cutBy: Error | null = null
  #wanted = false
  #paused = false
  /** Content that came while nobody wanted it. */
  #unused = 0
  #invited: boolean
  #written = 0
  #channel: Channel | null = null
  /** What came for a tunnel before it was made. */
  readonly #early: Uint8Array[] = []
  #earlyEnd = false

  constructor(connection: SlotConnection, id: number, stream: Stream, head: MessageHead, ended: boolean) {
    const { method, path, authority, scheme, protocol } = head
    const mark = path.indexOf('?')
    this.#connection = connection
    this.#head = head
    this.id = id
    this.stream = stream
    this.method = method
    // RFC 9113 §8.5: CONNECT has no path; RFC 9112 §3.2.3 calls the authority its target.
    this.target = path === '' ? authority : path
    this.path = mark < 0 ? path : path.slice(0, mark)
    this.query = mark < 0 ? '' : path.slice(mark + 1)
    this.authority = authority
    this.protocol = protocol
    this.scheme = scheme === 'https' || (scheme === '' && connection.connection.security !== null) ? 'https' : 'http'
    const tunnel = method === 'CONNECT'
    this.#state = after(BEGINNING, ended || tunnel ? On.requestAlone : On.requestHead)
    if (tunnel) this.#state = after(this.#state, On.offer)
    this.#invited = !head.fields.some(({ name, value }) => name === 'expect' && value.toLowerCase() === '100-continue')
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

  header(name: string): string | undefined {
    let joined: string | undefined
    for (const field of this.#head.fields) {
      if (field.name !== name) continue
      joined = joined === undefined ? field.value : `${joined}${name === 'cookie' ? '; ' : ', '}${field.value}`
    }
    // :authority says what Host says in HTTP/1.1 (RFC 9113 §8.3.1).
    return joined === undefined && name === 'host' && this.authority !== '' ? this.authority : joined
  }

  fields(): FieldLines {
    const lines = linesOfFields(this.#head.fields)
    if (this.authority !== '' && !this.#head.fields.some(({ name }) => name === 'host'))
      lines.unshift('host', this.authority)
    return lines
  }

  get body(): IncomingBody {
    if (this.#body === null) {
      const { length } = this.#head
      const whole = this.#state.request !== 'body'
      this.#body = new IncomingBody(whole && this.#cutBy === null ? 0 : length < 0 ? null : length, this, this)
      if (whole) this.#body.finish(this.#cutBy)
    }
    return this.#body
  }

  get requestBytes(): number {
    return this.#body === null ? 0 : this.#body.received
  }

  get responseBytes(): number {
    return this.#written
  }

  /** Whether the client is to make progress with its body. */
  get awaitsBody(): boolean {
    return this.#state.request === 'body' && this.#wanted && !this.#paused
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
    // Held back by what was kept before there was a reader.
    this.#paused = false
    // RFC 9110 §10.1.1: a server may leave 100 out where the body is on its way already.
    if (!this.#invited && this.body.received === 0 && this.#state.reply === 'awaited')
      this.#connection.session.sendHead(this.stream, [':status', '100'], false)
    this.#invited = true
    this.#flow()
    this.#connection.watch()
  }

  discard(): void {
    this.#wanted = true
    this.#paused = false
    this.#flow()
    if (this.#state.reply === 'whole') this.#stopRequest()
  }

  pause(): void {
    this.#paused = true
  }

  resume(): void {
    this.#paused = false
    this.#flow()
  }

  failed(error: unknown): void {
    this.#listener?.fail(error)
  }

  #flow(): void {
    const octets = this.#unused
    if (octets === 0 || !this.#wanted || this.#paused) return
    this.#unused = 0
    this.#connection.session.used(this.stream, octets)
  }

  // StreamOwner

  head(): void {}

  data(bytes: Uint8Array): void {
    if (this.#channel !== null) {
      this.#channel.data(bytes)
      return
    }
    if (this.#state.request !== 'body') {
      // For a tunnel that is not made yet: it waits, as long as the window lasts.
      this.#early.push(bytes.slice())
      return
    }
    const { bodyBytes } = this.#connection.limits
    this.#unused += bytes.length
    if (this.body.received + bytes.length > bodyBytes) {
      this.cutBody(new BodyTooLarge(bodyBytes, 'limits.bodyBytes of the server'))
      return
    }
    this.body.push(bytes)
    this.#flow()
  }

  ended(trailers: FieldLines): void {
    if (this.#channel !== null) this.#channel.ended()
    else if (this.#state.request !== 'body') this.#earlyEnd = true
    else {
      this.#state = after(this.#state, On.requestEnd)
      if (this.#body === null) return
      this.#body.trailers = fitTrailers(trailers)
      this.#body.finish(null)
    }
  }

  lost(code: number, why: string): void {
    this.lose(new ClientGone(code === Code.cancel || code === Code.none ? why : `${why} (${codeName(code)})`))
  }

  drained(): void {
    if (this.#channel !== null) this.#channel.drained()
    else this.#listener?.drained()
  }

  /** The reply is through, the request is not: unless somebody reads on, the client may save the rest (RFC 9113 §8.1). */
  sent(): void {
    if (this.#channel === null && !(this.#state.request === 'body' && this.#body?.claimed === true)) this.#stopRequest()
  }

  /** The rest of the body will not be read. */
  cutBody(why: Error): void {
    if (this.#state.request !== 'body') return
    this.#state = after(this.#state, On.requestCut)
    this.#cutBy = why
    this.#body?.finish(why)
    if (this.#state.reply === 'whole' && this.stream.queued === 0) this.#stopRequest()
  }

  /** The client does not take the reply. */
  giveUp(code: number): void {
    this.lose(new ClientGone('the client took nothing of the reply'))
    this.#connection.session.reset(this.stream, code)
  }

  #stopRequest(): void {
    if (this.stream.state === 'half local') this.#connection.session.reset(this.stream, Code.none)
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
    return this.#state.reply !== 'cut' && this.#connection.session.sender.ready(this.stream)
  }

  interim(status: number, lines: Lines): void {
    const fields = [':status', statusText(status)]
    addFields(fields, lines, -1)
    this.#connection.sent(this, status, fields)
    this.#connection.session.sendHead(this.stream, fields, false)
  }

  whole(status: number, lines: Lines, said: number, content: string | Uint8Array | null, length: number): void {
    if (!may(this.#state, On.replyHead)) return
    this.#begin(status, lines, said, content === null)
    if (content !== null) {
      this.#written = length
      const { session } = this.#connection
      if (typeof content === 'string') session.sendText(this.stream, content, length, true)
      else session.sendBytes(this.stream, content, true)
    }
    this.#replied()
  }

  begin(status: number, lines: Lines, said: number, content: boolean): void {
    if (may(this.#state, On.replyHead)) this.#begin(status, lines, said, !content)
  }

  bytes(bytes: Uint8Array): void {
    this.#written += bytes.length
    this.#connection.session.sendBytes(this.stream, bytes, false)
    this.#watchQueue()
  }

  text(text: string, length: number): void {
    this.#written += length
    this.#connection.session.sendText(this.stream, text, length, false)
    this.#watchQueue()
  }

  end(trailers: string): void {
    this.#connection.session.sendEnd(this.stream, trailerFields(trailers))
    this.#replied()
  }

  reset(): void {
    if (this.#state.reply === 'cut') return
    const code = this.#state.reply === 'whole' ? Code.none : Code.internal
    this.lose(new ClientGone('the server broke the stream off'))
    this.#connection.session.reset(this.stream, code)
  }

  switch(status: 101 | 200, lines: Lines, owner: (connection: Connection) => ConnectionOwner): void {
    if (this.#state.reply === 'cut') return
    if (this.#state.switching !== 'offered') throw cannotUpgrade(NOT_OFFERED)
    const fields = this.#replyFields(status, lines, -1)
    this.#state = after(this.#state, On.switch)
    this.#connection.sent(this, status, fields)
    this.#connection.session.sendHead(this.stream, fields, false)
    const channel = this.#connection.channel(this.stream)
    this.#channel = channel
    channel.connection.attach(owner(channel.connection))
    for (const bytes of this.#early.splice(0)) channel.data(bytes)
    if (this.#earlyEnd) channel.ended()
  }

  #begin(status: number, lines: Lines, said: number, end: boolean): void {
    const fields = this.#replyFields(status, lines, said)
    this.#state = after(this.#state, On.replyHead)
    this.#connection.sent(this, status, fields)
    this.#connection.session.sendHead(this.stream, fields, end)
  }

  #replyFields(status: number, lines: Lines, said: number): string[] {
    const fields = [':status', statusText(status)]
    if (!lines.hasDate) fields.push('date', this.#connection.date())
    addFields(fields, lines, said)
    return fields
  }

  #replied(): void {
    this.#state = after(this.#state, On.replyEnd)
    this.#watchQueue()
  }

  #watchQueue(): void {
    if (this.stream.queued > 0) this.#connection.watch()
  }

  // What happens to the connection

  /** The stream is gone. */
  lose(why: ClientGone): void {
    const lost = this.#state.reply === 'awaited' || this.#state.reply === 'body'
    if (this.#state.request === 'body') this.#cutBy = why
    this.#state = after(this.#state, On.lose)
    this.#channel?.lost()
    this.#body?.finish(why)
    if (!lost || this.#gone !== null) return
    this.#gone = why
    const listener = this.#listener
    if (listener === null) return
    listener.left(why)
    if (listener.work !== null) this.#connection.outlived(listener.work)
  }
}
