/** One request on a connection and its reply. */

import type { Machine } from '../../base/machine.ts'
import type { Address } from '../../socket/address.ts'
import type { Connection, ConnectionOwner } from '../../socket/host.ts'
import { type BodySource, IncomingBody } from '../body/incoming.ts'
import { BodyError, MessageRefused } from '../errors.ts'
import type { Exchange, FieldLines, ReplyBody } from '../exchange.ts'
import type { Framing } from '../machine/framing.ts'
import { Head } from '../machine/head.ts'
import { parseHead } from '../machine/parse.ts'
import type { Target } from '../machine/target.ts'
import { formatFields, type Lines, outgoingFraming, responseHead } from '../machine/writer.ts'
import { isBodiless, reasonPhrase, statusLine } from '../status.ts'
import type { ServerConnection } from './connection.ts'
import { type PieceSink, StreamedReply } from './reply.ts'

/** A head that was accepted is read again without limits. */
const NO_LIMITS = { startLineBytes: Number.MAX_SAFE_INTEGER, fieldCount: Number.MAX_SAFE_INTEGER }

export class ServerExchange implements Exchange, PieceSink, BodySource {
  readonly id: number
  readonly method: string
  readonly target: string
  readonly path: string
  readonly query: string
  readonly version: 'HTTP/1.1' | 'HTTP/1.0'
  readonly authority: string
  readonly framing: Framing
  answered = false
  /** All of the reply has been written. */
  replied = false
  /** All of the request has been read. */
  received: boolean
  /** The connection closes after this reply. */
  closes = false
  /** Waits for the earlier ones: its handler has not been called. */
  delayed = false
  /** The status sent. */
  status = 0
  lost = false
  readonly #connection: ServerConnection
  readonly #text: string
  readonly #stamp: number
  #head: Head
  #body: IncomingBody | null = null
  #bodyOpen = false
  #stream: StreamedReply | null = null
  #written = 0
  /** What was written while earlier replies were not through. */
  #waiting: Uint8Array[] | null = null
  #waitingBytes = 0
  #controller: AbortController | null = null
  #lostBy: Error | null = null

  constructor(connection: ServerConnection, id: number, head: Head, framing: Framing, target: Target) {
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
    this.version = head.minor === 0 ? 'HTTP/1.0' : 'HTTP/1.1'
    this.framing = framing
    this.received = framing.kind === 'none' || framing.kind === 'tunnel'
  }

  get machine(): Machine {
    return this.#connection.machine
  }

  get scheme(): 'http' | 'https' {
    return 'http'
  }

  get connection(): Connection {
    return this.#connection.connection
  }

  get local(): Address {
    return this.#connection.connection.local
  }

  get remote(): Address {
    return this.#connection.connection.remote
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
      const length = this.framing.length < 0 ? null : this.framing.length
      this.#body = new IncomingBody(length, this, () => this.header('content-type'))
      if (this.received) this.#body.finish(null)
    }
    return this.#body
  }

  get signal(): AbortSignal {
    if (this.#controller === null) {
      this.#controller = new AbortController()
      if (this.lost) this.#controller.abort(this.#lostBy)
    }
    return this.#controller.signal
  }

  reply(status: number, fields: FieldLines, body: string | Uint8Array | null): void {
    this.#assertUnanswered(status)
    const lines = formatFields(fields)
    const length = body === null ? 0 : typeof body === 'string' ? Buffer.byteLength(body) : body.length
    const silent = isBodiless(status) || this.method === 'HEAD'
    if (lines.length >= 0 && lines.length !== length && !silent)
      throw new TypeError(`Content-Length ${lines.length} is given for a body of ${length} bytes`)
    const said = lines.length >= 0 ? lines.length : length
    // RFC 9110 §8.6: none with 1xx and 204; with 304 only the one that a 200 would have had.
    const framing = isBodiless(status) && (status !== 304 || lines.length < 0) ? '' : `Content-Length: ${said}\r\n`
    const head = this.#begin(status, lines, framing)
    if (silent || length === 0) this.latin1(head)
    else {
      this.#written = length
      // One-byte text, nearly always ASCII: head and body go into the slab by one call.
      if (typeof body === 'string' && length === body.length) this.latin1(head + body)
      else {
        this.latin1(head)
        if (typeof body === 'string') this.#utf8(body, length)
        else this.bytes(body!)
      }
    }
    this.replyEnded()
  }

  start(status: number, fields: FieldLines): ReplyBody {
    this.#assertUnanswered(status)
    const lines = formatFields(fields)
    const minor = this.version === 'HTTP/1.0' ? 0 : 1
    const body = outgoingFraming(status, this.method, minor, lines.length)
    if (body === 'until close') this.closes = true
    const sized = lines.length >= 0 && (!isBodiless(status) || status === 304)
    const chunked = body === 'chunked' || (lines.length < 0 && minor === 1 && !isBodiless(status))
    const framing = sized ? `Content-Length: ${lines.length}\r\n` : chunked ? 'Transfer-Encoding: chunked\r\n' : ''
    this.latin1(this.#begin(status, lines, framing))
    this.#stream = new StreamedReply(this, body, lines.length)
    return this.#stream
  }

  inform(status: number, fields: FieldLines): void {
    if (status < 100 || status > 199 || status === 101) throw new TypeError(`${status} is not an interim status`)
    if (this.answered) throw new TypeError('an interim response comes before the final one')
    const lines = formatFields(fields)
    // RFC 9110 §15.2: never to an HTTP/1.0 client, which would take it for the reply.
    if (this.version === 'HTTP/1.0' || this.lost) return
    const head = responseHead(status, '', lines, '', '')
    this.#connection.report(this, status, head)
    this.latin1(head)
  }

  abort(): void {
    this.#connection.abort()
  }

  /** Gives the connection away after a head with `status` (101, or 200 to CONNECT). */
  takeOver(status: number, fields: FieldLines, owner: (connection: Connection) => ConnectionOwner): void {
    if (this.answered) throw new TypeError('the exchange is answered already: one final reply each')
    const lines = formatFields(fields)
    const upgrade = status === 101 ? 'Connection: Upgrade\r\n' : ''
    this.status = status
    const head = responseHead(status, this.#connection.date(), lines, '', upgrade)
    this.#connection.handOver(this, head, owner(this.connection))
    this.answered = this.replied = true
  }

  /** What the handler threw: the reply where there is none yet, else the end of the connection. */
  fail(error: unknown): void {
    this.#connection.reportError(error, this)
    if (this.lost || this.replied) return
    if (this.answered) {
      this.abort()
      return
    }
    const known = error instanceof BodyError || error instanceof MessageRefused
    const status = known ? error.status : 500
    const why = known ? `${reasonPhrase(status)}: ${error.message}\n` : `${reasonPhrase(500)}\n`
    this.reply(status, ['Content-Type', 'text/plain; charset=utf-8'], why)
  }

  // BodySource: the reader of the body speaks through these.

  open(): void {
    this.#bodyOpen = true
    if (this.framing.expectsContinue && !this.answered && this.body.received === 0 && !this.lost)
      this.latin1('HTTP/1.1 100 Continue\r\n\r\n')
    this.#connection.readOn()
  }

  pause(): void {
    this.#connection.hold()
  }

  resume(): void {
    this.#connection.readOn()
  }

  failed(error: unknown): void {
    this.fail(error)
  }

  get bodyOpen(): boolean {
    return this.#bodyOpen
  }

  // PieceSink: what is written goes to the connection, or waits for its turn.

  latin1(text: string): void {
    const { front, output } = this.#connection
    if (front === this) output.latin1(this.#connection, text)
    else this.#wait(Buffer.from(text, 'latin1'))
  }

  bytes(bytes: Uint8Array): void {
    const { front, output } = this.#connection
    if (front === this) output.bytes(this.#connection, bytes)
    else this.#wait(new Uint8Array(bytes))
  }

  #utf8(text: string, length: number): void {
    const { front, output } = this.#connection
    if (front === this) output.utf8(this.#connection, text, length)
    else this.#wait(Buffer.from(text))
  }

  get ready(): boolean {
    if (this.lost) return false
    const { front, blocked, limits } = this.#connection
    return front === this ? !blocked : this.#waitingBytes < limits.backlogBytes
  }

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
    try {
      this.#stream?.onDrain?.()
    } catch (error) {
      this.fail(error)
    }
  }

  replyEnded(): void {
    this.replied = true
    this.#connection.replied(this)
  }

  /** The connection is gone. */
  lose(error: Error): void {
    if (this.lost) return
    this.lost = true
    this.#lostBy = error
    this.#waiting = null
    this.#body?.finish(error)
    this.#controller?.abort(error)
  }

  get requestBytes(): number {
    return this.#body === null ? 0 : this.#body.received
  }

  get responseBytes(): number {
    return this.#stream === null ? this.#written : this.#stream.written
  }

  /** Whether somebody reads the body; if not, it is thrown away when the reply is through. */
  get bodyClaimed(): boolean {
    return this.#body?.claimed === true
  }

  #begin(status: number, lines: Lines, framing: string): string {
    this.answered = true
    this.status = status
    const connection = this.#connection.persistence(this, lines.close)
    const head = responseHead(status, this.#connection.date(), lines, framing, connection)
    this.#connection.report(this, status, head)
    return head
  }

  #assertUnanswered(status: number): void {
    if (this.answered) throw new TypeError('the exchange is answered already: one final reply each')
    statusLine(status)
    if (status < 200) throw new TypeError(`${status} is an interim status: inform() sends those`)
  }

  #wait(bytes: Uint8Array): void {
    if (this.lost) return
    this.#waiting ??= []
    this.#waiting.push(bytes)
    this.#waitingBytes += bytes.length
  }
}

/**
 * Switches protocols: answers with `status` and hands the connection to the owner that `owner` makes for it, who first
 * gets what the client has sent already. Only for exchanges of a server, and only while no other is under way there.
 */
export function takeOver(
  exchange: Exchange,
  status: 101 | 200,
  fields: FieldLines,
  owner: (connection: Connection) => ConnectionOwner,
): void {
  if (!(exchange instanceof ServerExchange))
    throw new TypeError('only an exchange that came by a connection of its own can hand it over')
  exchange.takeOver(status, fields, owner)
}
