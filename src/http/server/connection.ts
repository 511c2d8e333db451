/**
 * One client's connection: requests in, replies out in the order of the requests whoever finishes first, and the
 * decision when to read, when to wait and when to close.
 */
import { type Nanos, SECOND } from '../../base/clock.ts'
import type { SocketError } from '../../base/errors.ts'
import type { Connection, ConnectionOwner, Machine } from '../../socket/host.ts'
import { BodyError, BodyTooLarge, MessageRefused } from '../errors.ts'
import type { Exchange, FieldLines } from '../exchange.ts'
import type { HttpLimits } from '../limits.ts'
import type { Framing } from '../machine/framing.ts'
import type { Head } from '../machine/head.ts'
import type { Output, OutputOwner } from '../machine/output.ts'
import { Reader, type ReaderSink } from '../machine/reader.ts'
import { type Target, targetOf } from '../machine/target.ts'
import { Verdict } from '../machine/verdict.ts'
import { ServerExchange } from './exchange.ts'
import { Linger } from './linger.ts'
import { Patience, type Wait } from './patience.ts'
import { admissionFault, isSafe, refusalReply } from './refusal.ts'
import { Reporter } from './report.ts'

/** What a connection needs of its server. */
export interface ConnectionServer {
  readonly machine: Machine
  readonly limits: HttpLimits
  readonly output: Output
  readonly draining: boolean
  /** `Connection: keep-alive` and `Keep-Alive: timeout=…`. */
  readonly keepAlive: string
  nextId(): number
  date(): string
  dispatch(exchange: ServerExchange): void
  reportError(error: unknown, exchange: Exchange): void
  noteDeadline(deadline: Nanos): void
  forget(connection: ServerConnection): void
}

export class ServerConnection implements ConnectionOwner, ReaderSink, OutputOwner {
  readonly connection: Connection
  readonly output: Output
  readonly limits: HttpLimits
  readonly patience: Patience
  corked = false
  /** The client takes less than we write. */
  blocked = false
  readonly #server: ConnectionServer
  readonly #reader: Reader
  readonly #report: Reporter
  /** Requests whose replies are not through, oldest first. */
  readonly #queue: ServerExchange[] = []
  /** Whose body is arriving. */
  #reading: ServerExchange | null = null
  #refusal: Verdict | null = null
  #requests = 0
  #stopped = false
  #closeAfter = false
  #inputEnded = false
  #state: 'open' | 'lingering' | 'handed over' | 'closed' = 'open'
  #successor: ConnectionOwner | null = null
  #leaving: Linger | null = null
  #settling = false
  #resuming = false

  constructor(connection: Connection, server: ConnectionServer) {
    this.connection = connection
    this.#server = server
    this.output = server.output
    this.limits = server.limits
    this.#reader = new Reader('request', this, server.limits)
    this.#report = new Reporter(server.machine, connection)
    const note = (deadline: Nanos) => server.noteDeadline(deadline)
    this.patience = new Patience(server.machine.clock, server.limits, note, (wait) => this.#expire(wait))
    this.#await()
  }

  get machine(): Machine {
    return this.#server.machine
  }

  get front(): ServerExchange | undefined {
    return this.#queue[0]
  }

  /** Whether no request has begun that is not answered. */
  get idle(): boolean {
    return this.#queue.length === 0 && !this.#reader.midMessage
  }

  date(): string {
    return this.#server.date()
  }

  // ConnectionOwner

  onData(bytes: Uint8Array): void {
    if (this.#state !== 'open') {
      this.#leaving?.received(bytes)
      return
    }
    this.corked = true
    this.#reader.feed(bytes)
    this.#eventEnds()
  }

  onEnd(): void {
    this.#inputEnded = true
    if (this.#state === 'lingering') this.connection.close()
    if (this.#state !== 'open') return
    const whole = this.#reader.end()
    this.#closeAfter = true
    if (!whole && this.#reading !== null) this.#failBody(new BodyError(400, 'the client closed before the body ended'))
    this.#reader.close()
    this.#settle()
  }

  onDrain(): void {
    this.blocked = false
    if (this.#state === 'open') this.#goOn()
    this.front?.drained()
  }

  onClose(error: SocketError | null): void {
    this.#state = 'closed'
    this.patience.rest()
    this.#server.forget(this)
    this.#loseAll(error ?? new BodyError(400, 'the client closed the connection'))
  }

  // OutputOwner

  send(bytes: Uint8Array): void {
    if (this.#state === 'closed') return
    if (this.connection.write(bytes)) return
    this.blocked = true
    this.#await()
  }

  // ReaderSink

  onHead(head: Head, framing: Framing): void {
    this.patience.rest()
    this.#requests++
    const target = targetOf(head)
    const fault = target instanceof Verdict ? target : admissionFault(head, framing, this.limits)
    if (fault !== null) {
      this.onRefused(fault)
      return
    }
    const exchange = new ServerExchange(this, this.#server.nextId(), head, framing, target as Target)
    this.#queue.push(exchange)
    if (this.#report.on) this.#report.request(exchange)
    if (!exchange.received) this.#reading = exchange
    // RFC 9112 §9.3.2: side by side only as long as all of them are safe.
    if (this.#queue.length > 1 && !isSafe(exchange.method)) exchange.delayed = true
    else this.#server.dispatch(exchange)
    if (!exchange.received && !exchange.bodyOpen) this.#reader.pause()
  }

  onBody(bytes: Uint8Array): void {
    const exchange = this.#reading
    if (exchange === null) return
    const { body } = exchange
    if (body.received + bytes.length > this.limits.bodyBytes) {
      this.#reader.close()
      this.#failBody(new BodyTooLarge(this.limits.bodyBytes, 'limits.bodyBytes of the server'))
    } else if (exchange.replied && !exchange.bodyClaimed && body.received + bytes.length > this.limits.drainBytes) {
      this.#reader.close()
      this.#linger()
    } else body.push(bytes)
  }

  onMessageEnd(trailers: FieldLines): void {
    const exchange = this.#reading
    this.#reading = null
    if (exchange !== null) {
      exchange.received = true
      exchange.body.trailers = trailers
      exchange.body.finish(null)
    }
    this.#settle()
    if (!this.#mayRead()) this.#reader.pause()
  }

  onRefused(verdict: Verdict): void {
    this.#reader.close()
    this.#closeAfter = true
    if (this.#report.on) this.#report.refused(verdict)
    if (this.#reading !== null) this.#failBody(new MessageRefused(verdict.status, verdict.why, verdict.at))
    else this.#refusal = verdict
    this.#settle()
  }

  // For exchanges

  /** The body's reader wants no more for now. */
  hold(): void {
    this.#resuming = false
    this.#reader.pause()
  }

  /** The body's reader wants more; not from inside its call, which may be a call of the reader's own. */
  readOn(): void {
    if (this.corked) {
      this.#reader.resume()
      return
    }
    if (this.#resuming) return
    this.#resuming = true
    queueMicrotask(() => {
      // It may have been paused again since.
      if (!this.#resuming) return
      this.#resuming = false
      this.#resume()
    })
  }

  /** Decides whether the connection lives on after a reply; the lines that say so. */
  persistence(exchange: ServerExchange, asked: boolean): string {
    const { framing } = exchange
    const last = this.#queue.at(-1) === exchange
    const unread = exchange.received || exchange.bodyClaimed ? 0 : framing.length - exchange.requestBytes
    exchange.closes ||=
      asked ||
      !framing.persistent ||
      // What follows a CONNECT was for the tunnel, not for us.
      framing.kind === 'tunnel' ||
      unread > this.limits.drainBytes ||
      // The client may or may not send the body that it asked leave for: only closing tells where it ends.
      (framing.expectsContinue && !exchange.bodyOpen) ||
      // Where what follows was refused, the refusal is the last reply.
      (last && this.#refusal === null && this.#isLastOfAll())
    return exchange.closes ? 'Connection: close\r\n' : this.#server.keepAlive
  }

  #isLastOfAll(): boolean {
    return this.#closeAfter || this.#server.draining || this.#requests >= this.limits.requestsPerConnection
  }

  replied(exchange: ServerExchange): void {
    if (!exchange.received && !exchange.bodyClaimed && !exchange.closes) exchange.body.discard()
    this.#settle()
  }

  abort(): void {
    this.#reader.close()
    this.output.flush()
    this.connection.reset()
  }

  reportError(error: unknown, exchange: Exchange): void {
    this.#server.reportError(error, exchange)
  }

  handOver(exchange: ServerExchange, head: string, owner: ConnectionOwner): void {
    // RFC 9110 §7.8: the other protocol begins where the request has ended.
    if (!exchange.received) throw new TypeError('the request has a body: read it before the connection is taken over')
    if (this.front !== exchange || this.#queue.length > 1)
      throw new TypeError('the connection has other requests under way: refuse the upgrade')
    this.output.latin1(this, head)
    this.output.flush()
    this.report(exchange, exchange.status, head)
    this.#reader.close()
    this.#successor = owner
    if (!this.corked) this.#succeed()
  }

  /** Tells the log of a response head as it was sent. */
  report(exchange: ServerExchange, status: number, head: string): void {
    if (this.#report.on) this.#report.response(exchange, status, head)
  }

  /** The server is to be closed: what is idle goes at once, the rest after its reply. */
  drain(): void {
    if (this.#state !== 'open') return
    this.#closeAfter = true
    if (this.idle) this.#linger()
  }

  /** What was waited for has not come in time. */
  #expire(wait: Wait): void {
    switch (wait) {
      case 'idle':
        this.#linger()
        break
      case 'head':
        this.#expireHead()
        break
      case 'body':
        this.#expireBody()
        break
      case 'stall':
        if (this.connection.queued >= this.patience.mark) this.connection.reset()
        else if (this.#leaving !== null) this.#leaving.expired()
        else this.patience.waitFor('stall', this.connection.queued)
        break
      case 'linger':
        this.#leaving?.expired()
        break
      default:
    }
  }

  #expireHead(): void {
    if (!this.#reader.midHead) {
      this.#linger()
      return
    }
    this.onRefused(new Verdict(408, 'the head did not arrive in time', this.#reader.unread))
  }

  #expireBody(): void {
    const exchange = this.#reading
    if (exchange === null) return
    const { bodyTime, bodyRate } = this.limits
    const wanted = (bodyTime / SECOND) * bodyRate
    if (exchange.requestBytes - this.patience.mark >= wanted) {
      this.patience.waitFor('body', exchange.requestBytes)
      return
    }
    this.#reader.close()
    this.#failBody(new BodyError(408, `the body came slower than ${bodyRate} bytes per second`))
  }

  /** At the end of every event: what was written goes out, who cannot be read is held back. */
  #eventEnds(): void {
    this.corked = false
    this.output.flush()
    if (this.#successor !== null) {
      this.#succeed()
      return
    }
    if (this.#state !== 'open') return
    const reader = this.#reader
    if (reader.unread > 0 && (reader.paused || reader.state === 'tunnel') && !this.#stopped) {
      this.#stopped = true
      this.connection.pause()
    }
    this.#await()
  }

  #resume(): void {
    if (this.#state !== 'open') return
    this.corked = true
    this.#reader.resume()
    this.corked = false
    if (this.#stopped && !this.#reader.paused && this.#successor === null) {
      this.#stopped = false
      this.connection.resume()
    }
    this.#eventEnds()
  }

  /**
   * Whether the next request may be read: not while as many wait as may, nor beside one that is not safe, nor while
   * the client leaves our replies lying, which it could make pile up without end.
   */
  #mayRead(): boolean {
    const { length } = this.#queue
    if (this.blocked || length >= this.limits.pipelineDepth) return false
    return length === 0 || isSafe(this.#queue[length - 1]!.method)
  }

  /** Takes what is through off the queue, and brings the next forward. */
  #settle(): void {
    if (this.#settling) return
    this.#settling = true
    let advanced = false
    while (this.#state === 'open') {
      const exchange = this.#queue[0]
      if (exchange === undefined || !exchange.replied || !(exchange.received || exchange.closes)) break
      this.#queue.shift()
      advanced = true
      if (this.#report.on) this.#report.done(exchange, '')
      if (exchange.closes) this.#linger()
      else if (this.#queue.length > 0) this.#bringForward(this.#queue[0]!)
    }
    this.#settling = false
    if (this.#state !== 'open') return
    if (this.#queue.length === 0 && this.#refusal !== null) this.#refuse(this.#refusal)
    else if (this.#queue.length === 0 && this.#closeAfter) this.#linger()
    else if (advanced) this.#goOn()
  }

  /** Takes up reading where a request in the way is gone, or the client takes replies again. */
  #goOn(): void {
    if (this.#reader.paused && this.#reading === null && this.#mayRead()) this.readOn()
    if (!this.corked) this.#await()
  }

  #bringForward(exchange: ServerExchange): void {
    exchange.comeForward()
    if (!exchange.delayed) return
    exchange.delayed = false
    this.#server.dispatch(exchange)
  }

  #refuse(verdict: Verdict): void {
    this.#refusal = null
    this.output.latin1(this, refusalReply(verdict, this.#server.date()))
    this.#linger()
  }

  #linger(): void {
    if (this.#state !== 'open') return
    this.output.flush()
    this.#state = 'lingering'
    this.#reader.close()
    this.#leaving = new Linger(this.connection, this.patience, this.machine.clock, this.limits)
    this.#leaving.begin()
    if (this.#stopped) this.connection.resume()
    if (this.#inputEnded) this.connection.close()
    this.#loseAll(new BodyError(400, 'the connection was closed after an earlier reply'))
  }

  #failBody(error: Error): void {
    const exchange = this.#reading
    this.#reading = null
    this.#closeAfter = true
    if (exchange === null) return
    exchange.received = true
    exchange.body.finish(error)
    this.#settle()
  }

  #loseAll(error: Error): void {
    this.#reading = null
    for (const exchange of this.#queue.splice(0)) {
      if (this.#report.on) this.#report.done(exchange, error.message)
      exchange.lose(error)
    }
  }

  #succeed(): void {
    const owner = this.#successor!
    const early = this.#reader.rest()
    this.#state = 'handed over'
    this.patience.rest()
    this.#queue.length = 0
    this.#server.forget(this)
    this.connection.attach(owner)
    if (early.length > 0) owner.onData(early)
    if (this.#inputEnded) owner.onEnd()
  }

  /** Sets the deadline for what is to come next. */
  #await(): void {
    if (this.#state !== 'open') return
    const reading = this.#reading
    if (this.blocked) this.patience.waitFor('stall', this.connection.queued)
    // The handler, or the reader of the body, may take its time; once the reply is through nobody is left to take any.
    else if (reading?.bodyOpen && (!this.#reader.paused || reading.replied))
      this.patience.waitFor('body', reading.requestBytes)
    else if (reading !== null || this.#queue.length > 0) this.patience.waitFor('nothing')
    else this.patience.waitFor(this.#requests === 0 || this.#reader.midHead ? 'head' : 'idle')
  }
}
