/** Node's `Duplex` as a Connection. */
import type { Duplex } from 'node:stream'
import { plainBytes } from '../../base/bytes.ts'
import type { Clock } from '../../base/clock.ts'
import { type Duration, requireDuration } from '../../base/duration.ts'
import { SocketError } from '../../base/errors.ts'
import { systemClock } from '../../base/node/machine.ts'
import type { Address } from '../address.ts'
import { requireBytes } from '../bytes.ts'
import { CloseTimer } from '../close-timer.ts'
import { Delivery } from '../delivery.ts'
import { Flushes, ownReset, writtenTooLate } from '../flush.ts'
import type { Connection, ConnectionOwner, Security } from '../host.ts'
import { SOCKET_LIMITS, type SocketLimits } from '../limits.ts'
import { noSuchOption, type OptionName, type OptionValue } from '../options.ts'

/** What a stream cannot say of itself. */
export interface Endpoints {
  readonly local: Address
  readonly remote: Address
  /** Where the stream is encrypted; default: it is not. */
  readonly security?: Security | null
  /** The clock by which `close` loses its patience: that of the host the stream lives on. Default: this machine's. */
  readonly clock?: Clock
  /** The connection under the stream, where there is one: it has the socket options, and `reset` breaks it off. */
  readonly carrier?: Connection
}

/** The stream as a Connection. It has the socket options of its carrier; without one it has none. */
export function fromDuplex(duplex: Duplex, ends: Endpoints, limits: Partial<SocketLimits> = {}): Connection {
  return new DuplexConnection(duplex, ends, { ...SOCKET_LIMITS, ...limits })
}

/** How far this side has gone in leaving. */
type Leaving = 'no' | 'ending' | 'closing' | 'resetting'

class DuplexConnection implements Connection {
  readonly local: Address
  readonly remote: Address
  readonly security: Security | null
  readonly #duplex: Duplex
  readonly #limits: SocketLimits
  readonly #clock: Clock
  readonly #carrier: Connection | null
  readonly #delivery = new Delivery(() => queueMicrotask(this.#deliver))
  #leaving: Leaving = 'no'
  #closeTimer: CloseTimer | null = null
  #failure: SocketError | null = null
  #wantsDrain = false
  /** The owner was told the last. */
  #told = false
  /** Writes that were handed to the stream, and those of them that it has passed on. */
  #written = 0
  #passed = 0
  #flushes: Flushes | null = null
  /** Why bytes that were written have gone to nobody. */
  #lost: SocketError | null = null

  constructor(duplex: Duplex, ends: Endpoints, limits: SocketLimits) {
    this.#duplex = duplex
    this.#limits = limits
    this.#clock = ends.clock ?? systemClock()
    this.#carrier = ends.carrier ?? null
    this.local = ends.local
    this.remote = ends.remote
    this.security = ends.security ?? null
    duplex.pause()
    duplex.on('data', (bytes: Uint8Array) => {
      this.#delivery.arrived(plainBytes(bytes))
      this.#regulate()
    })
    duplex.on('end', () => {
      this.#delivery.ended()
      this.#endIfBoth()
    })
    duplex.on('finish', () => this.#endIfBoth())
    duplex.on('drain', () => {
      if (!this.#wantsDrain) return
      this.#wantsDrain = false
      if (this.#leaving === 'no') this.#delivery.owner?.onDrain()
    })
    duplex.on('error', (error: Error & { code?: string }) => {
      this.#failure ??=
        error instanceof SocketError
          ? error
          : new SocketError(error.code === 'EPIPE' ? 'EPIPE' : 'ECONNRESET', 'read', { cause: error })
      // A TLS socket that is told of its end by an alert does not close by itself where the stream below is half open.
      if (!duplex.destroyed) duplex.destroy()
    })
    // A TLS socket whose carrier is reset says so from inside the call.
    duplex.on('close', () => queueMicrotask(() => this.#over()))
    if (duplex.destroyed) this.#over()
  }

  #over(): void {
    this.#closeTimer?.stop()
    if (this.#told) return
    this.#told = true
    this.#flushes?.fail(this.#failure ?? ownReset())
    this.#delivery.closed(this.#failure)
  }

  attach(owner: ConnectionOwner): void {
    this.#delivery.attach(owner)
  }

  readonly #deliver = (): void => {
    try {
      this.#delivery.run()
    } finally {
      this.#regulate()
    }
  }

  /** The stream flows while the owner, or nobody, wants what it brings. */
  #regulate(): void {
    if (this.#delivery.flowing || this.#leaving === 'closing') {
      if (this.#duplex.isPaused()) this.#duplex.resume()
    } else if (!this.#duplex.isPaused()) this.#duplex.pause()
  }

  #endIfBoth(): void {
    if (!this.#duplex.readableEnded || !this.#duplex.writableFinished) return
    this.#closeTimer?.stop()
    this.#duplex.destroy()
  }

  write(bytes: Uint8Array): boolean {
    requireBytes('write', bytes)
    if (this.#leaving !== 'no' || this.#duplex.writableEnded || this.#duplex.destroyed) {
      if (bytes.length > 0) this.#lost ??= writtenTooLate()
      return false
    }
    if (bytes.length === 0) return !this.#duplex.writableNeedDrain
    this.#written++
    const more = this.#duplex.write(Buffer.from(bytes), this.#passedOn)
    if (!more) this.#wantsDrain = true
    return more
  }

  readonly #passedOn = (error?: Error | null): void => {
    if (error) return
    this.#passed++
    this.#closeTimer?.progress()
    this.#flushes?.reached(this.#passed)
  }

  flush(): Promise<void> {
    if (this.#failure !== null) return Promise.reject(this.#failure)
    if (this.#lost !== null) return Promise.reject(this.#lost)
    if (this.#passed === this.#written) return Promise.resolve()
    if (this.#duplex.destroyed) return Promise.reject(ownReset())
    this.#flushes ??= new Flushes()
    return this.#flushes.until(this.#written)
  }

  cork(): void {
    this.#duplex.cork()
  }

  uncork(): void {
    this.#duplex.uncork()
  }

  get queued(): number {
    return this.#duplex.destroyed ? 0 : this.#duplex.writableLength
  }

  pause(): void {
    this.#delivery.pause()
    this.#regulate()
  }

  resume(): void {
    this.#delivery.resume()
    this.#regulate()
  }

  unread(bytes: Uint8Array): void {
    this.#delivery.unread(bytes)
    this.#regulate()
  }

  end(): void {
    if (this.#leaving !== 'no') return
    this.#leaving = 'ending'
    this.#duplex.end()
  }

  close(within?: Duration): void {
    const deadline = within === undefined ? undefined : requireDuration('close(within)', within)
    this.#delivery.drop()
    if (this.#duplex.destroyed || this.#leaving === 'resetting') return
    if (this.#leaving === 'closing') {
      if (deadline !== undefined) this.#closeWithin(deadline)
      return
    }
    this.#leaving = 'closing'
    this.#duplex.end(() => (this.#carrier === null ? this.#duplex.destroy() : this.#linger()))
    this.#regulate()
    this.#closeWithin(deadline)
  }

  /**
   * Everything is sent, and the owner is told that this is the end; what the peer still says is read and dropped until it
   * ends, too. TLS servers send session tickets of their own accord, and to close with those unread would make a kernel
   * reset the connection, and lose what is on its way.
   */
  #linger(): void {
    this.#over()
    if (!this.#duplex.readableEnded) this.#closeWithin(undefined)
  }

  #closeWithin(deadline: Duration | undefined): void {
    this.#closeTimer?.stop()
    this.#closeTimer = new CloseTimer(this.#clock, deadline, this.#limits.closeTime, () => this.reset())
  }

  reset(): void {
    this.#delivery.drop()
    this.#leaving = 'resetting'
    const { resetAndDestroy } = this.#duplex as { resetAndDestroy?: () => void }
    if (this.#carrier !== null) {
      // The stream above first: Node's TLS does not survive it when the socket goes that it reads and writes in C++.
      this.#lingerNot(this.#carrier)
      this.#duplex.destroy()
      this.#carrier.reset()
    } else if (resetAndDestroy === undefined) this.#duplex.destroy()
    else resetAndDestroy.call(this.#duplex)
  }

  /** Whoever closes it from now on sends RST, where there is such an option. */
  #lingerNot(carrier: Connection): void {
    try {
      carrier.setOption('SO_LINGER', { on: true, seconds: 0 })
    } catch {
      // Then `reset` alone has to do it.
    }
  }

  ref(): void {
    this.#carrier?.ref?.()
  }

  unref(): void {
    this.#carrier?.unref?.()
  }

  setOption(name: OptionName, value: OptionValue): void {
    if (this.#carrier === null) throw noSuchOption('setsockopt', name)
    this.#carrier.setOption(name, value)
  }

  getOption(name: OptionName): OptionValue {
    if (this.#carrier === null) throw noSuchOption('getsockopt', name)
    return this.#carrier.getOption(name)
  }

  [Symbol.dispose](): void {
    this.close()
  }
}
