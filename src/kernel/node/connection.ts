/** A `net.Socket` as a `Connection`. */
import type { Socket } from 'node:net'
import { plainBytes } from '../../base/bytes.ts'
import { type Duration, requireDuration } from '../../base/duration.ts'
import type { SocketError } from '../../base/errors.ts'
import { systemClock } from '../../base/node/machine.ts'
import { type Address, placeOf } from '../../socket/address.ts'
import { requireBytes } from '../../socket/bytes.ts'
import { CloseTimer } from '../../socket/close-timer.ts'
import { Delivery } from '../../socket/delivery.ts'
import { Flushes, ownReset, writtenTooLate } from '../../socket/flush.ts'
import type { ConnectionOwner } from '../../socket/host.ts'
import type { NodeSocketConnection } from '../../socket/node/native.ts'
import type { Linger, OptionName, OptionValue } from '../../socket/options.ts'
import { fromNode } from '../errors.ts'
import { getStreamOption, setStreamOption } from './options.ts'
import type { NodeSettings } from './settings.ts'

const clock = systemClock()

interface Names {
  readonly local: Address
  readonly remote: Address
}

/** What a connection that was opened to a path is called; null for an IP address, of which Node knows it. */
export function namesOf(to: Address): Names | null {
  return to.path === undefined ? null : { local: { path: '' }, remote: to }
}

/** How far this side has gone in leaving. */
type Leaving = 'no' | 'ending' | 'closing' | 'resetting'

export class NodeConnection implements NodeSocketConnection {
  readonly local: Address
  readonly remote: Address
  readonly security = null
  readonly #socket: Socket
  readonly #settings: NodeSettings
  readonly #delivery = new Delivery(() => {
    if (this.#delivery.due) setImmediate(this.#deliver)
  })
  #linger: Linger | null
  /** Whether anybody has had bytes of it: then some may be on their way, and the socket is given to nobody else. */
  #attached = false
  #leaving: Leaving = 'no'
  #closeTimer: CloseTimer | null = null
  #failure: SocketError | null = null
  /** Writes that were handed to the stream, and those of them that the kernel has taken whole. */
  #written = 0
  #taken = 0
  #flushes: Flushes | null = null
  /** Why bytes that were written have gone to nobody. */
  #lost: SocketError | null = null

  /**
   * @param socket connected, with `allowHalfOpen`, and paused: nothing may have been read from it yet.
   * @param linger what it has from its listener or was given when it was connected.
   * @param names of a Unix socket, which Node does not tell.
   */
  constructor(socket: Socket, settings: NodeSettings, linger: Linger | null, names: Names | null) {
    this.#socket = socket
    this.#linger = linger
    this.#settings = settings
    this.local = names?.local ?? { address: socket.localAddress ?? '', port: socket.localPort ?? 0 }
    this.remote = names?.remote ?? { address: socket.remoteAddress ?? '', port: socket.remotePort ?? 0 }
    socket.on('data', (bytes: Uint8Array) => {
      this.#delivery.arrived(plainBytes(bytes))
      this.#regulate()
    })
    socket.on('end', () => this.#delivery.ended())
    socket.on('drain', () => {
      if (this.#leaving === 'no') this.#delivery.owner?.onDrain()
    })
    socket.on('error', (error) => {
      this.#failure ??= fromNode(error, (error as NodeJS.ErrnoException).syscall ?? 'read', placeOf(this.remote))
    })
    socket.on('close', () => {
      this.#closeTimer?.stop()
      this.#flushes?.fail(this.#failure ?? ownReset())
      this.#delivery.closed(this.#failure)
    })
  }

  get nodeSocket(): Socket | null {
    return this.#attached ? null : this.#socket
  }

  attach(owner: ConnectionOwner): void {
    this.#attached = true
    this.#delivery.attach(owner)
    this.#regulate()
  }

  readonly #deliver = (): void => {
    try {
      this.#delivery.run()
    } finally {
      this.#regulate() // also when the owner has thrown
    }
  }

  /** The stream flows while the owner, or nobody, wants what it brings. */
  #regulate(): void {
    if (this.#delivery.flowing || this.#leaving === 'closing') {
      if (this.#socket.isPaused()) this.#socket.resume() // flows from the next tick
    } else if (!this.#socket.isPaused()) this.#socket.pause()
  }

  write(bytes: Uint8Array): boolean {
    requireBytes('write', bytes)
    if (this.#leaving !== 'no' || !this.#socket.writable) {
      if (bytes.length > 0) this.#lost ??= writtenTooLate()
      return false
    }
    if (bytes.length === 0) return !this.#socket.writableNeedDrain
    this.#written++
    // The stream keeps a reference when the kernel does not take everything at once: the copy is the price.
    return this.#socket.write(Buffer.from(bytes), this.#kernelHasIt)
  }

  readonly #kernelHasIt = (error?: Error | null): void => {
    if (error) return
    this.#taken++
    this.#closeTimer?.progress()
    this.#flushes?.reached(this.#taken)
  }

  flush(): Promise<void> {
    if (this.#failure !== null) return Promise.reject(this.#failure)
    if (this.#lost !== null) return Promise.reject(this.#lost)
    if (this.#taken === this.#written) return Promise.resolve()
    if (this.#leaving === 'resetting') return Promise.reject(ownReset())
    this.#flushes ??= new Flushes()
    return this.#flushes.until(this.#written)
  }

  cork(): void {
    this.#socket.cork()
  }

  uncork(): void {
    this.#socket.uncork()
  }

  get queued(): number {
    return this.#socket.writableLength
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
    this.#socket.end()
  }

  close(within?: Duration): void {
    const deadline = within === undefined ? undefined : requireDuration('close(within)', within)
    this.#delivery.drop()
    if (this.#leaving === 'closing') {
      if (deadline !== undefined && !this.#socket.destroyed) this.#closeWithin(deadline)
      return
    }
    if (this.#leaving === 'resetting') return
    if (this.#linger?.on && this.#linger.seconds === 0) {
      this.reset() // Node's own close would send FIN first
      return
    }
    this.#leaving = 'closing'
    if (this.#socket.destroyed) return
    // close(2) would stop the event loop until the peer has everything; the bytes are sent all the same.
    if (this.#linger?.on) this.setOption('SO_LINGER', { on: false, seconds: 0 })
    this.#regulate() // what still arrives is read and dropped: unread bytes would make the kernel send RST
    this.#socket.destroySoon()
    if (!this.#socket.destroyed) this.#closeWithin(deadline)
  }

  #closeWithin(deadline: Duration | undefined): void {
    this.#closeTimer?.stop()
    this.#closeTimer = new CloseTimer(clock, deadline, this.#settings.limits.closeTime, () => this.reset())
  }

  reset(): void {
    const shutting = this.#leaving !== 'no' && !this.#socket.writableFinished
    this.#delivery.drop()
    this.#leaving = 'resetting'
    if (this.#socket.destroyed) return
    if (this.remote.path !== undefined) {
      this.#socket.destroy() // there is no RST: the peer sees it where bytes are left unread
    } else if (this.#settings.libc !== null) {
      this.setOption('SO_LINGER', { on: true, seconds: 0 })
      this.#socket.destroy()
    } else if (shutting) {
      // While a shutdown is under way libuv refuses to reset (EINVAL), and Node then never closes the handle.
      this.#socket.destroy()
    } else this.#socket.resetAndDestroy()
  }

  ref(): void {
    this.#socket.ref()
  }

  unref(): void {
    this.#socket.unref()
  }

  setOption(name: OptionName, value: OptionValue): void {
    setStreamOption(this.#settings, this.#socket, this.remote, name, value)
    if (name === 'SO_LINGER') this.#linger = value as Linger
  }

  getOption(name: OptionName): OptionValue {
    return getStreamOption(this.#settings, this.#socket, this.remote, name)
  }

  [Symbol.dispose](): void {
    this.close()
  }
}
