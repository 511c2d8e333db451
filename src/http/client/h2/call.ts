/** One request of a client and its reply, on a stream of HTTP/2. */
import type { Nanos } from '../../../base/clock.ts'
import { messageBody } from '../../body/from-stream.ts'
import { type BodySource, IncomingBody } from '../../body/incoming.ts'
import { MessageRefused, RequestError } from '../../errors.ts'
import type { FieldLines } from '../../exchange.ts'
import { fieldValue } from '../../fields/lines.ts'
import type { Channel } from '../../h2/channel.ts'
import { Code, codeName } from '../../h2/codes.ts'
import { addFields, fitTrailers, linesOfFields, trailerFields } from '../../h2/fields.ts'
import type { MessageHead } from '../../h2/message.ts'
import type { Session } from '../../h2/session.ts'
import type { Stream, StreamOwner } from '../../h2/stream.ts'
import { isSending } from '../../h2/stream-state.ts'
import type { HttpLimits } from '../../limits.ts'
import { authorityOf } from '../../origin.ts'
import { Verdict } from '../../verdict.ts'
import type { ClientExchange, RequestTransport } from '../exchange.ts'
import { saidLength } from '../request.ts'
import { type ContentTiming, sendContent } from '../upload.ts'
import { StreamReply } from './reply.ts'

/** What a call needs of its connection. */
export interface CallConnection {
  readonly session: Session
  readonly limits: HttpLimits
  /** How long a body may make no progress, either way. */
  readonly bodyTime: Nanos
  readonly timing: ContentTiming
  now(): Nanos
  /** Gives the call up, and its stream back. */
  cancel(exchange: ClientExchange, error: Error): void
  /** The server has said that it did not look at the request. */
  unprocessed(call: Call, error: Error): void
  /** The call has a new deadline. */
  noteDue(due: Nanos): void
  /** The call is over. @param failure '' where it is complete */
  finished(call: Call, failure: string): void
  /** For the log. */
  received(call: Call, status: number, fields: FieldLines): void
  channel(stream: Stream): Channel
}

const NEVER = Number.POSITIVE_INFINITY

export class Call implements RequestTransport, StreamOwner, BodySource {
  readonly exchange: ClientExchange
  readonly stream: Stream
  readonly #connection: CallConnection
  #paused = false
  /** Nobody wants the rest of the body: so much may still come. */
  #drain: number | null = null
  #wanted = false
  /** Content that came while nobody wanted it. */
  #unused = 0
  /** Since when the server is to make progress. */
  #since: Nanos
  /** How much of the request had gone then. */
  #sent = 0
  #channel: Channel | null = null

  constructor(connection: CallConnection, exchange: ClientExchange, stream: Stream) {
    this.#connection = connection
    this.exchange = exchange
    this.stream = stream
    this.#since = connection.now()
  }

  /** The fields of the request, those of the protocol first. */
  fields(): string[] {
    const { outgoing, method, target, lines } = this.exchange.request
    const { upgrade, origin } = outgoing
    const authority = (lines.hasHost ? fieldValue(lines.fields, 'host') : undefined) ?? authorityOf(origin)
    const fields = [':method', upgrade === undefined ? method : 'CONNECT', ':scheme', origin.scheme]
    fields.push(':authority', authority, ':path', target)
    if (upgrade !== undefined) fields.push(':protocol', upgrade)
    addFields(fields, lines, upgrade === undefined ? saidLength(this.exchange.request) : -1)
    if (this.exchange.request.expects) fields.push('expect', '100-continue')
    return fields
  }

  /** Sends the request, as much of it as there is. */
  send(fields: readonly string[]): void {
    const { session } = this.#connection
    const { method, length, outgoing } = this.exchange.request
    // What Content-Length says of a reply to HEAD is not about its content.
    if (method === 'HEAD') this.stream.expected = 0
    const alone = outgoing.upgrade === undefined && outgoing.body === null
    session.sendHead(this.stream, fields, alone)
    if (outgoing.upgrade !== undefined) return
    sendContent(this.exchange, this.#connection.timing, (content) => {
      if (typeof content === 'string') session.sendText(this.stream, content, length, true)
      else session.sendBytes(this.stream, content, true)
    })
  }

  /** When the server will have taken too long. */
  get due(): Nanos {
    const { exchange } = this
    if (exchange.answered)
      return this.#paused || (!this.#wanted && this.#unused > 0) ? NEVER : this.#since + this.#connection.bodyTime
    return exchange.sent ? this.#since + exchange.patience : this.#since + this.#connection.bodyTime
  }

  /** Whether it has; progress of an upload counts, and so does a source that has nothing to send. */
  late(now: Nanos): boolean {
    if (!this.exchange.answered && !this.exchange.sent) {
      const { sent, queued } = this.stream
      if (queued === 0 || sent > this.#sent) this.#since = now
      this.#sent = sent
    }
    return this.due <= now
  }

  /** The whole body has gone, or this side's end: the server's turn. */
  sent(): void {
    this.#progress()
  }

  // RequestTransport

  get ready(): boolean {
    return isSending(this.stream.state) && this.#connection.session.sender.ready(this.stream)
  }

  bytes(_exchange: ClientExchange, bytes: Uint8Array): void {
    this.#connection.session.sendBytes(this.stream, bytes, false)
  }

  text(_exchange: ClientExchange, text: string, length: number): void {
    this.#connection.session.sendText(this.stream, text, length, false)
  }

  end(_exchange: ClientExchange, trailers: string): void {
    this.#connection.session.sendEnd(this.stream, trailerFields(trailers))
  }

  reset(exchange: ClientExchange, error: Error): void {
    this.#connection.cancel(exchange, error)
  }

  #progress(): void {
    this.#since = this.#connection.now()
    this.#connection.noteDue(this.due)
  }

  // StreamOwner

  head(head: MessageHead, ended: boolean): void {
    const { status } = head
    const fields = linesOfFields(head.fields)
    this.#connection.received(this, status, fields)
    if (status < 200) this.#interim(status, fields)
    else if (this.exchange.request.outgoing.upgrade !== undefined && status < 300 && !ended)
      this.#switch(status, fields)
    else {
      const { method } = this.exchange.request
      const without = ended || method === 'HEAD' || status === 204 || status === 304
      const length = without ? 0 : head.length < 0 ? null : head.length
      const { bodyBytes, prefetchBytes } = this.#connection.limits
      const contentType = () => fieldValue(fields, 'content-type')
      const body = new IncomingBody(length, this, {
        contentType,
        bodyBytes,
        prefetchBytes,
        received: this.exchange.received,
      })
      this.exchange.answer(new StreamReply(this.#url, status, fields, body, null), body)
      this.#progress()
      if (ended) this.#done([])
    }
  }

  get #url(): URL {
    return this.exchange.request.outgoing.url
  }

  #interim(status: number, fields: FieldLines): void {
    const { interims } = this.#connection.limits
    try {
      if (this.exchange.informed(status, fields) > interims)
        this.#break(new RequestError('refused', `more than ${interims} interim responses to one request`))
    } catch (error) {
      this.#break(error)
    }
  }

  #switch(status: number, fields: FieldLines): void {
    const channel = this.#connection.channel(this.stream)
    this.#channel = channel
    this.#connection.finished(this, '')
    this.exchange.switched(new StreamReply(this.#url, status, fields, messageBody(null), channel.connection))
  }

  data(bytes: Uint8Array): void {
    if (this.#channel !== null) {
      this.#channel.data(bytes)
      return
    }
    this.#unused += bytes.length
    this.exchange.body?.push(bytes)
    if (this.#drain !== null) {
      this.#drain -= bytes.length
      if (this.#drain < 0) this.#break(new RequestError('closed', 'the rest of the reply was discarded'))
    }
    this.#progress()
    this.#flow()
  }

  ended(trailers: FieldLines): void {
    if (this.#channel !== null) this.#channel.ended()
    else this.#done(fitTrailers(trailers))
  }

  #done(trailers: FieldLines): void {
    this.#connection.finished(this, '')
    this.exchange.ended(trailers)
    // A reply before the request was through: what is left of the request is for nobody.
    this.#connection.session.reset(this.stream, Code.none)
  }

  lost(code: number, why: string, fault: boolean): void {
    if (this.#channel !== null) {
      this.#channel.lost()
      return
    }
    const error = fault
      ? new MessageRefused(new Verdict(502, why, 0))
      : new RequestError('closed', `${why} (${codeName(code)})`)
    // RFC 9113 §8.7
    if (code === Code.refused && !fault) this.#connection.unprocessed(this, error)
    else {
      this.#connection.finished(this, error.message)
      this.exchange.fail(error)
    }
  }

  drained(): void {
    if (this.#channel !== null) this.#channel.drained()
    else this.exchange.drained()
  }

  // BodySource

  open(): void {
    this.#wanted = true
    // Held back by what was kept before there was a reader.
    this.#paused = false
    this.#progress()
    this.#flow()
  }

  pause(): void {
    this.#paused = true
  }

  resume(): void {
    this.#paused = false
    this.#progress()
    this.#flow()
  }

  /** A little that is on its way may come; more is not waited for. */
  discard(): void {
    const { body } = this.exchange
    const rest = body?.length == null ? NEVER : body.length - body.received
    const { drainBytes } = this.#connection.limits
    if (rest > drainBytes) {
      this.#break(new RequestError('closed', 'the rest of the reply was discarded'))
      return
    }
    this.#drain = drainBytes
    this.#wanted = true
    this.#paused = false
    this.#flow()
  }

  failed(error: unknown): void {
    this.#break(error)
  }

  #flow(): void {
    const octets = this.#unused
    if (octets === 0 || !this.#wanted || this.#paused) return
    this.#unused = 0
    this.#connection.session.used(this.stream, octets)
  }

  #break(error: unknown): void {
    this.#connection.cancel(this.exchange, error instanceof Error ? error : new Error(String(error)))
  }
}
