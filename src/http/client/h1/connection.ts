/** A client's connection in HTTP/1.1: requests out, replies in, one at a time unless pipelining is on. */
import { type Nanos, SECOND } from '../../../base/clock.ts'
import type { SocketError } from '../../../base/errors.ts'
import { formatAddress } from '../../../socket/address.ts'
import type { Connection, ConnectionOwner } from '../../../socket/host.ts'
import { messageBody } from '../../body/from-stream.ts'
import { type BodySource, IncomingBody } from '../../body/incoming.ts'
import { MessageRefused, RequestError } from '../../errors.ts'
import type { AnyHttpEvent } from '../../events.ts'
import type { FieldLines } from '../../exchange.ts'
import { linesOf } from '../../fields/lines.ts'
import { splitList } from '../../fields/list.ts'
import type { Framing } from '../../machine/framing.ts'
import type { Head } from '../../machine/head.ts'
import type { Output, OutputOwner } from '../../machine/output.ts'
import { Pace } from '../../machine/pace.ts'
import { Reader, type ReaderSink } from '../../machine/reader.ts'
import { isAlive, type Life, lifeAfter, may, On } from '../../machine/state.ts'
import { chunkSize } from '../../machine/writer.ts'
import type { Origin } from '../../origin.ts'
import type { Verdict } from '../../verdict.ts'
import type { ClientExchange, RequestTransport } from '../exchange.ts'
import { ReceivedReply } from '../reply.ts'
import { headText } from '../request.ts'
import type { ClientTransport, TransportClient } from '../transport.ts'
import { sendContent } from '../upload.ts'

const NEVER = Number.POSITIVE_INFINITY

/** A reply after which the connection is another protocol's. */
interface Switched {
  readonly exchange: ClientExchange
  readonly reply: ReceivedReply
}

export class ClientConnection implements ConnectionOwner, ReaderSink, OutputOwner, ClientTransport, RequestTransport {
  readonly connection: Connection
  readonly origin: Origin
  readonly output: Output
  readonly multiplexes = false
  readonly #client: TransportClient
  readonly #reader: Reader
  readonly #pace: Pace
  /** The body of the reply that is arriving speaks to the reader through this. */
  readonly #source: BodySource = {
    open: () => this.#pace.readOn(),
    pause: () => this.#pace.hold(),
    resume: () => this.#pace.readOn(),
    discard: () => this.#discard(),
    failed: (error) => this.#break(error instanceof Error ? error : new Error(String(error))),
  }
  /** Oldest first. */
  readonly #queue: ClientExchange[] = []
  #life: Life = 'open'
  #blocked = false
  /** A connection that has rested, or served, may have been closed by its server unnoticed; one that has served stands several requests. */
  #trust: 'fresh' | 'rested' | 'served' = 'fresh'
  /** Since when the front exchange waits for its reply. */
  #sentAt: Nanos = NEVER
  /** Bytes given to the network, and how many of them it had taken when the deadline was set. */
  #written = 0
  #taken = 0
  /** Bytes that may still be thrown away, and until when; null while nothing is. */
  #drain: { left: number; readonly until: Nanos } | null = null
  #keepAlive: Nanos = NEVER
  #switched: Switched | null = null
  #deadline: Nanos = NEVER

  constructor(connection: Connection, origin: Origin, client: TransportClient) {
    this.connection = connection
    this.origin = origin
    this.output = client.output
    this.#client = client
    this.#reader = new Reader('response', this, client.limits)
    this.#pace = new Pace(this.#reader, connection, () => this.#eventEnds())
  }

  // ClientTransport

  get load(): number {
    return this.#queue.length
  }

  takes(exchange: ClientExchange): boolean {
    // Only a connection that has served is known to stand several requests.
    const depth = this.#trust === 'served' ? this.#client.depth(exchange) : 1
    if (this.#life !== 'open' || this.#queue.length >= depth) return false
    // RFC 9112 §9.3.2: nothing behind what changes something, nor behind what may change the protocol.
    return this.#queue.every(
      (other) => other.sent && other.state.switching !== 'offered' && this.#client.depth(other) >= depth,
    )
  }

  send(exchange: ClientExchange): void {
    const { request } = exchange
    const head = headText(request)
    exchange.begin(this, this.#trust !== 'fresh')
    this.#queue.push(exchange)
    this.#reader.expect(request.method)
    if (request.closes) this.#life = lifeAfter(this.#life, 'stop')
    if (this.#logging) {
      const { method, target } = request
      this.#report(exchange, { type: 'http.request', method, target, version: 'HTTP/1.1', fields: linesOf(head) })
    }
    this.output.latin1(this, head)
    const { machine, continueTime } = this.#client
    sendContent(exchange, { clock: machine.clock, continueTime }, (content) => {
      if (typeof content === 'string') this.output.utf8(this, content, request.length)
      else this.output.bytes(this, content)
    })
    if (exchange.sent) this.sent(exchange)
    else this.#await()
  }

  has(exchange: ClientExchange): boolean {
    return this.#queue.includes(exchange)
  }

  cancel(exchange: ClientExchange, error: Error): void {
    this.#queue.splice(this.#queue.indexOf(exchange), 1)
    this.#done(exchange, error.message)
    exchange.fail(error)
    this.#break(new RequestError('closed', 'another request on the connection was given up'))
  }

  rest(): void {
    if (this.#trust === 'fresh') this.#trust = 'rested'
    this.#await()
  }

  close(): void {
    if (!isAlive(this.#life)) return
    this.#leave()
    this.output.flush()
    this.connection.close()
  }

  // RequestTransport

  get ready(): boolean {
    return !this.#blocked
  }

  bytes(exchange: ClientExchange, bytes: Uint8Array): void {
    if (!isAlive(this.#life)) return
    const chunked = exchange.request.length < 0
    if (chunked) this.output.latin1(this, chunkSize(bytes.length))
    this.output.bytes(this, bytes)
    if (chunked) this.output.latin1(this, '\r\n')
  }

  text(exchange: ClientExchange, text: string, length: number): void {
    if (!isAlive(this.#life)) return
    const chunked = exchange.request.length < 0
    if (chunked) this.output.latin1(this, chunkSize(length))
    this.output.utf8(this, text, length)
    if (chunked) this.output.latin1(this, '\r\n')
  }

  end(exchange: ClientExchange, trailers: string): void {
    if (isAlive(this.#life) && exchange.request.length < 0) this.output.latin1(this, `0\r\n${trailers}\r\n`)
  }

  sent(exchange: ClientExchange): void {
    if (exchange === this.#queue[0]) this.#sentAt = this.#client.machine.clock.now()
    this.#await()
    this.#client.free(this)
  }

  reset(exchange: ClientExchange, error: Error): void {
    if (this.has(exchange)) this.#break(error)
  }

  // Deadlined

  get deadline(): Nanos {
    return this.#deadline
  }

  expire(): void {
    const exchange = this.#queue[0]
    if (exchange === undefined) this.close()
    else if (this.#drain !== null) this.#break(new RequestError('closed', 'the rest of the reply was discarded'))
    else if (exchange.state.request === 'body' && !exchange.answered && this.#moves()) this.#await()
    else {
      this.#break(new RequestError('timeout', lateText(exchange, this.origin.key)))
    }
  }

  /** Whether the server has taken more of an upload, or could: the source may take as long as it likes. */
  #moves(): boolean {
    return this.connection.queued === 0 || this.#written - this.connection.queued > this.#taken
  }

  // ConnectionOwner

  onData(bytes: Uint8Array): void {
    if (!isAlive(this.#life)) return
    // RFC 9112 §6.3: what comes without a request was never asked for; taking it for a reply would be poison.
    if (this.#queue.length === 0) this.#break(new RequestError('closed', 'the server sent data without a request'))
    else this.#pace.feed(bytes)
  }

  onEnd(): void {
    if (!isAlive(this.#life)) return
    this.#life = lifeAfter(this.#life, 'end')
    const whole = this.#reader.end()
    const exchange = this.#queue[0]
    if (exchange === undefined) this.close()
    else this.#break(new RequestError('closed', closedText(whole, exchange)))
  }

  onDrain(): void {
    this.#blocked = false
    this.#await()
    for (const exchange of [...this.#queue]) exchange.drained()
  }

  onClose(error: SocketError | null): void {
    this.#leave()
    this.#life = lifeAfter(this.#life, 'gone')
    this.#failAll(error ?? new RequestError('closed', 'the connection was closed before the reply was complete'))
  }

  // OutputOwner

  get corked(): boolean {
    return this.#pace.corked
  }

  transmit(bytes: Uint8Array): void {
    if (!isAlive(this.#life)) return
    this.#written += bytes.length
    if (!this.connection.write(bytes)) this.#blocked = true
  }

  // ReaderSink

  onHead(head: Head, framing: Framing): void {
    const exchange = this.#queue[0]
    if (exchange === undefined) {
      this.#break(new RequestError('closed', 'the server sent a reply without a request'))
      return
    }
    if (this.#logging) this.#report(exchange, { type: 'http.response', status: head.status, fields: head.lines() })
    if (head.status < 200 && head.status !== 101) this.#interim(exchange, head)
    else if (framing.kind === 'tunnel') this.#switch(exchange, head)
    else {
      if (!framing.persistent) this.#life = lifeAfter(this.#life, 'stop')
      this.#keepAlive = advertised(head.get('keep-alive'))
      const length = framing.kind === 'none' ? 0 : framing.length < 0 ? null : framing.length
      const contentType = head.get('content-type')
      const { bodyBytes, prefetchBytes } = this.#client.limits
      const about = { contentType: () => contentType, bodyBytes, prefetchBytes, received: exchange.received }
      const body = new IncomingBody(length, this.#source, about)
      exchange.answer(new ReceivedReply(exchange.request.outgoing.url, head, body, null), body)
    }
  }

  onBody(bytes: Uint8Array): void {
    this.#queue[0]?.body?.push(bytes)
    if (this.#drain === null) return
    this.#drain.left -= bytes.length
    if (this.#drain.left < 0) this.#break(new RequestError('closed', 'the rest of the reply was discarded'))
  }

  onMessageEnd(trailers: FieldLines): void {
    const exchange = this.#queue.shift()!
    this.#trust = 'served'
    this.#drain = null
    // A reader that paused at the last piece has nothing to resume; the next reply must not wait for it.
    this.#reader.resume()
    this.#done(exchange, '')
    exchange.ended(trailers)
    if (!exchange.state.reusable) this.#life = lifeAfter(this.#life, 'stop')
    if (this.#life === 'open') this.#sentAt = this.#client.machine.clock.now()
    else {
      this.close()
      this.#failAll(new RequestError('closed', 'the server closed after an earlier reply'))
    }
  }

  onRefused(verdict: Verdict): void {
    this.#break(new MessageRefused(verdict))
  }

  #interim(exchange: ClientExchange, head: Head): void {
    const { interims } = this.#client.limits
    try {
      if (exchange.informed(head.status, head.lines()) > interims)
        this.#break(new RequestError('refused', `more than ${interims} interim responses to one request`))
    } catch (error) {
      this.#break(error instanceof Error ? error : new Error(String(error)))
    }
  }

  /** The other protocol begins where this head has ended; what came of it already is given back. */
  #switch(exchange: ClientExchange, head: Head): void {
    if (!may(exchange.state, On.switch)) {
      this.#break(new RequestError('refused', `the server switched protocols (${head.status}) without being asked`))
      return
    }
    this.#queue.shift()
    const reply = new ReceivedReply(exchange.request.outgoing.url, head, messageBody(null), this.connection)
    this.#switched = { exchange, reply }
  }

  /** Once the reader has let go of what it was given. */
  #handOver({ exchange, reply }: Switched): void {
    this.#switched = null
    this.#life = lifeAfter(this.#life, 'hand over')
    this.#deadline = NEVER
    this.connection.pause()
    this.connection.unread(this.#reader.rest())
    this.#reader.close()
    this.#done(exchange, '')
    exchange.switched(reply)
    this.#client.gone(this)
  }

  /** Nobody wants the rest of the body: a little is read to keep the connection, for more the connection goes. */
  #discard(): void {
    const body = this.#queue[0]?.body
    if (body === undefined || body === null) return
    const { drainBytes, drainTime } = this.#client.limits
    const rest = body.length === null ? 0 : body.length - body.received
    if (rest > drainBytes) {
      this.#break(new RequestError('closed', 'the rest of the reply was discarded'))
      return
    }
    this.#drain = { left: drainBytes, until: this.#client.machine.clock.now() + drainTime }
    this.#pace.readOn()
    this.#await()
  }

  #eventEnds(): void {
    this.output.flush()
    if (!isAlive(this.#life)) return
    if (this.#switched !== null) {
      this.#handOver(this.#switched)
      return
    }
    this.#pace.keep()
    if (this.#queue.length === 0 && this.#reader.unread > 0)
      this.#break(new RequestError('closed', 'bytes followed the last reply'))
    else {
      this.#await()
      this.#client.free(this)
    }
  }

  /** Sets the deadline for what is to come next. */
  #await(): void {
    if (!isAlive(this.#life)) return
    const { machine, idleTime, bodyTime } = this.#client
    const now = machine.clock.now()
    const exchange = this.#queue[0]
    if (exchange === undefined) this.#deadline = now + Math.min(idleTime, this.#keepAlive)
    else if (this.#drain !== null) this.#deadline = this.#drain.until
    else if (!exchange.answered) {
      this.#taken = this.#written - this.connection.queued
      this.#deadline = exchange.sent ? this.#sentAt + exchange.patience : now + bodyTime
    }
    // While the reader of the body is the slow one, the server is not to blame.
    else this.#deadline = this.#reader.paused ? NEVER : now + bodyTime
    this.#client.noteDeadline(this.#deadline)
  }

  #leave(): void {
    if (!isAlive(this.#life)) return
    this.#life = lifeAfter(this.#life, 'drop')
    this.#deadline = NEVER
    this.#reader.close()
    this.#client.gone(this)
  }

  /** Cuts the connection: all that is under way fails with `error`. */
  #break(error: Error): void {
    if (!isAlive(this.#life)) return
    this.#leave()
    this.connection.reset()
    this.#failAll(error)
  }

  #failAll(error: Error): void {
    for (const exchange of this.#queue.splice(0)) {
      if (this.#client.retry(exchange, error)) continue
      this.#done(exchange, error.message)
      exchange.fail(error)
    }
  }

  #done(exchange: ClientExchange, failure: string): void {
    if (!this.#logging) return
    const responseBytes = exchange.body?.received ?? 0
    this.#report(exchange, { type: 'http.done', requestBytes: exchange.sentBytes, responseBytes, failure })
  }

  get #logging(): boolean {
    return this.#client.machine.events.on
  }

  #report(exchange: ClientExchange, event: Partial<AnyHttpEvent>): void {
    const { machine } = this.#client
    const connection = `${formatAddress(this.connection.local)}>${formatAddress(this.connection.remote)}`
    const about = { at: machine.clock.now(), host: machine.name, side: 'client', exchange: exchange.id, connection }
    machine.events.emit({ ...event, ...about } as AnyHttpEvent)
  }
}

/** `Keep-Alive: timeout=N`: we let go a second before, so that no request meets the server's close. */
function advertised(field: string | undefined): Nanos {
  for (const element of splitList(field ?? '')) {
    const seconds = /^timeout=(\d{1,6})$/i.exec(element)
    if (seconds !== null) return Math.max(0, Number(seconds[1]) - 1) * SECOND
  }
  return NEVER
}

function lateText(exchange: ClientExchange, origin: string): string {
  if (exchange.answered) return `no more of the body from ${origin} in time`
  return exchange.sent ? `no reply from ${origin} in time` : `${origin} took no more of the request in time`
}

function closedText(whole: boolean, exchange: ClientExchange): string {
  if (exchange.answered) return 'the server closed before the body of the reply was complete'
  return whole ? 'the server closed without a reply' : 'the server closed within the head of the reply'
}
