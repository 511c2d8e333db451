/** A pair of Web Streams as a Connection. */
import type { Clock } from '../../base/clock.ts'
import { type Duration, requireDuration } from '../../base/duration.ts'
import { SocketError } from '../../base/errors.ts'
import type { Address } from '../address.ts'
import { requireBytes } from '../bytes.ts'
import { CloseTimer } from '../close-timer.ts'
import { Delivery } from '../delivery.ts'
import { Flushes, ownReset, writtenTooLate } from '../flush.ts'
import type { Connection, ConnectionOwner, Security } from '../host.ts'
import { SOCKET_LIMITS, type SocketLimits } from '../limits.ts'
import { noSuchOption, type OptionName, type OptionValue } from '../options.ts'

/** What streams cannot say of themselves. */
export interface StreamEnds {
  readonly local: Address
  readonly remote: Address
  /** Where the streams are encrypted; default: they are not. */
  readonly security?: Security | null
  /** The clock by which `close` loses its patience: that of the host the streams live on. */
  readonly clock: Clock
}

/** Both directions of a stream: a WebTransport stream, the two ends of a `TransformStream`. */
export interface StreamPair {
  readonly readable: ReadableStream<Uint8Array>
  readonly writable: WritableStream<Uint8Array>
}

/** The streams as a Connection. It has no socket options; `reset` aborts them. */
export function fromWebStreams(pair: StreamPair, ends: StreamEnds, limits: Partial<SocketLimits> = {}): Connection {
  return new StreamsConnection(pair, ends, { ...SOCKET_LIMITS, ...limits })
}

/** How far this side has gone in leaving. */
type Leaving = 'no' | 'ending' | 'closing' | 'resetting'

class StreamsConnection implements Connection {
  readonly local: Address
  readonly remote: Address
  readonly security: Security | null
  readonly #reader: ReadableStreamDefaultReader<Uint8Array>
  readonly #writer: WritableStreamDefaultWriter<Uint8Array>
  readonly #clock: Clock
  readonly #limits: SocketLimits
  readonly #delivery = new Delivery(() => queueMicrotask(this.#deliver))
  #leaving: Leaving = 'no'
  #closeTimer: CloseTimer | null = null
  #failure: SocketError | null = null
  #reading = false
  #readOver = false
  #writeOver = false
  /** Written and not yet handed to the stream: under a cork, or behind one that is. */
  #corks = 0
  #corked: Uint8Array[] = []
  #written = 0
  #passed = 0
  #needDrain = false
  #flushes: Flushes | null = null
  /** Why bytes that were written have gone to nobody. */
  #lost: SocketError | null = null

  constructor(pair: StreamPair, ends: StreamEnds, limits: SocketLimits) {
    this.local = ends.local
    this.remote = ends.remote
    this.security = ends.security ?? null
    this.#clock = ends.clock
    this.#limits = limits
    this.#reader = pair.readable.getReader()
    this.#writer = pair.writable.getWriter()
    this.#writer.closed.catch((error) => this.#failed(error))
  }

  attach(owner: ConnectionOwner): void {
    this.#delivery.attach(owner)
  }

  readonly #deliver = (): void => {
    try {
      this.#delivery.run()
    } finally {
      this.#read()
    }
  }

  /** One read at a time, and none while nobody wants what it brings. */
  #read(): void {
    if (this.#reading || this.#readOver || !(this.#delivery.flowing || this.#leaving === 'closing')) return
    this.#reading = true
    this.#reader.read().then(
      ({ done, value }) => {
        this.#reading = false
        if (!done) this.#arrived(value)
        else {
          this.#readOver = true
          this.#delivery.ended()
          this.#overIfBoth()
        }
      },
      (error) => {
        this.#reading = false
        this.#readOver = true
        this.#failed(error)
      },
    )
  }

  #arrived(bytes: Uint8Array): void {
    try {
      if (bytes.length > 0) this.#delivery.arrived(bytes)
    } finally {
      this.#read()
    }
  }

  #failed(error: unknown): void {
    this.#failure ??= error instanceof SocketError ? error : new SocketError('ECONNRESET', 'read', { cause: error })
    this.#readOver = this.#writeOver = true
    this.#over()
  }

  #overIfBoth(): void {
    if (this.#readOver && this.#writeOver) this.#over()
  }

  #over(): void {
    this.#closeTimer?.stop()
    this.#corked = []
    this.#flushes?.fail(this.#failure ?? ownReset())
    this.#delivery.closed(this.#failure)
  }

  // ── sending ────────────────────────────────────────────────────────────────────────────────────────────────────

  write(bytes: Uint8Array): boolean {
    requireBytes('write', bytes)
    if (this.#leaving !== 'no' || this.#writeOver) {
      if (bytes.length > 0) this.#lost ??= writtenTooLate()
      return false
    }
    if (bytes.length > 0) {
      this.#written += bytes.length
      const copy = new Uint8Array(bytes)
      if (this.#corks > 0) this.#corked.push(copy)
      else this.#hand(copy)
    }
    if (this.queued < this.#limits.receiveQueue) return true
    this.#needDrain = true
    return false
  }

  #hand(bytes: Uint8Array): void {
    this.#writer.write(bytes).then(
      () => {
        this.#passed += bytes.length
        if (this.#writeOver) return
        this.#closeTimer?.progress()
        this.#flushes?.reached(this.#passed)
        if (!this.#needDrain || this.queued > this.#limits.receiveQueue / 4) return
        this.#needDrain = false
        if (this.#leaving === 'no') this.#delivery.owner?.onDrain()
      },
      () => {}, // `closed` tells it
    )
  }

  get queued(): number {
    return this.#writeOver ? 0 : this.#written - this.#passed
  }

  flush(): Promise<void> {
    if (this.#failure !== null) return Promise.reject(this.#failure)
    if (this.#lost !== null) return Promise.reject(this.#lost)
    if (this.#passed === this.#written) return Promise.resolve()
    if (this.#leaving === 'resetting') return Promise.reject(ownReset())
    this.#flushes ??= new Flushes()
    return this.#flushes.until(this.#written)
  }

  cork(): void {
    this.#corks++
  }

  uncork(): void {
    if (this.#corks > 0 && --this.#corks === 0) this.#handCorked()
  }

  #handCorked(): void {
    this.#corks = 0
    for (const bytes of this.#corked.splice(0)) this.#hand(bytes)
  }

  // ── receiving ──────────────────────────────────────────────────────────────────────────────────────────────────

  pause(): void {
    this.#delivery.pause()
  }

  resume(): void {
    this.#delivery.resume()
  }

  unread(bytes: Uint8Array): void {
    this.#delivery.unread(bytes)
  }

  // ── leaving ────────────────────────────────────────────────────────────────────────────────────────────────────

  end(): void {
    if (this.#leaving !== 'no') return
    this.#leaving = 'ending'
    this.#finish()
  }

  #finish(): void {
    this.#handCorked()
    this.#writer.close().then(
      () => {
        this.#writeOver = true
        if (this.#leaving === 'closing') this.#letGo()
        else this.#overIfBoth()
      },
      () => {}, // `closed` tells it
    )
  }

  close(within?: Duration): void {
    const deadline = within === undefined ? undefined : requireDuration('close(within)', within)
    this.#delivery.drop()
    if (this.#leaving === 'resetting') return
    const before = this.#leaving
    this.#leaving = 'closing'
    if (this.#writeOver) {
      this.#letGo()
      return
    }
    if (before === 'no') this.#finish()
    if (before !== 'closing' || deadline !== undefined) {
      this.#closeTimer?.stop()
      this.#closeTimer = new CloseTimer(this.#clock, deadline, this.#limits.closeTime, () => this.reset())
    }
    this.#read() // what still arrives is dropped
  }

  /** Everything has gone: what still arrives is nobody's. */
  #letGo(): void {
    this.#readOver = true
    this.#reader.cancel().catch(() => {})
    queueMicrotask(() => this.#over())
  }

  reset(): void {
    this.#delivery.drop()
    if (this.#leaving === 'resetting') return
    if (this.#passed < this.#written) this.#lost ??= ownReset()
    this.#leaving = 'resetting'
    this.#readOver = this.#writeOver = true
    const why = ownReset()
    this.#writer.abort(why).catch(() => {})
    this.#reader.cancel(why).catch(() => {})
    queueMicrotask(() => this.#over())
  }

  setOption(name: OptionName, _value: OptionValue): void {
    throw noSuchOption('setsockopt', name)
  }

  getOption(name: OptionName): OptionValue {
    throw noSuchOption('getsockopt', name)
  }

  [Symbol.dispose](): void {
    this.close()
  }
}
