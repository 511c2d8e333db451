/**
 * One client's connection in HTTP/1.1: replies go out in the order of the requests, whoever finishes first, and it is
 * decided what to wait for and when to close.
 */
import type { SocketError } from '../../../base/errors.ts'
import type { Connection, ConnectionOwner, FileSource } from '../../../socket/host.ts'
import { ClientGone } from '../../errors.ts'
import type { HttpLimits } from '../../limits.ts'
import type { Output } from '../../machine/output.ts'
import { Pace } from '../../machine/pace.ts'
import { isAlive, type Life, lifeAfter } from '../../machine/state.ts'
import { cannotUpgrade } from '../../reply/misuse.ts'
import type { Verdict } from '../../verdict.ts'
import { isSafe } from '../admission.ts'
import { ServerExchange } from '../exchange.ts'
import { Reporter } from '../report.ts'
import type { ServerTransport, TransportServer } from '../transport.ts'
import { Intake, type IntakeConnection } from './intake.ts'
import { Linger } from './linger.ts'
import { Patience, type Wait } from './patience.ts'
import { refusalReply } from './refusal.ts'
import type { Slot } from './slot.ts'

export class ServerConnection implements ConnectionOwner, IntakeConnection, ServerTransport {
  readonly connection: Connection
  readonly output: Output
  readonly limits: HttpLimits
  readonly scheme: 'http' | 'https'
  readonly patience: Patience
  readonly #server: TransportServer
  readonly #intake: Intake
  readonly #pace: Pace
  readonly #report: Reporter
  /** Requests whose replies are not through, oldest first. */
  readonly #queue: Slot[] = []
  /** The last of the queue, when its handler waits for the replies before. */
  #delayed: ServerExchange | null = null
  #life: Life = 'open'
  /** The client takes less than is written. */
  #blocked = false
  /** Bytes given to the network. */
  #written = 0
  #linger: Linger | null = null
  /** Why the connection is gone, when the host does not say. */
  #ending = 'the client closed the connection'
  #successor: ConnectionOwner | null = null
  #settling = false

  constructor(connection: Connection, server: TransportServer) {
    const { limits, output, machine } = server
    this.connection = connection
    this.scheme = connection.security === null ? 'http' : 'https'
    this.output = output
    this.limits = limits
    this.#server = server
    this.#intake = new Intake(this, limits)
    this.#pace = new Pace(this.#intake.reader, connection, () => this.#eventEnds())
    this.#report = new Reporter(machine, connection)
    const note = (deadline: number) => server.noteDeadline(deadline)
    this.patience = new Patience(machine.clock, limits, note, (wait) => this.#expire(wait))
    this.#await()
  }

  // ConnectionOwner

  onData(bytes: Uint8Array): void {
    if (isAlive(this.#life)) this.#pace.feed(bytes)
    else this.#linger?.received(bytes)
  }

  onEnd(): void {
    const alive = isAlive(this.#life)
    this.#life = lifeAfter(this.#life, 'end')
    if (!alive) {
      this.connection.close()
      return
    }
    this.#intake.end()
    this.settle()
    // Nobody who has gone asks for more; who only says that nothing more will come is served on by `halfClose`.
    if (isAlive(this.#life) && !this.#server.halfClose) this.#clientLeft()
  }

  onDrain(): void {
    this.#blocked = false
    if (isAlive(this.#life)) this.#goOn()
    this.front?.drained()
  }

  onClose(error: SocketError | null): void {
    this.#life = lifeAfter(this.#life, 'gone')
    this.patience.rest()
    this.#server.forget(this)
    this.#loseAll(new ClientGone(error?.message ?? this.#ending, error ?? undefined))
  }

  // OutputOwner

  get corked(): boolean {
    return this.#pace.corked
  }

  transmit(bytes: Uint8Array): void {
    if (this.#life === 'closed') return
    this.#written += bytes.length
    if (this.connection.write(bytes)) return
    this.#blocked = true
    this.#await()
  }

  sendFile(file: FileSource, offset: number, length: number): Promise<void> | null {
    const { connection } = this
    if (connection.sendFile === undefined || file.descriptor === null || this.#life === 'closed') return null
    this.output.flush()
    this.#written += length
    this.#blocked = true
    const sent = connection.sendFile(file, offset, length)
    this.#await()
    return sent.then(() => this.onDrain())
  }

  // For the intake

  nextId(): number {
    return this.#server.nextId()
  }

  headArrived(): void {
    this.patience.rest()
  }

  take(slot: Slot): void {
    this.#queue.push(slot)
    if (this.#report.on) this.#report.request(slot)
    const exchange = new ServerExchange(this.#server, slot, slot)
    slot.listen(exchange)
    // RFC 9112 §9.3.2: side by side only as long as all of them are safe.
    if (this.#queue.length > 1 && !isSafe(slot.method)) this.#delayed = exchange
    else this.#server.dispatch(exchange)
  }

  /**
   * Not while as many wait as may, nor beside one that is not safe, nor while the client leaves our replies lying,
   * which it could make pile up without end.
   */
  mayTake(): boolean {
    const { length } = this.#queue
    if (this.#blocked || length >= this.limits.pipelineDepth) return false
    return length === 0 || isSafe(this.#queue[length - 1]!.method)
  }

  stop(verdict: Verdict | null): void {
    this.#life = lifeAfter(this.#life, 'stop')
    if (verdict !== null && this.#report.on) this.#report.refused(verdict)
  }

  // For slots

  get front(): Slot | undefined {
    return this.#queue[0]
  }

  get blocked(): boolean {
    return this.#blocked
  }

  get unread(): boolean {
    return this.#intake.reader.more
  }

  date(): string {
    return this.#server.date()
  }

  closesAfter(slot: Slot, asked: boolean): boolean {
    const { framing } = slot
    const last = this.#queue[this.#queue.length - 1] === slot
    const unread = slot.state.request !== 'body' || slot.bodyClaimed ? 0 : framing.length - slot.requestBytes
    return (
      asked ||
      // What follows a CONNECT was for the tunnel, not for us.
      framing.kind === 'tunnel' ||
      unread > this.limits.drainBytes ||
      (slot.state.request === 'body' && slot.bodyDoubtful) ||
      // Where what follows was refused, the refusal is the last reply.
      (last && this.#intake.refusal === null && this.#isLastOfAll())
    )
  }

  #isLastOfAll(): boolean {
    return (
      this.#life !== 'open' ||
      this.#server.drainSignal.aborted ||
      this.#intake.requests >= this.limits.requestsPerConnection
    )
  }

  connectionLines(closes: boolean): string {
    return closes ? 'Connection: close\r\n' : this.#server.keepAlive
  }

  sent(slot: Slot, status: number, head: string): void {
    if (this.#report.on) this.#report.response(slot, status, head)
  }

  replied(slot: Slot): void {
    if (slot.state.request === 'body' && !slot.bodyClaimed) slot.body.discard()
    this.settle()
  }

  hold(): void {
    this.#pace.hold()
  }

  readOn(): void {
    if (isAlive(this.#life)) this.#pace.readOn()
  }

  abort(): void {
    this.#reset('the server broke the connection off')
  }

  checkAlone(slot: Slot): void {
    if (this.front !== slot || this.#queue.length > 1)
      throw cannotUpgrade('the client has sent other requests on this connection: answer without an upgrade')
  }

  handOver(head: string, owner: (connection: Connection) => ConnectionOwner): void {
    this.output.latin1(this, head)
    this.output.flush()
    this.#intake.reader.close()
    // Made after the head has gone out: an owner may speak as soon as it has the connection.
    this.#successor = owner(this.connection)
    if (!this.corked) this.#succeed()
  }

  // For the server

  drain(): void {
    if (!isAlive(this.#life)) return
    this.#life = lifeAfter(this.#life, 'stop')
    if (this.#queue.length === 0 && !this.#intake.reader.midMessage) this.leave()
  }

  // What happens next

  /** What was waited for has not come in time. */
  #expire(wait: Wait): void {
    switch (wait) {
      case 'idle':
        this.leave()
        break
      case 'head':
        this.#intake.expireHead()
        break
      case 'body': {
        const { mark } = this.patience
        if (this.#intake.expireBody(mark)) this.#await()
        break
      }
      case 'stall':
        if (this.connection.queued > 0) this.#waitOn('stall', 'the client took nothing of what was sent')
        else if (this.#linger !== null) this.#linger.expired(this.#taken)
        else this.#await()
        break
      case 'leave':
        this.#waitOn('leave', this.#ending)
        break
      case 'linger':
        this.#linger?.expired(this.#taken)
        break
      default:
    }
  }

  #waitOn(wait: 'stall' | 'leave', why: string): void {
    if (!this.patience.waitOn(wait, this.#taken)) this.#reset(why)
  }

  #reset(why: string): void {
    if (this.#life === 'closed' || this.#life === 'handed over') return
    this.#intake.reader.close()
    this.output.flush()
    this.#ending = why
    this.connection.reset()
  }

  /** Bytes that the network has taken: they move as long as the client takes any. */
  get #taken(): number {
    return this.#written - this.connection.queued
  }

  /** At the end of every event: what was written goes out, who cannot be read is held back. */
  #eventEnds(): void {
    this.output.flush()
    if (this.#successor !== null) {
      this.#succeed()
      return
    }
    if (!isAlive(this.#life)) return
    this.#pace.keep()
    this.#await()
  }

  /** Takes what is through off the queue, and brings the next forward. */
  settle(): void {
    if (this.#settling) return
    this.#settling = true
    let advanced = false
    while (isAlive(this.#life)) {
      const slot = this.#queue[0]
      if (slot === undefined || !slot.state.through) break
      this.#queue.shift()
      advanced = true
      if (this.#report.on) this.#report.done(slot, '')
      if (!slot.state.reusable) this.leave()
      else if (this.#queue.length > 0) this.#bringForward(this.#queue[0]!)
    }
    this.#settling = false
    if (!isAlive(this.#life)) return
    if (this.#queue.length === 0) {
      const refusal = this.#intake.takeRefusal()
      if (refusal !== null) this.output.latin1(this, refusalReply(refusal, this.date()))
      if (refusal !== null || this.#life !== 'open') {
        this.leave()
        return
      }
    }
    if (advanced) this.#goOn()
  }

  /** Takes up reading where a request in the way is gone, or the client takes replies again. */
  #goOn(): void {
    const { reader, reading } = this.#intake
    if (reader.paused && reading === null && this.mayTake()) this.#pace.readOn()
    if (!this.corked) this.#await()
  }

  #bringForward(slot: Slot): void {
    slot.comeForward()
    const delayed = this.#delayed
    if (delayed === null || this.#queue.length > 1) return
    this.#delayed = null
    this.#server.dispatch(delayed)
  }

  /** Ends the connection as soon as everything written is out. */
  leave(): void {
    if (!isAlive(this.#life)) return
    this.output.flush()
    this.#life = lifeAfter(this.#life, 'leave')
    this.#intake.reader.close()
    this.#linger = new Linger(this.connection, this.patience, this.#server.machine.clock, this.limits)
    this.#linger.begin()
    this.#pace.flow()
    if (this.#life === 'closing') this.connection.close()
    this.#loseAll(new ClientGone('the connection was closed after an earlier reply'))
  }

  /** The client has ended its side: whoever waits for it is told, and what is still written has a while to go out. */
  #clientLeft(): void {
    const why = new ClientGone(this.#ending)
    for (const slot of [...this.#queue]) slot.left(why)
    this.#await()
  }

  #loseAll(why: ClientGone): void {
    this.#intake.forget()
    this.#delayed = null
    for (const slot of this.#queue.splice(0)) {
      if (this.#report.on) this.#report.done(slot, why.message)
      slot.lose(why)
    }
  }

  #succeed(): void {
    const owner = this.#successor!
    const early = this.#intake.reader.rest()
    this.#life = lifeAfter(this.#life, 'hand over')
    this.patience.rest()
    for (const slot of this.#queue.splice(0)) if (this.#report.on) this.#report.done(slot, '')
    this.#server.forget(this)
    this.connection.unread(early)
    this.connection.attach(owner)
  }

  /** Sets the deadline for what is to come next. */
  #await(): void {
    if (!isAlive(this.#life)) return
    const { reading, reader, requests } = this.#intake
    if (this.#blocked) this.patience.waitFor('stall', this.#taken)
    else if (this.#life === 'half' && !this.#server.halfClose) this.patience.waitFor('leave', this.#taken)
    // The handler, or the reader of the body, may take its time; once the reply is through nobody is left to take any.
    else if (reading?.bodyWanted && (!reader.paused || reading.state.reply === 'whole'))
      this.patience.waitFor('body', reading.requestBytes)
    else if (reading !== null || this.#queue.length > 0) this.patience.waitFor('nothing')
    else this.patience.waitFor(requests === 0 || reader.midHead ? 'head' : 'idle')
  }
}
