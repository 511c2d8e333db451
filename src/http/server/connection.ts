/**
 * One client's connection: replies go out in the order of the requests, whoever finishes first, and it is decided what
 * to wait for and when to close.
 */
import type { Nanos } from '../../base/clock.ts'
import type { SocketError } from '../../base/errors.ts'
import type { Machine } from '../../base/machine.ts'
import type { Connection, ConnectionOwner } from '../../socket/host.ts'
import { BodyError } from '../errors.ts'
import type { Exchange } from '../exchange.ts'
import type { HttpLimits } from '../limits.ts'
import type { Output, OutputOwner } from '../machine/output.ts'
import type { Verdict } from '../machine/verdict.ts'
import type { ServerExchange } from './exchange.ts'
import { Intake } from './intake.ts'
import { Linger } from './linger.ts'
import { Patience, type Wait } from './patience.ts'
import { isSafe, refusalReply } from './refusal.ts'
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

export class ServerConnection implements ConnectionOwner, OutputOwner {
  readonly connection: Connection
  readonly output: Output
  readonly limits: HttpLimits
  readonly patience: Patience
  corked = false
  /** The client takes less than we write. */
  blocked = false
  /** Nothing follows what is under way. */
  closeAfter = false
  readonly server: ConnectionServer
  /** Requests whose replies are not through, oldest first. */
  readonly queue: ServerExchange[] = []
  readonly #intake: Intake
  readonly #report: Reporter
  #inputEnded = false
  #state: 'open' | 'lingering' | 'handed over' | 'closed' = 'open'
  #successor: ConnectionOwner | null = null
  #leaving: Linger | null = null
  #settling = false

  constructor(connection: Connection, server: ConnectionServer) {
    this.connection = connection
    this.server = server
    this.output = server.output
    this.limits = server.limits
    this.#intake = new Intake(this, server.limits)
    this.#report = new Reporter(server.machine, connection)
    const note = (deadline: Nanos) => server.noteDeadline(deadline)
    this.patience = new Patience(server.machine.clock, server.limits, note, (wait) => this.#expire(wait))
    this.#await()
  }

  get machine(): Machine {
    return this.server.machine
  }

  get front(): ServerExchange | undefined {
    return this.queue[0]
  }

  /** Whether no request has begun that is not answered. */
  get idle(): boolean {
    return this.queue.length === 0 && !this.#intake.reader.midMessage
  }

  date(): string {
    return this.server.date()
  }

  // ConnectionOwner

  onData(bytes: Uint8Array): void {
    if (this.#state !== 'open') {
      this.#leaving?.received(bytes)
      return
    }
    this.corked = true
    this.#intake.reader.feed(bytes)
    this.#eventEnds()
  }

  onEnd(): void {
    this.#inputEnded = true
    if (this.#state === 'lingering') this.connection.close()
    if (this.#state !== 'open') return
    this.closeAfter = true
    this.#intake.end()
    this.settle()
  }

  onDrain(): void {
    this.blocked = false
    if (this.#state === 'open') this.#goOn()
    this.front?.drained()
  }

  onClose(error: SocketError | null): void {
    this.#state = 'closed'
    this.patience.rest()
    this.server.forget(this)
    this.#loseAll(error ?? new BodyError(400, 'the client closed the connection'))
  }

  // OutputOwner

  send(bytes: Uint8Array): void {
    if (this.#state === 'closed') return
    if (this.connection.write(bytes)) return
    this.blocked = true
    this.#await()
  }

  // For the intake

  /** A request has come. */
  take(exchange: ServerExchange): void {
    this.queue.push(exchange)
    if (this.#report.on) this.#report.request(exchange)
    // RFC 9112 §9.3.2: side by side only as long as all of them are safe.
    if (this.queue.length > 1 && !isSafe(exchange.method)) exchange.delayed = true
    else this.server.dispatch(exchange)
  }

  refused(verdict: Verdict): void {
    this.closeAfter = true
    if (this.#report.on) this.#report.refused(verdict)
  }

  /** What `run` writes goes out together. */
  event(run: () => void): void {
    if (this.#state !== 'open') return
    this.corked = true
    run()
    this.#eventEnds()
  }

  // For exchanges

  hold(): void {
    this.#intake.hold()
  }

  readOn(): void {
    this.#intake.readOn()
  }

  /** Decides whether the connection lives on after a reply; the lines that say so. */
  persistence(exchange: ServerExchange, asked: boolean): string {
    const { framing } = exchange
    const last = this.queue.at(-1) === exchange
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
      (last && this.#intake.refusal === null && this.#isLastOfAll())
    return exchange.closes ? 'Connection: close\r\n' : this.server.keepAlive
  }

  #isLastOfAll(): boolean {
    return this.closeAfter || this.server.draining || this.#intake.requests >= this.limits.requestsPerConnection
  }

  replied(exchange: ServerExchange): void {
    if (!exchange.received && !exchange.bodyClaimed && !exchange.closes) exchange.body.discard()
    this.settle()
  }

  abort(): void {
    this.#intake.reader.close()
    this.output.flush()
    this.connection.reset()
  }

  reportError(error: unknown, exchange: Exchange): void {
    this.server.reportError(error, exchange)
  }

  handOver(exchange: ServerExchange, head: string, owner: ConnectionOwner): void {
    // RFC 9110 §7.8: the other protocol begins where the request has ended.
    if (!exchange.received) throw new TypeError('the request has a body: read it before the connection is taken over')
    if (this.front !== exchange || this.queue.length > 1)
      throw new TypeError('the connection has other requests under way: refuse the upgrade')
    this.output.latin1(this, head)
    this.output.flush()
    this.report(exchange, exchange.status, head)
    this.#intake.reader.close()
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
    this.closeAfter = true
    if (this.idle) this.leave()
  }

  /** What was waited for has not come in time. */
  #expire(wait: Wait): void {
    switch (wait) {
      case 'idle':
        this.leave()
        break
      case 'head':
        this.#intake.expireHead()
        break
      case 'body':
        this.#intake.expireBody()
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

  /** At the end of every event: what was written goes out, who cannot be read is held back. */
  #eventEnds(): void {
    this.corked = false
    this.output.flush()
    if (this.#successor !== null) {
      this.#succeed()
      return
    }
    if (this.#state !== 'open') return
    this.#intake.setPace()
    this.#await()
  }

  /** Takes what is through off the queue, and brings the next forward. */
  settle(): void {
    if (this.#settling) return
    this.#settling = true
    let advanced = false
    while (this.#state === 'open') {
      const exchange = this.queue[0]
      if (exchange === undefined || !exchange.replied || !(exchange.received || exchange.closes)) break
      this.queue.shift()
      advanced = true
      if (this.#report.on) this.#report.done(exchange, '')
      if (exchange.closes) this.leave()
      else if (this.queue.length > 0) this.#bringForward(this.queue[0]!)
    }
    this.#settling = false
    if (this.#state !== 'open') return
    const { refusal } = this.#intake
    if (this.queue.length === 0 && refusal !== null) this.#refuse(refusal)
    else if (this.queue.length === 0 && this.closeAfter) this.leave()
    else if (advanced) this.#goOn()
  }

  #goOn(): void {
    this.#intake.goOn()
    if (!this.corked) this.#await()
  }

  #bringForward(exchange: ServerExchange): void {
    exchange.comeForward()
    if (!exchange.delayed) return
    exchange.delayed = false
    this.server.dispatch(exchange)
  }

  #refuse(verdict: Verdict): void {
    this.#intake.refusal = null
    this.output.latin1(this, refusalReply(verdict, this.server.date()))
    this.leave()
  }

  /** Ends the connection as soon as everything written is out. */
  leave(): void {
    if (this.#state !== 'open') return
    this.output.flush()
    this.#state = 'lingering'
    this.#intake.reader.close()
    this.#leaving = new Linger(this.connection, this.patience, this.machine.clock, this.limits)
    this.#leaving.begin()
    this.#intake.flow()
    if (this.#inputEnded) this.connection.close()
    this.#loseAll(new BodyError(400, 'the connection was closed after an earlier reply'))
  }

  #loseAll(error: Error): void {
    this.#intake.reading = null
    for (const exchange of this.queue.splice(0)) {
      if (this.#report.on) this.#report.done(exchange, error.message)
      exchange.lose(error)
    }
  }

  #succeed(): void {
    const owner = this.#successor!
    const early = this.#intake.reader.rest()
    this.#state = 'handed over'
    this.patience.rest()
    this.queue.length = 0
    this.server.forget(this)
    this.connection.attach(owner)
    if (early.length > 0) owner.onData(early)
    if (this.#inputEnded) owner.onEnd()
  }

  /** Sets the deadline for what is to come next. */
  #await(): void {
    if (this.#state !== 'open') return
    const { reading, reader, requests } = this.#intake
    if (this.blocked) this.patience.waitFor('stall', this.connection.queued)
    // The handler, or the reader of the body, may take its time; once the reply is through nobody is left to take any.
    else if (reading?.bodyOpen && (!reader.paused || reading.replied))
      this.patience.waitFor('body', reading.requestBytes)
    else if (reading !== null || this.queue.length > 0) this.patience.waitFor('nothing')
    else this.patience.waitFor(requests === 0 || reader.midHead ? 'head' : 'idle')
  }
}
