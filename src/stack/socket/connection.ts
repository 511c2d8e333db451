/** A TCP connection of the stack: `Connection` above, a `Tcb` below, where all that waits is kept. */
import { type Nanos, SECOND } from '../../base/clock.ts'
import { type Duration, requireDuration } from '../../base/duration.ts'
import { ERRNO, type ErrorCode, SocketError } from '../../base/errors.ts'
import type { EventLog } from '../../base/events.ts'
import { formatIp, type Ip } from '../../base/ip6.ts'
import type { Task } from '../../base/schedule.ts'
import { formatAddress, type IpAddress } from '../../socket/address.ts'
import { requireBytes } from '../../socket/bytes.ts'
import { Flushes, ownReset, writtenTooLate } from '../../socket/flush.ts'
import { HeldBytes } from '../../socket/held.ts'
import type { Connection, ConnectionOwner } from '../../socket/host.ts'
import type { Linger, OptionName, OptionValue } from '../../socket/options.ts'
import {
  type Label,
  type SegmentMeta,
  type sequence,
  Tcb,
  type TcbConfig,
  type TcbOwner,
  type TcpInfo,
  type TcpState,
} from '../../tcp/index.ts'
import type { TcpSegment } from '../../wire/tcp.ts'
import { NETWORK_ERROR_CODE, type NetworkError } from '../net/errors.ts'
import type { TcpEndpoint } from '../transport/tcp.ts'
import { TimeWaitEndpoint } from '../transport/time-wait.ts'
import type { OptionTable } from './options.ts'
import type { SocketPort } from './port.ts'
import { corkTime, highWater, lowWater, setTcpOption, settingsOf } from './tcp-options.ts'

/** Who made the connection: it is told when the handshake is over, one way or the other. */
export interface Opening {
  established(connection: StackConnection): void
  failed(connection: StackConnection, error: ErrorCode | null): void
  /** Passive open: whether one more may be completed. */
  admit?(): boolean
}

export interface Endpoints {
  readonly localAddress: Ip
  readonly localPort: number
  readonly remoteAddress: Ip
  readonly remotePort: number
}

export class StackConnection implements Connection, TcpEndpoint, TcbOwner, Label, Task {
  readonly localAddress: Ip
  readonly localPort: number
  readonly remoteAddress: Ip
  readonly remotePort: number
  readonly security = null
  nextInBucket: TcpEndpoint | null = null
  readonly #stack: SocketPort
  readonly #tcb: Tcb
  readonly #options: OptionTable
  /** Null once the handshake is over. */
  #opening: Opening | null
  #owner: ConnectionOwner | null = null
  #label: string | null = null
  #paused = false
  #corks = 0
  /** What the owner has given back. */
  #returned: HeldBytes | null = null
  #written = 0
  #flushes: Flushes | null = null
  /** Why bytes that were written have gone to nobody. */
  #lost: SocketError | null = null
  #endTold = false
  #drainOwed = false
  /** `close` or `reset` was called: what arrives is dropped. */
  #released = false
  /** `close` was called, and TCP has not got room for all that was written: the owner waits for that. */
  #handing = false

  /** How it ended; undefined while it lives. */
  #outcome: SocketError | null | undefined = undefined
  #closeTold = false
  /** In TIME-WAIT: another endpoint has taken its place. */
  #retired = false
  #socketError = 0

  /** The Tcb's next deadline, in the stack's schedule. */
  #slot = -1
  #armedFor: Nanos = 0
  /** Calls to the owner are arranged for this instant, or are being made. */
  #deliverySoon = false
  #delivering = false
  readonly #emit = (segment: TcpSegment): void => {
    this.#stack.tcp.emit(this.localAddress, this.remoteAddress, segment, this.#options.number('IP_TTL'))
  }

  /**
   * @param syn the SYN that it answers; null: this side opens it
   * @param least the least initial number, when an older connection of the same ports has only just ended
   */
  constructor(
    stack: SocketPort,
    ends: Endpoints,
    options: OptionTable,
    opening: Opening,
    syn: TcpSegment | null,
    least: sequence.Seq | null = null,
  ) {
    this.localAddress = ends.localAddress
    this.localPort = ends.localPort
    this.remoteAddress = ends.remoteAddress
    this.remotePort = ends.remotePort
    this.#stack = stack
    this.#options = options
    this.#opening = opening
    const now = stack.clock.now()
    const { localAddress, localPort, remoteAddress, remotePort } = ends
    const config: TcbConfig = {
      localPort,
      remotePort,
      mss: stack.tcp.mssTo(remoteAddress),
      iss: stack.tcp.initialSequence(localAddress, localPort, remoteAddress, remotePort, least),
      timestampOffset: stack.tcp.timestampOffset(localAddress, remoteAddress),
      owner: this,
      label: this,
      settings: settingsOf(options, stack.tcp.settings),
      admit: opening.admit === undefined ? undefined : () => opening.admit!(),
    }
    this.#tcb = syn === null ? Tcb.connect(config, now) : Tcb.accept(config, syn, now)
    this.#hold()
    stack.tcp.enter(this)
  }

  get local(): IpAddress {
    return { address: formatIp(this.localAddress), port: this.localPort }
  }

  get remote(): IpAddress {
    return { address: formatIp(this.remoteAddress), port: this.remotePort }
  }

  // ——— Label: how the event log calls it ———

  get log(): EventLog {
    return this.#stack.events
  }

  get host(): string {
    return this.#stack.name
  }

  get connection(): string {
    this.#label ??= `${formatAddress(this.local)}>${formatAddress(this.remote)}`
    return this.#label
  }

  /** Sends the SYN or the SYN-ACK. */
  start(): void {
    this.#poll()
  }

  /** TIME-WAIT too, of which the rest happens elsewhere. */
  get state(): TcpState {
    return this.#tcb.state
  }

  /** Linux's tcp_info. */
  info(): TcpInfo {
    return this.#tcb.info(this.#stack.clock.now())
  }

  get outstanding(): readonly [sequence.Seq, sequence.Seq] {
    return [this.#tcb.snd.una, this.#tcb.snd.nxt]
  }

  // ——— from the network ———

  segmentArrived(segment: TcpSegment, meta: SegmentMeta): void {
    const { una } = this.#tcb.snd
    this.#tcb.segmentArrived(segment, meta, this.#stack.clock.now())
    if (this.#tcb.snd.una !== una) this.#stack.layers.of(this.remoteAddress)?.confirm(this.remoteAddress)
  }

  settle(): void {
    this.#deliver()
  }

  /** What is open is nobody's to replace: TIME-WAIT has an endpoint of its own. */
  yieldsTo(): null {
    return null
  }

  replaced(): void {}

  complained(error: NetworkError): void {
    this.#tcb.unreachable(NETWORK_ERROR_CODE[error], this.#stack.clock.now())
    this.#deliver()
  }

  narrowed(mss: number): void {
    this.#tcb.narrow(mss)
    this.#poll()
  }

  /** Its deadline has come, or what waited is due to be delivered. */
  run(argument: unknown): void {
    if (argument === DELIVERY) this.#deliverySoon = false
    else this.#slot = -1
    this.#deliver()
  }

  #poll(): void {
    // While the owner is told: once, when it has been told everything. In TIME-WAIT another endpoint has taken over.
    if (this.#delivering || this.#retired) return
    const deadline = this.#tcb.poll(this.#stack.clock.now(), this.#emit)
    if (this.#tcb.state === 'TIME-WAIT') this.#retire()
    else this.#arm(deadline)
    this.#flushes?.reached(this.#written - this.#above)
    if (this.#handing && this.#above === 0) {
      this.#handing = false
      this.#end(null)
    }
  }

  /** What is left to do fits a record of a few numbers, which takes the place of all this. */
  #retire(): void {
    this.#retired = true
    this.#disarm()
    this.#stack.tcp.leave(this)
    const ttl = this.#options.number('IP_TTL')
    new TimeWaitEndpoint(this.#stack, this.localAddress, this.remoteAddress, ttl, this.#tcb.timeWait)
  }

  #disarm(): void {
    if (this.#slot >= 0) this.#stack.cancel(this.#slot)
    this.#slot = -1
  }

  #arm(deadline: Nanos): void {
    if (deadline === Number.POSITIVE_INFINITY) this.#disarm()
    else if (this.#slot < 0) {
      this.#armedFor = deadline
      this.#slot = this.#stack.at(deadline, this)
    } else if (deadline < this.#armedFor) {
      // A later deadline leaves the timer: it fires once for nothing, which costs less than moving it for every segment.
      this.#armedFor = deadline
      this.#stack.move(this.#slot, deadline)
    }
  }

  // ——— TcbOwner: noted here, told to the owner by #deliver ———

  onState(_from: TcpState, to: TcpState): void {
    if (to === 'ESTABLISHED') this.#opened()
    else if (to === 'FIN-WAIT-2') this.#stack.tcp.settled(this)
    // Both directions are done; the rest is the Tcb's own business.
    else if (to === 'TIME-WAIT') this.#end(null)
  }

  onClosed(error: ErrorCode | null): void {
    this.#disarm()
    this.#stack.tcp.leave(this)
    const opening = this.#opening
    this.#opening = null
    if (opening === null) this.#end(error)
    else opening.failed(this, error)
  }

  #opened(): void {
    const opening = this.#opening
    this.#opening = null
    opening?.established(this)
  }

  #end(error: ErrorCode | null): void {
    if (this.#outcome !== undefined) return
    this.#outcome = error === null ? null : new SocketError(error, 'read', this.remote)
    this.#flushes?.fail(this.#outcome ?? ownReset())
    if (error !== null) this.#socketError = ERRNO[error][0]
  }

  // ——— to the owner ———

  /** Tells the owner what there is to tell, and does what TCP has to do after that. */
  #deliver(): void {
    if (this.#delivering) return
    if (this.#owner !== null && !this.#deliverySoon) {
      this.#delivering = true
      try {
        while (this.#tellNext());
      } finally {
        this.#delivering = false
      }
    }
    this.#poll()
    this.#deliverSoon()
  }

  /** Tells the owner one thing. False: there is nothing more to tell. */
  #tellNext(): boolean {
    const owner = this.#owner!
    if (this.#closeTold) return false
    const readable = !this.#paused && !this.#released
    if (readable && this.#givenBack) {
      this.#stack.enterApplication()
      owner.onData(this.#returned!.take())
    } else if (readable && this.#tcb.readable) {
      const bytes = this.#tcb.read()!
      this.#stack.enterApplication()
      owner.onData(bytes)
    } else if (readable && this.#tcb.ended && !this.#endTold) {
      this.#endTold = true
      this.#stack.enterApplication()
      owner.onEnd()
    } else if (
      this.#drainOwed &&
      this.queued <= lowWater(this.#options, this.#stack.limits) &&
      this.#outcome === undefined
    ) {
      this.#drainOwed = false
      this.#stack.enterApplication()
      owner.onDrain()
    } else if (this.#outcome !== undefined && (this.#released || this.#nothingUnread)) {
      this.#closeTold = true
      this.#stack.enterApplication()
      owner.onClose(this.#outcome)
    } else return false
    return true
  }

  /** An end, orderly or not, comes after the bytes that came before it. */
  get #nothingUnread(): boolean {
    return !this.#givenBack && !this.#tcb.readable && (!this.#tcb.ended || this.#endTold)
  }

  get #givenBack(): boolean {
    return this.#returned !== null && !this.#returned.empty
  }

  get #hasNews(): boolean {
    if (this.#owner === null || this.#closeTold) return false
    if (!this.#paused && !this.#released && !this.#nothingUnread) return true
    if (this.#outcome !== undefined) return this.#released || this.#nothingUnread
    return this.#drainOwed && this.queued <= lowWater(this.#options, this.#stack.limits)
  }

  /** The owner is never called from inside its own calls: what its call has brought about is told right after. */
  #deliverSoon(): void {
    if (this.#deliverySoon || this.#delivering || !this.#hasNews) return
    this.#deliverySoon = true
    this.#stack.soon(this, DELIVERY)
  }

  // ——— Connection ———

  attach(owner: ConnectionOwner): void {
    if (owner !== this.#owner) this.#endTold = this.#closeTold = false
    this.#owner = owner
    this.#paused = false
    this.#deliverSoon()
  }

  write(bytes: Uint8Array): boolean {
    requireBytes('write', bytes)
    if (this.#released || this.#outcome !== undefined || !this.#tcb.send(bytes)) {
      if (bytes.length > 0) this.#lost ??= writtenTooLate()
      return false
    }
    this.#written += bytes.length
    const most = highWater(this.#options, this.#stack.limits)
    const fits = this.queued <= most
    if (this.#corks === 0 || !fits) this.#pollAndDeliver()
    if (fits || this.queued <= most) return true
    this.#drainOwed = true
    return false
  }

  cork(): void {
    this.#corks++
    this.#hold()
  }

  uncork(): void {
    if (this.#corks === 0 || --this.#corks > 0) return
    this.#hold()
    this.#pollAndDeliver()
  }

  /** How long a partial segment waits for more: for `uncork`, or for what TCP_CORK allows. */
  #hold(): void {
    this.#tcb.cork(this.#corks > 0 ? Number.POSITIVE_INFINITY : corkTime(this.#options))
  }

  get queued(): number {
    return this.#tcb.dead ? 0 : this.#tcb.unsent
  }

  /** Bytes that were written and that TCP has no room for: what SO_SNDBUF does not hold. */
  get #above(): number {
    return this.#tcb.dead ? 0 : Math.max(0, this.#tcb.queued - this.#tcb.snd.most)
  }

  flush(): Promise<void> {
    if (this.#outcome instanceof SocketError) return Promise.reject(this.#outcome)
    if (this.#lost !== null) return Promise.reject(this.#lost)
    if (this.#above === 0) return Promise.resolve()
    this.#flushes ??= new Flushes()
    return this.#flushes.until(this.#written)
  }

  pause(): void {
    this.#paused = true
  }

  unread(bytes: Uint8Array): void {
    requireBytes('unread', bytes)
    if (bytes.length === 0 || this.#released || this.#closeTold) return
    this.#returned ??= new HeldBytes()
    this.#returned.putBack(bytes)
    this.#endTold = false
    this.#deliverSoon()
  }

  resume(): void {
    this.#paused = false
    this.#deliverSoon()
  }

  end(): void {
    if (this.#released || this.#outcome !== undefined) return
    this.#corks = 0
    this.#tcb.shutdown(this.#stack.clock.now())
    this.#pollAndDeliver()
  }

  close(within?: Duration): void {
    const bound = within === undefined ? undefined : requireDuration('close(within)', within)
    const { clock, tcp } = this.#stack
    if (this.#released) {
      if (bound !== undefined) this.#tcb.close(clock.now(), bound)
    } else {
      this.#release()
      const linger = this.#lingers
      // Like close(2) it does not wait for the peer, once TCP has got everything, unless SO_LINGER asks it to.
      this.#handing = linger === undefined
      const may = this.#isThrough || tcp.mayOrphan(this)
      this.#tcb.close(clock.now(), may ? earlier(linger, bound) : 0)
    }
    this.#pollAndDeliver()
  }

  /** Nothing waits for the peer to take it any more. */
  get #isThrough(): boolean {
    return this.#tcb.dead || this.#retired || this.#tcb.state === 'FIN-WAIT-2'
  }

  reset(): void {
    if (this.#released && this.#closeTold) return
    this.#release()
    if (this.#above > 0) this.#lost ??= ownReset()
    if (!this.#retired) this.#tcb.abort(this.#stack.clock.now())
    this.#end(null)
    this.#pollAndDeliver()
  }

  #release(): void {
    this.#released = true
    this.#corks = 0
    this.#returned?.clear()
  }

  [Symbol.dispose](): void {
    this.close()
  }

  setOption(name: OptionName, value: OptionValue): void {
    const { clock, tcp } = this.#stack
    setTcpOption(this.#options, name, value, tcp.settings)
    if (name === 'TCP_CORK') this.#hold()
    const settings = settingsOf(this.#options, tcp.settings)
    if (settings !== this.#tcb.settings) this.#tcb.set(settings, clock.now())
    this.#pollAndDeliver()
  }

  getOption(name: OptionName): OptionValue {
    if (name === 'TCP_INFO') return this.info()
    if (name === 'TCP_MAXSEG') return this.#tcb.snd.mss
    if (name !== 'SO_ERROR') return this.#options.get(name)
    const error = this.#socketError
    this.#socketError = 0
    return error
  }

  #pollAndDeliver(): void {
    this.#poll()
    this.#deliverSoon()
  }

  /** SO_LINGER in nanoseconds; undefined when it is off. */
  get #lingers(): Nanos | undefined {
    const linger = this.#options.get('SO_LINGER') as Linger
    return linger.on ? linger.seconds * SECOND : undefined
  }
}

function earlier(one: Nanos | undefined, other: Nanos | undefined): Nanos | undefined {
  if (one === undefined || other === undefined) return one ?? other
  return Math.min(one, other)
}

/** The argument of `run` when it is not the Tcb's deadline. */
const DELIVERY = Symbol('delivery')
