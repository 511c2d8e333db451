/** A TCP connection of the stack: `Connection` above, a `Tcb` below, and what waits between the two. */
import { type Nanos, SECOND } from '../../base/clock.ts'
import { type Duration, requireDuration } from '../../base/duration.ts'
import { ERRNO, type ErrorCode, SocketError } from '../../base/errors.ts'
import { formatIp4, type Ip4 } from '../../base/ip.ts'
import type { Task } from '../../base/schedule.ts'
import { formatAddress, type IpAddress } from '../../socket/address.ts'
import { requireBytes } from '../../socket/bytes.ts'
import { CloseTimer } from '../../socket/close-timer.ts'
import { Flushes, ownReset, writtenTooLate } from '../../socket/flush.ts'
import { HeldBytes } from '../../socket/held.ts'
import type { Connection, ConnectionOwner } from '../../socket/host.ts'
import type { Linger, OptionName, OptionValue } from '../../socket/options.ts'
import { supersedes, Tcb, type TcbConfig, type TcbOwner, type TcpInfo, type TcpState } from '../../tcp/index.ts'
import type { TcpSegment } from '../../wire/tcp.ts'
import { NETWORK_ERROR_CODE, type NetworkError } from '../ip/errors.ts'
import type { Stack } from '../stack.ts'
import type { TcpEndpoint } from '../transport/tcp.ts'
import { Inbox } from './inbox.ts'
import type { OptionTable } from './options.ts'
import { Overflow } from './overflow.ts'
import { applyOption, tcpSettings } from './tcp-options.ts'

/** Who made the connection: it is told when the handshake is over, one way or the other. */
export interface Opening {
  established(connection: StackConnection): void
  failed(connection: StackConnection, error: ErrorCode | null): void
  /** Passive open: whether one more may be completed. */
  admit?(): boolean
}

export interface Endpoints {
  readonly localAddress: Ip4
  readonly localPort: number
  readonly remoteAddress: Ip4
  readonly remotePort: number
}

export class StackConnection implements Connection, TcpEndpoint, TcbOwner, Task {
  readonly localAddress: Ip4
  readonly localPort: number
  readonly remoteAddress: Ip4
  readonly remotePort: number
  readonly local: IpAddress
  readonly remote: IpAddress
  readonly security = null
  nextInBucket: TcpEndpoint | null = null
  readonly #stack: Stack
  readonly #tcb: Tcb
  readonly #options: OptionTable
  /** Null once the handshake is over. */
  #opening: Opening | null
  #owner: ConnectionOwner | null = null
  #paused = false
  #corks = 0

  readonly #arrived = new Inbox()
  /** What the owner has given back. */
  #returned: HeldBytes | null = null
  #peerFinished = false
  #endTold = false
  /** Taken by `write`, but held back by a cork, or by the Tcb's full buffer. */
  readonly #overflow = new Overflow()
  #drainOwed = false
  /** What follows when the overflow has gone. */
  #afterwards: 'nothing' | 'end' | 'close' = 'nothing'
  #written = 0
  #flushes: Flushes | null = null
  /** Why bytes that were written have gone to nobody. */
  #lost: SocketError | null = null
  #closeTimer: CloseTimer | null = null
  /** `close` or `reset` was called: what arrives is dropped. */
  #released = false

  /** How it ended; undefined while it lives. */
  #outcome: SocketError | null | undefined = undefined
  #closeTold = false
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
  readonly #send = (bytes: Uint8Array): number => this.#tcb.send(bytes)

  /** @param syn the SYN that it answers; null: this side opens it */
  constructor(stack: Stack, ends: Endpoints, options: OptionTable, opening: Opening, syn: TcpSegment | null) {
    this.localAddress = ends.localAddress
    this.localPort = ends.localPort
    this.remoteAddress = ends.remoteAddress
    this.remotePort = ends.remotePort
    this.local = { address: formatIp4(ends.localAddress), port: ends.localPort }
    this.remote = { address: formatIp4(ends.remoteAddress), port: ends.remotePort }
    this.#stack = stack
    this.#options = options
    this.#opening = opening
    const now = stack.clock.now()
    const { localAddress, localPort, remoteAddress, remotePort } = ends
    const config: TcbConfig = {
      localPort,
      remotePort,
      mss: stack.tcp.mssTo(remoteAddress),
      iss: stack.tcp.initialSequence(localAddress, localPort, remoteAddress, remotePort),
      timestampOffset: stack.tcp.timestampOffset(localAddress, remoteAddress),
      owner: this,
      log: stack.events,
      host: stack.name,
      connection: `${formatAddress(this.local)}>${formatAddress(this.remote)}`,
      settings: tcpSettings(options),
      admit: opening.admit === undefined ? undefined : () => opening.admit!(),
    }
    this.#tcb = syn === null ? Tcb.connect(config, now) : Tcb.accept(config, syn, now)
    stack.tcp.enter(this)
  }

  /** Sends the SYN or the SYN-ACK. */
  start(): void {
    this.#poll()
  }

  get state(): TcpState {
    return this.#tcb.state
  }

  /** Linux's tcp_info. */
  info(): TcpInfo {
    return this.#tcb.info(this.#stack.clock.now())
  }

  get outstanding(): readonly [number, number] {
    return [this.#tcb.sndUna, this.#tcb.sndNxt]
  }

  // ——— from the network ———

  segmentArrived(segment: TcpSegment): void {
    const { sndUna } = this.#tcb
    this.#tcb.segmentArrived(segment, this.#stack.clock.now())
    if (this.#tcb.sndUna !== sndUna) this.#stack.output.confirm(this.remoteAddress)
    this.#poll()
    this.#deliver()
  }

  /** RFC 9293 §3.10.7.4, fourth: a SYN may take the place of a connection in TIME-WAIT. */
  yieldsTo(segment: TcpSegment): boolean {
    if (!supersedes(this.#tcb, segment)) return false
    this.onClosed(null)
    return true
  }

  complained(error: NetworkError): void {
    this.#tcb.unreachable(NETWORK_ERROR_CODE[error])
    this.#poll()
    this.#deliver()
  }

  narrowed(mss: number): void {
    this.#tcb.narrow(mss)
    this.#poll()
  }

  /** Its deadline has come, or what waited is due to be delivered. */
  run(argument: unknown): void {
    if (argument === DELIVERY) this.#deliverySoon = false
    else {
      this.#slot = -1
      this.#poll()
    }
    this.#deliver()
  }

  #poll(): void {
    if (this.#delivering) return // once, when the owner has been told everything
    this.#tcb.poll(this.#stack.clock.now(), this.#emit)
    this.#arm()
  }

  #arm(): void {
    const deadline = this.#tcb.deadline()
    if (deadline === Number.POSITIVE_INFINITY) {
      if (this.#slot >= 0) this.#stack.cancel(this.#slot)
      this.#slot = -1
    } else if (this.#slot < 0) {
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
    // Both directions are done; the rest is the Tcb's own business.
    else if (to === 'TIME-WAIT') this.#end(null)
  }

  onData(bytes: Uint8Array): void {
    if (this.#released) this.#tcb.consumed(bytes.length)
    else this.#arrived.add(bytes)
  }

  onEnd(): void {
    this.#peerFinished = true
  }

  onDrain(): void {
    this.#flushOverflow()
  }

  onClosed(error: ErrorCode | null): void {
    if (this.#slot >= 0) this.#stack.cancel(this.#slot)
    this.#slot = -1
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
    this.#outcome = error === null ? null : new SocketError(error, 'read', { ...this.remote })
    this.#closeTimer?.stop()
    this.#flushes?.fail(this.#outcome ?? ownReset())
    if (error !== null) this.#socketError = ERRNO[error][0]
  }

  // ——— to the owner ———

  #deliver(): void {
    if (this.#delivering || this.#deliverySoon || this.#owner === null) return
    this.#delivering = true
    try {
      while (this.#tellNext());
    } finally {
      this.#delivering = false
    }
    this.#poll()
    if (this.#hasNews) this.#deliverSoon()
  }

  /** Tells the owner one thing. False: there is nothing more to tell. */
  #tellNext(): boolean {
    const owner = this.#owner!
    const told = this.#closeTold
    if (told) return false
    const readable = !this.#paused && !this.#released
    if (readable && this.#givenBack) {
      this.#stack.enterApplication()
      owner.onData(this.#returned!.take())
    } else if (readable && !this.#arrived.empty) {
      const bytes = this.#arrived.take()
      this.#stack.enterApplication()
      owner.onData(bytes)
      this.#tcb.consumed(bytes.length)
    } else if (readable && this.#peerFinished && !this.#endTold) {
      this.#endTold = true
      this.#stack.enterApplication()
      owner.onEnd()
    } else if (this.#drainOwed && this.queued <= this.#stack.limits.writeLowWater && this.#outcome === undefined) {
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
    return !this.#givenBack && this.#arrived.empty && (!this.#peerFinished || this.#endTold)
  }

  get #givenBack(): boolean {
    return this.#returned !== null && !this.#returned.empty
  }

  get #hasNews(): boolean {
    if (this.#owner === null || this.#closeTold) return false
    if (!this.#paused && !this.#released && !this.#nothingUnread) return true
    if (this.#outcome !== undefined) return this.#released || this.#nothingUnread
    return this.#drainOwed && this.queued <= this.#stack.limits.writeLowWater
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
    if (this.#released || this.#outcome !== undefined || this.#afterwards !== 'nothing') {
      if (bytes.length > 0) this.#lost ??= writtenTooLate()
      return false
    }
    this.#written += bytes.length
    const taken = this.#corks > 0 || this.#overflow.bytes > 0 ? 0 : this.#tcb.send(bytes)
    if (taken < bytes.length) this.#overflow.add(bytes.subarray(taken))
    if (this.#corks === 0) this.#pollAndDeliver()
    if (this.queued <= this.#stack.limits.writeHighWater) return true
    this.#drainOwed = true
    return false
  }

  cork(): void {
    this.#corks++
  }

  uncork(): void {
    if (this.#corks === 0) return
    this.#corks--
    if (this.#corks > 0) return
    this.#flushOverflow()
    this.#pollAndDeliver()
  }

  get queued(): number {
    return this.#tcb.dead ? 0 : this.#tcb.unsent + this.#overflow.bytes
  }

  flush(): Promise<void> {
    if (this.#outcome instanceof SocketError) return Promise.reject(this.#outcome)
    if (this.#lost !== null) return Promise.reject(this.#lost)
    if (this.#overflow.bytes === 0) return Promise.resolve()
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
    if (this.#afterwards !== 'nothing' || this.#released || this.#outcome !== undefined) return
    this.#afterwards = 'end'
    this.#corks = 0
    this.#flushOverflow()
    this.#pollAndDeliver()
  }

  close(within?: Duration): void {
    const deadline = within === undefined ? undefined : requireDuration('close(within)', within)
    if (!this.#released) {
      this.#released = true
      this.#afterwards = 'close'
      this.#corks = 0
      this.#dropUnread()
      this.#flushOverflow()
      this.#pollAndDeliver()
    } else if (deadline === undefined) return
    if (this.#outcome !== undefined || this.#overflow.bytes === 0) return
    this.#closeTimer?.stop()
    const { clock, limits } = this.#stack
    this.#closeTimer = new CloseTimer(clock, deadline, limits.closeTime as Duration, () => this.reset())
  }

  reset(): void {
    if (this.#released && this.#closeTold) return
    this.#released = true
    if (this.#overflow.bytes > 0) this.#lost ??= ownReset()
    this.#overflow.clear()
    this.#dropUnread()
    this.#tcb.abort()
    this.#end(null)
    this.#pollAndDeliver()
  }

  [Symbol.dispose](): void {
    this.close()
  }

  setOption(name: OptionName, value: OptionValue): void {
    this.#options.set(name, value)
    applyOption(this.#tcb, this.#options, name)
    this.#pollAndDeliver()
  }

  getOption(name: OptionName): OptionValue {
    if (name !== 'SO_ERROR') return this.#options.get(name)
    const error = this.#socketError
    this.#socketError = 0
    return error
  }

  #pollAndDeliver(): void {
    this.#poll()
    this.#deliverSoon()
  }

  /** Gives the Tcb what it has room for, and then what was asked for after the last byte. */
  #flushOverflow(): void {
    if (this.#corks > 0) return
    const empty = this.#overflow.flush(this.#send)
    this.#closeTimer?.progress()
    this.#flushes?.reached(this.#written - this.#overflow.bytes)
    if (!empty) return
    this.#closeTimer?.stop()
    if (this.#afterwards === 'end') this.#tcb.shutdown()
    else if (this.#afterwards === 'close') {
      this.#tcb.close(this.#lingers)
      // Like close(2) it does not wait for the peer, once nothing waits above TCP, unless SO_LINGER asks it to.
      if (this.#lingers === undefined) this.#end(null)
    }
  }

  #dropUnread(): void {
    this.#returned?.clear()
    while (!this.#arrived.empty) this.#tcb.consumed(this.#arrived.take().length)
  }

  /** SO_LINGER in nanoseconds; undefined when it is off. */
  get #lingers(): Nanos | undefined {
    const linger = this.#options.get('SO_LINGER') as Linger
    return linger.on ? linger.seconds * SECOND : undefined
  }
}

/** The argument of `run` when it is not the Tcb's deadline. */
const DELIVERY = Symbol('delivery')
