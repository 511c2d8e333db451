/**
 * One client's connection in HTTP/2: requests become slots on their streams, all that they write in an event goes out at
 * its end, and it is decided what to wait for and when to leave.
 */
import type { SocketError } from '../../../base/errors.ts'
import type { Connection, ConnectionOwner } from '../../../socket/host.ts'
import { ClientGone } from '../../errors.ts'
import { Channel } from '../../h2/channel.ts'
import { Code } from '../../h2/codes.ts'
import { SessionFault } from '../../h2/fault.ts'
import type { MessageHead } from '../../h2/message.ts'
import { Session, type SessionOwner } from '../../h2/session.ts'
import type { Stream } from '../../h2/stream.ts'
import { SlabWire } from '../../h2/wire.ts'
import type { HttpLimits } from '../../limits.ts'
import type { OutputOwner } from '../../machine/output.ts'
import { isAlive, type Life, lifeAfter } from '../../machine/state.ts'
import { reasonPhrase } from '../../status.ts'
import { Verdict } from '../../verdict.ts'
import { notAdmitted } from '../admission.ts'
import { ServerExchange } from '../exchange.ts'
import { Reporter } from '../report.ts'
import type { ServerTransport, TransportServer } from '../transport.ts'
import { type SlotConnection, StreamSlot } from './slot.ts'
import { Watch } from './watch.ts'

export class Http2Connection implements ConnectionOwner, OutputOwner, ServerTransport, SessionOwner, SlotConnection {
  readonly connection: Connection
  readonly limits: HttpLimits
  readonly session: Session
  readonly patience: Watch
  readonly #server: TransportServer
  readonly #report: Reporter
  readonly #slots = new Map<Stream, StreamSlot>()
  /**
   * Requests that came while the client left lying what was sent, or while as many handlers were at work as there may be
   * streams: answered when it reads again, and when one of those has done.
   */
  #waiting: { readonly slot: StreamSlot; readonly exchange: ServerExchange }[] = []
  /** Handlers that are at work for streams that are gone. */
  #outlived = 0
  #life: Life = 'open'
  #corked = false
  #blocked = false
  /** Bytes given to the network. */
  #written = 0
  #requests = 0
  #ending = 'the client closed the connection'
  #dateLine = ''
  #dateValue = ''

  constructor(connection: Connection, server: TransportServer) {
    const { limits, machine, output } = server
    this.connection = connection
    this.limits = limits
    this.#server = server
    this.#report = new Reporter(machine, connection)
    const now = () => machine.clock.now()
    const watch = this.#report.on ? this.#report.frames() : null
    this.session = new Session({ role: 'server', limits, now, watch }, new SlabWire(output, this), this)
    this.patience = new Watch(this, machine.clock, (deadline) => server.noteDeadline(deadline))
    this.session.begin()
  }

  // ConnectionOwner

  onData(bytes: Uint8Array): void {
    if (!isAlive(this.#life)) {
      this.patience.heard(bytes.length)
      return
    }
    this.#corked = true
    this.session.feed(bytes)
    this.#corked = false
    this.#eventEnds()
  }

  onEnd(): void {
    const alive = isAlive(this.#life)
    this.#life = lifeAfter(this.#life, 'end')
    // Whoever has ended can neither open windows nor streams: there is no half-closed client in HTTP/2.
    this.#loseAll(new ClientGone(this.#ending))
    if (alive) this.#server.output.flush()
    this.session.close()
    this.connection.close()
  }

  onDrain(): void {
    this.#blocked = false
    this.session.sender.pump()
    this.#eventEnds()
  }

  onClose(error: SocketError | null): void {
    this.#life = lifeAfter(this.#life, 'gone')
    this.patience.rest()
    this.#server.forget(this)
    this.session.close()
    this.#loseAll(new ClientGone(error?.message ?? this.#ending, error ?? undefined))
  }

  // OutputOwner

  get corked(): boolean {
    return this.#corked
  }

  get blocked(): boolean {
    return this.#blocked
  }

  transmit(bytes: Uint8Array): void {
    if (this.#life === 'closed') return
    this.#written += bytes.length
    if (this.connection.write(bytes)) return
    this.#blocked = true
    this.patience.watch()
  }

  // SessionOwner

  requested(stream: Stream, head: MessageHead, ended: boolean): void {
    const slot = new StreamSlot(this, this.#server.nextId(), stream, head, ended)
    stream.ownedBy(slot)
    this.#slots.set(stream, slot)
    this.#requests++
    if (this.#report.on) this.#report.request(slot)
    const exchange = new ServerExchange(this.#server, slot, slot)
    slot.listen(exchange)
    const asked = { method: head.method, length: head.length, content: !ended && head.method !== 'CONNECT' }
    const fault = notAdmitted(asked, this.limits, 0)
    if (fault !== null) this.#refuse(exchange, fault)
    else if (this.#blocked || this.#waiting.length > 0 || this.#atWork > this.limits.streams)
      this.#waiting.push({ slot, exchange })
    else this.#server.dispatch(exchange)
    // Bounds what leaks, and lets load spread anew.
    if (this.#requests >= this.limits.requestsPerConnection) this.drain()
  }

  overlong(stream: Stream): void {
    const about = {
      method: 'GET',
      scheme: '',
      authority: '',
      path: '/',
      protocol: null,
      status: 0,
      length: -1,
      priority: '',
    }
    const slot = new StreamSlot(
      this,
      this.#server.nextId(),
      stream,
      { ...about, fields: [] },
      stream.state === 'half remote',
    )
    stream.ownedBy(slot)
    this.#slots.set(stream, slot)
    const exchange = new ServerExchange(this.#server, slot, slot)
    slot.listen(exchange)
    this.#refuse(exchange, new Verdict(431, 'more fields than the server takes', 0))
  }

  over(stream: Stream): void {
    const slot = this.#slots.get(stream)
    if (slot === undefined) return
    this.#slots.delete(stream)
    if (this.#waiting.length > 0) {
      // Nobody waits any more for a request that was taken back.
      this.#waiting = this.#waiting.filter((waiting) => waiting.slot !== slot)
      // Not at once: this may be in the midst of sending.
      if (!this.#corked) queueMicrotask(() => this.#serveWaiting())
    }
    if (this.#report.on) this.#report.done(slot, slot.gone?.message ?? '')
    if (!this.#corked) this.#settle()
  }

  leaving(): void {
    if (this.#life === 'open') this.#life = lifeAfter(this.#life, 'stop')
  }

  told(): void {}

  failed(fault: SessionFault): void {
    if (this.#report.on) this.#report.refused(new Verdict(400, fault.toString(), 0))
    this.#ending = fault.toString()
    this.#leave()
  }

  // For slots

  date(): string {
    const line = this.#server.date()
    if (line === this.#dateLine) return this.#dateValue
    this.#dateLine = line
    this.#dateValue = line.slice('Date: '.length, -2)
    return this.#dateValue
  }

  sent(slot: StreamSlot, status: number, fields: readonly string[]): void {
    if (this.#report.on) this.#report.responseFields(slot, status, fields)
  }

  channel(stream: Stream): Channel {
    const { local, remote, security } = this.connection
    return new Channel(this.session, stream, { clock: this.#server.machine.clock, local, remote, security })
  }

  watch(): void {
    this.patience.watch()
  }

  /**
   * CVE-2023-44487: a stream that is taken back makes room for another at once, its handler goes on until it looks at its
   * signal. Handlers that do not are counted, so that taking back buys no more of them than `limits.streams`.
   */
  outlived(work: Promise<void>): void {
    if (!isAlive(this.#life)) return
    this.#outlived++
    const done = () => {
      this.#outlived--
      if (!this.#corked) this.#eventEnds()
    }
    work.then(done, done)
    // Handlers that never end must not hold an honest client's requests for ever: it goes on with a new connection.
    if (this.#outlived >= this.limits.streams) this.drain()
  }

  // For the server

  drain(): void {
    if (!isAlive(this.#life)) return
    if (this.#life === 'open') this.#life = lifeAfter(this.#life, 'stop')
    this.session.drain()
    this.patience.watch()
    if (!this.#corked) this.#settle()
  }

  abort(): void {
    this.reset('the server broke the connection off')
  }

  // For the watch

  get slots(): Iterable<StreamSlot> {
    return this.#slots.values()
  }

  get idle(): boolean {
    return this.#slots.size === 0 && !this.session.midway
  }

  get lingering(): boolean {
    return this.#life === 'lingering'
  }

  /** Bytes that the network has taken: they move as long as the client takes any. */
  get taken(): number {
    return this.#written - this.connection.queued
  }

  expireIdle(): void {
    this.session.leave()
    this.#leave()
  }

  looked(): void {
    this.#eventEnds()
  }

  /** What was to come has not. */
  expire(why: string): void {
    this.session.fail(new SessionFault(Code.calm, why, 0))
  }

  reset(why: string): void {
    if (this.#life === 'closed') return
    this.session.close()
    this.#server.output.flush()
    this.#ending = why
    this.connection.reset()
  }

  // Within

  #refuse(exchange: ServerExchange, { status, why }: Verdict): void {
    const text = `${status} ${reasonPhrase(status)}: ${why}\n`
    exchange.reply(status, ['Content-Type', 'text/plain', 'X-Content-Type-Options', 'nosniff'], text)
  }

  /** Handlers at work for this client. */
  get #atWork(): number {
    return this.#slots.size - this.#waiting.length + this.#outlived
  }

  #serveWaiting(): void {
    if (this.#waiting.length === 0 || !isAlive(this.#life)) return
    const before = this.#corked
    this.#corked = true
    while (!this.#blocked && this.#atWork < this.limits.streams) {
      const next = this.#waiting.shift()
      if (next === undefined) break
      this.#server.dispatch(next.exchange)
    }
    this.#corked = before
  }

  #eventEnds(): void {
    this.#serveWaiting()
    this.#settle()
    if (!isAlive(this.#life)) return
    this.#server.output.flush()
    this.patience.arm()
  }

  /** Leaves when there is nothing more to wait for. */
  #settle(): void {
    if (this.#life !== 'last' || this.#slots.size > 0) return
    // Streams may be on their way until the client knows.
    if (this.session.going === 'announced') return
    this.session.leave()
    this.#leave()
  }

  /** Ends the connection as soon as everything written is out; what the client still sends is read and dropped. */
  #leave(): void {
    if (!isAlive(this.#life)) return
    this.#server.output.flush()
    this.#life = lifeAfter(this.#life, 'leave')
    this.session.close()
    this.#loseAll(new ClientGone(this.#ending))
    if (this.#life === 'closing') this.connection.close()
    else this.connection.end()
    this.patience.linger()
  }

  #loseAll(why: ClientGone): void {
    this.#waiting.length = 0
    const slots = [...this.#slots.values()]
    this.#slots.clear()
    for (const slot of slots) {
      if (this.#report.on) this.#report.done(slot, why.message)
      slot.lose(why)
    }
  }
}
