/** Two connections joined in memory: what is written to one arrives at the other, as over a network without delay. */
import type { Clock } from '../base/clock.ts'
import { type Duration, requireDuration } from '../base/duration.ts'
import { SocketError } from '../base/errors.ts'
import type { Address } from './address.ts'
import { requireBytes } from './bytes.ts'
import { CloseTimer } from './close-timer.ts'
import { Delivery } from './delivery.ts'
import { Flushes, ownReset, writtenTooLate } from './flush.ts'
import type { Connection, ConnectionOwner, Security } from './host.ts'
import { SOCKET_LIMITS, type SocketLimits } from './limits.ts'
import { noSuchOption } from './options.ts'

/**
 * A pair of connections. As with a kernel, bytes wait in two places: at the sender (`queued`), and at the receiver, who
 * takes up to `limits.receiveQueue` bytes that its owner does not want yet. Both tell their owners in microtasks,
 * never from inside a call. They have no socket options.
 * @param clock by which `close` loses its patience.
 * @param near address of the first.
 * @param far address of the second.
 * @param security what both say of the connection that they stand for.
 */
export function connectionPair(
  clock: Clock,
  near: Address,
  far: Address,
  limits: Partial<SocketLimits> = {},
  security: Security | null = null,
): [Connection, Connection] {
  const all = { ...SOCKET_LIMITS, ...limits }
  const first = new PairedConnection(clock, near, far, all, security)
  const second = new PairedConnection(clock, far, near, all, security)
  first.join(second)
  second.join(first)
  return [first, second]
}

/** How far a side has gone in leaving. */
type Leaving = 'no' | 'ending' | 'closing' | 'gone'

class PairedConnection implements Connection {
  readonly local: Address
  readonly remote: Address
  readonly security: Security | null
  readonly #clock: Clock
  readonly #limits: SocketLimits
  readonly #delivery = new Delivery(() => this.#soon())
  readonly #flushes = new Flushes()
  #peer!: PairedConnection
  #leaving: Leaving = 'no'
  /** What is written and has not gone. */
  readonly #outbox: Uint8Array[] = []
  #queued = 0
  #corks = 0
  #written = 0
  /** `write` has answered false. */
  #blocked = false
  /** The other side has been told of the end. */
  #endSent = false
  /** What has come and is not told. */
  readonly #inbox: Uint8Array[] = []
  #received = 0
  /** The other side has ended. */
  #ended = false
  /** Why bytes that were written have gone to nobody. */
  #lost: SocketError | null = null
  /** How the connection is over, to be told; undefined while it is not. */
  #outcome: SocketError | null | undefined = undefined
  #closeTimer: CloseTimer | null = null
  #scheduled = false

  constructor(clock: Clock, local: Address, remote: Address, limits: SocketLimits, security: Security | null) {
    this.#clock = clock
    this.local = local
    this.remote = remote
    this.#limits = limits
    this.security = security
  }

  join(peer: PairedConnection): void {
    this.#peer = peer
  }

  attach(owner: ConnectionOwner): void {
    this.#delivery.attach(owner)
  }

  write(bytes: Uint8Array): boolean {
    requireBytes('write', bytes)
    if (bytes.length > 0) {
      if (this.#leaving !== 'no' || this.#lost !== null) {
        this.#lost ??= writtenTooLate()
        return false
      }
      this.#outbox.push(new Uint8Array(bytes))
      this.#queued += bytes.length
      this.#written += bytes.length
      this.#soon()
    }
    this.#blocked ||= this.#queued > this.#limits.receiveQueue
    return this.#leaving === 'no' && !this.#blocked
  }

  cork(): void {
    this.#corks++
  }

  uncork(): void {
    this.#corks = Math.max(0, this.#corks - 1)
    this.#soon()
  }

  get queued(): number {
    return this.#queued
  }

  flush(): Promise<void> {
    if (this.#lost !== null) return Promise.reject(this.#lost)
    return this.#queued === 0 ? Promise.resolve() : this.#flushes.until(this.#written)
  }

  pause(): void {
    this.#delivery.pause()
  }

  resume(): void {
    this.#delivery.resume()
  }

  unread(bytes: Uint8Array): void {
    this.#delivery.unread(bytes)
  }

  end(): void {
    if (this.#leaving !== 'no') return
    this.#leaving = 'ending'
    this.#corks = 0
    this.#soon()
  }

  close(within?: Duration): void {
    if (within !== undefined) requireDuration('close(within)', within)
    if (this.#leaving === 'gone' || (this.#leaving === 'closing' && within === undefined)) return
    this.#leaving = 'closing'
    this.#corks = 0
    this.#drop()
    this.#closeTimer?.stop()
    this.#closeTimer = new CloseTimer(this.#clock, within, this.#limits.closeTime, () => this.reset())
    this.#soon()
  }

  reset(): void {
    if (this.#leaving === 'gone') return
    if (this.#queued > 0) this.#lost ??= ownReset()
    this.#drop()
    this.#over(null, ownReset())
    this.#peer.#over(new SocketError('ECONNRESET', 'read'), new SocketError('ECONNRESET', 'write'))
  }

  [Symbol.dispose](): void {
    this.close()
  }

  setOption(name: string): never {
    throw noSuchOption('setsockopt', name)
  }

  getOption(name: string): never {
    throw noSuchOption('getsockopt', name)
  }

  /** What has come is told to nobody any more. */
  #drop(): void {
    this.#delivery.drop()
    this.#inbox.length = 0
    this.#received = 0
  }

  /** Nothing more goes or comes. @param lost what those are told who wait for what they have written */
  #over(outcome: SocketError | null, lost: SocketError): void {
    if (this.#outcome !== undefined) return
    this.#outcome = outcome
    this.#leaving = 'gone'
    if (outcome !== null) {
      this.#lost ??= lost
      this.#inbox.length = 0
    }
    this.#outbox.length = 0
    this.#queued = 0
    this.#closeTimer?.stop()
    this.#flushes.fail(lost)
    this.#soon()
  }

  #soon(): void {
    if (this.#scheduled) return
    this.#scheduled = true
    queueMicrotask(() => {
      this.#scheduled = false
      this.#send()
      this.#deliver()
    })
  }

  /** Passes on what the other side takes. */
  #send(): void {
    const peer = this.#peer
    while (this.#corks === 0 && this.#outbox.length > 0 && peer.#received < peer.#limits.receiveQueue) {
      const piece = this.#outbox.shift()!
      this.#queued -= piece.length
      if (!peer.#takes(piece)) {
        // As a kernel does it: who writes to one that has closed is reset.
        this.#over(new SocketError('ECONNRESET', 'read'), new SocketError('ECONNRESET', 'write'))
        return
      }
      this.#closeTimer?.progress()
    }
    this.#flushes.reached(this.#written - this.#queued)
    if (this.#outbox.length === 0 && (this.#leaving === 'ending' || this.#leaving === 'closing')) this.#sendEnd()
    if (this.#blocked && this.#queued <= this.#limits.receiveQueue / 2) {
      this.#blocked = false
      if (this.#leaving === 'no') this.#delivery.owner?.onDrain()
    }
  }

  #sendEnd(): void {
    if (!this.#endSent) {
      this.#endSent = true
      this.#peer.#ended = true
      this.#peer.#soon()
    }
    if (this.#leaving === 'closing') this.#over(null, ownReset())
  }

  /** Whether the bytes that come are still wanted. */
  #takes(piece: Uint8Array): boolean {
    if (this.#leaving === 'closing') return true // and drops them
    if (this.#leaving === 'gone') return false
    this.#inbox.push(piece)
    this.#received += piece.length
    this.#soon()
    return true
  }

  /** Tells the owner what is to be told. */
  #deliver(): void {
    const delivery = this.#delivery
    if (this.#outcome !== undefined && this.#outcome !== null) delivery.closed(this.#outcome)
    delivery.run()
    while (this.#inbox.length > 0 && delivery.flowing) {
      const piece = this.#inbox.shift()!
      this.#received -= piece.length
      this.#peer.#soon()
      delivery.arrived(piece)
    }
    if (this.#ended && this.#inbox.length === 0) delivery.ended()
    if (this.#leaving === 'ending' && this.#endSent && delivery.endTold) this.#over(null, ownReset())
    if (this.#outcome !== undefined) delivery.closed(this.#outcome)
  }
}
