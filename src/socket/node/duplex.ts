/** A Connection in the shape of Node's `net.Socket`, for libraries that want one. */
import { Duplex, type DuplexOptions } from 'node:stream'
import { after, type Clock, MILLISECOND, type Nanos, type Timer } from '../../base/clock.ts'
import { SocketError } from '../../base/errors.ts'
import { systemClock } from '../../base/node/machine.ts'
import { type Address, familyOf } from '../address.ts'
import type { Connection, ConnectionOwner } from '../host.ts'
import type { OptionName, OptionValue } from '../options.ts'

/** `net.AddressInfo`, or nothing while the socket has no address. */
export interface SocketAddressInfo {
  readonly address?: string
  readonly family?: string
  readonly port?: number
}

/** Settings of a `SocketDuplex`. */
export interface DuplexSettings extends Pick<DuplexOptions, 'allowHalfOpen' | 'signal'> {
  /** The clock of `setTimeout`: that of the host the connection lives on. Default: this machine's. */
  readonly clock?: Clock
}

/**
 * Becomes the connection's owner. `end()` half-closes; `destroy()` closes; `destroy(error)` closes too, but resets where
 * bytes that were written still wait in the stream; `resetAndDestroy()` always resets.
 */
export function toDuplex(connection: Connection, settings: DuplexSettings = {}): SocketDuplex {
  const duplex = new SocketDuplex({ allowHalfOpen: true, ...settings })
  duplex.adopt(connection)
  return duplex
}

/**
 * What `net.Socket` has and libraries use, over a Connection of any Host. Where a method of a socket needs one and there
 * is none yet, its effect follows when there is one.
 */
export class SocketDuplex extends Duplex implements ConnectionOwner {
  readonly #clock: Clock
  #connection: Connection | null = null
  /** A connection is being made. */
  #connecting = false
  #written: ((error?: Error | null) => void) | null = null
  /** What was written before there was a connection. */
  #early: { readonly chunks: readonly Uint8Array[]; done(error?: Error | null): void } | null = null
  /** Bytes of the write under way, which the connection has taken. */
  #handedOver = 0
  #finishing: (() => void) | null = null
  /** The stream wanted bytes before there was a connection. */
  #wanted = false
  #options: [OptionName, OptionValue][] = []
  #ended = false
  #over = false
  #bytesRead = 0
  /** Bytes of the writes that are done with. */
  #bytesDone = 0
  #idleTime: Nanos = 0
  #active: Nanos = 0
  #idle: Timer | null = null
  #reffed = true

  constructor(settings: DuplexSettings = {}) {
    const { allowHalfOpen = false, signal } = settings
    // net.Socket tells with 'close' whether there was an error: a stream's own does not.
    super({ allowHalfOpen, emitClose: false, ...(signal && { signal }) })
    this.#clock = settings.clock ?? systemClock()
  }

  /** A connection will follow: what is asked of the socket until then waits for it. */
  protected opening(): void {
    this.#connecting = true
    this.#touched()
  }

  /** Becomes the connection's owner. */
  adopt(connection: Connection): void {
    this.#connecting = false
    if (this.destroyed) {
      connection.close()
      return
    }
    this.#connection = connection
    for (const [name, value] of this.#options.splice(0)) this.#set(name, value)
    if (!this.#reffed) connection.unref?.()
    connection.attach(this)
    // A read that was asked for before there was a connection is not asked for again.
    if (this.isPaused() && !this.#wanted) connection.pause()
    const early = this.#early
    this.#early = null
    if (early !== null) this.#send(early.chunks, early.done)
    const finishing = this.#finishing
    this.#finishing = null
    finishing?.()
  }

  // ── what the connection says ───────────────────────────────────────────────────────────────────────────────────

  onData(bytes: Uint8Array): void {
    this.#bytesRead += bytes.length
    this.#touched()
    if (!this.push(Buffer.from(bytes))) this.#connection!.pause()
  }

  onEnd(): void {
    this.#ended = true
    this.push(null)
  }

  onDrain(): void {
    this.#touched()
    const written = this.#written
    this.#written = null
    written?.()
  }

  onClose(error: SocketError | null): void {
    this.#over = true
    if (error !== null) {
      this.destroy(error)
      return
    }
    // What was pushed may still be unread: the stream destroys itself when both halves are through.
    if (!this.#ended) this.onEnd()
    this.#written?.(overError())
    this.#written = null
  }

  // ── the stream ─────────────────────────────────────────────────────────────────────────────────────────────────

  override _read(): void {
    if (this.#connection === null) this.#wanted = true
    else this.#connection.resume()
  }

  override _write(chunk: Uint8Array, _encoding: BufferEncoding, done: (error?: Error | null) => void): void {
    this.#send([chunk], done)
  }

  override _writev(chunks: { readonly chunk: Uint8Array }[], done: (error?: Error | null) => void): void {
    this.#send(
      chunks.map(({ chunk }) => chunk),
      done,
    )
  }

  #send(chunks: readonly Uint8Array[], done: (error?: Error | null) => void): void {
    const connection = this.#connection
    if (connection === null) {
      if (this.#connecting) this.#early = { chunks, done }
      else done(new SocketError('ENOTCONN', 'write', { hint: 'call connect first' }))
      return
    }
    this.#touched()
    let more = true
    let size = 0
    if (chunks.length > 1) connection.cork()
    for (const chunk of chunks) {
      size += chunk.length
      more = connection.write(chunk)
    }
    if (chunks.length > 1) connection.uncork()
    this.#handedOver = size
    const finish = (error?: Error | null): void => {
      this.#handedOver = 0
      this.#bytesDone += size
      done(error)
    }
    if (this.#over) finish(overError())
    else if (more) finish()
    else this.#written = finish
  }

  /** 'finish' says that the network below has everything. */
  override _final(done: (error?: Error | null) => void): void {
    const connection = this.#connection
    if (connection === null) {
      if (this.#connecting) this.#finishing = () => this._final(done)
      else done()
      return
    }
    connection.end()
    connection.flush().then(() => done(), done)
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    this.#idle?.cancel()
    this.#idle = null
    this.#connecting = false
    const connection = this.#connection
    if (!this.#over && connection !== null) {
      // As net.Socket's, a connection that fails is closed. But half of what was written is not to pass for the whole.
      if (error !== null && this.writableLength > this.#handedOver) connection.reset()
      else connection.close()
    }
    done(error)
    process.nextTick(() => this.emit('close', error !== null)) // after 'error', which the stream has just arranged
  }

  // ── net.Socket: addresses and counts ───────────────────────────────────────────────────────────────────────────

  get localAddress(): string | undefined {
    return this.#connection?.local.address
  }

  get localPort(): number | undefined {
    return this.#connection?.local.port
  }

  get localFamily(): string | undefined {
    return familyName(this.#connection?.local)
  }

  get remoteAddress(): string | undefined {
    return this.#connection?.remote.address
  }

  get remotePort(): number | undefined {
    return this.#connection?.remote.port
  }

  get remoteFamily(): string | undefined {
    return familyName(this.#connection?.remote)
  }

  address(): SocketAddressInfo {
    const local = this.#connection?.local
    if (local?.address === undefined) return {}
    return { address: local.address, family: familyName(local)!, port: local.port }
  }

  get bytesRead(): number {
    return this.#bytesRead
  }

  /** Those that still wait in the stream count. */
  get bytesWritten(): number {
    return this.#bytesDone + this.writableLength
  }

  get connecting(): boolean {
    return this.#connecting
  }

  get pending(): boolean {
    return this.#connection === null || this.#connecting
  }

  get readyState(): 'opening' | 'open' | 'readOnly' | 'writeOnly' | 'closed' {
    if (this.#connecting) return 'opening'
    if (this.readable && this.writable) return 'open'
    if (this.readable) return 'readOnly'
    return this.writable ? 'writeOnly' : 'closed'
  }

  /** Bytes that wait in the stream. */
  get bufferSize(): number {
    return this.writableLength
  }

  /** The connection underneath: null while there is none. */
  get connection(): Connection | null {
    return this.#connection
  }

  // ── net.Socket: settings ───────────────────────────────────────────────────────────────────────────────────────

  setNoDelay(noDelay = true): this {
    return this.#option('TCP_NODELAY', noDelay ? 1 : 0)
  }

  /** @param initialDelay milliseconds of silence before the first probe; 0 leaves the host's own. */
  setKeepAlive(enable = false, initialDelay = 0): this {
    this.#option('SO_KEEPALIVE', enable ? 1 : 0)
    return enable && initialDelay >= 1000 ? this.#option('TCP_KEEPIDLE', Math.floor(initialDelay / 1000)) : this
  }

  /** DSCP and ECN bits of the IP header. */
  setTypeOfService(value: number): this {
    if (!Number.isInteger(value) || value < 0 || value > 255)
      throw new RangeError(`setTypeOfService takes a number from 0 to 255, not ${value}`)
    return this.#option('IP_TOS', value)
  }

  getTypeOfService(): number {
    const asked = this.#options.findLast(([name]) => name === 'IP_TOS')?.[1]
    try {
      return Number(asked ?? this.#connection?.getOption('IP_TOS') ?? 0)
    } catch {
      return 0 // the host cannot tell
    }
  }

  #option(name: OptionName, value: OptionValue): this {
    if (this.#connection === null) this.#options.push([name, value])
    else this.#set(name, value)
    return this
  }

  /** As with net.Socket, what a host does not have is not refused: such options make things faster, not different. */
  #set(name: OptionName, value: OptionValue): void {
    try {
      this.#connection!.setOption(name, value)
    } catch (error) {
      if (!(error instanceof SocketError)) throw error
    }
  }

  /** Milliseconds without a byte in either direction after which 'timeout' is told; 0 for never. */
  get timeout(): number | undefined {
    return this.#idleTime === 0 ? undefined : this.#idleTime / MILLISECOND
  }

  /**
   * On the host's clock. The socket is not closed by it.
   * @param millis milliseconds of silence; 0 turns it off
   */
  setTimeout(millis: number, listener?: () => void): this {
    if (!(millis >= 0) || !Number.isFinite(millis))
      throw new RangeError(`setTimeout takes a number of milliseconds from 0, not ${millis}`)
    this.#idleTime = millis * MILLISECOND
    this.#idle?.cancel()
    this.#idle = null
    if (listener !== undefined) {
      if (millis === 0) this.removeListener('timeout', listener)
      else this.once('timeout', listener)
    }
    if (millis > 0 && !this.destroyed) {
      this.#active = this.#clock.now()
      this.#watch(this.#idleTime)
    }
    return this
  }

  #touched(): void {
    if (this.#idleTime === 0) return
    this.#active = this.#clock.now()
    if (this.#idle === null && !this.destroyed) this.#watch(this.#idleTime)
  }

  /** One timer, which looks how long it has been silent when it rings. */
  #watch(delay: Nanos): void {
    this.#idle = after(this.#clock, delay, () => {
      const silent = this.#clock.now() - this.#active
      if (silent < this.#idleTime) {
        this.#watch(this.#idleTime - silent)
        return
      }
      this.#idle = null
      this.emit('timeout')
    })
  }

  ref(): this {
    this.#reffed = true
    this.#connection?.ref?.()
    return this
  }

  unref(): this {
    this.#reffed = false
    this.#connection?.unref?.()
    return this
  }

  // ── net.Socket: leaving ────────────────────────────────────────────────────────────────────────────────────────

  /** Destroys the socket when everything that was written has been handed over. */
  destroySoon(): void {
    if (this.writable) this.end()
    if (this.writableFinished) this.destroy()
    else this.once('finish', this.destroy)
  }

  /** Sends RST. */
  resetAndDestroy(): this {
    this.#connection?.reset()
    return this.destroy()
  }
}

function familyName(at: Address | undefined): string | undefined {
  return at?.address === undefined ? undefined : `IPv${familyOf(at.address)}`
}

function overError(): SocketError {
  return new SocketError('EPIPE', 'write', { hint: 'the connection has been closed' })
}
