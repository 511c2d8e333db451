/** A Connection as Node's `Duplex`, for libraries that want one, and a `Duplex` as a Connection. */
import { Duplex } from 'node:stream'
import { plainBytes } from '../../base/bytes.ts'
import { SocketError } from '../../base/errors.ts'
import type { Address } from '../address.ts'
import type { Connection, ConnectionOwner } from '../host.ts'
import { noSuchOption, type OptionName, type OptionValue } from '../options.ts'

/** Becomes the connection's owner. `end()` half-closes, `destroy()` closes, `destroy(error)` resets. */
export function toDuplex(connection: Connection): Duplex {
  return new ConnectionDuplex(connection)
}

class ConnectionDuplex extends Duplex implements ConnectionOwner {
  readonly #connection: Connection
  #written: ((error?: Error) => void) | null = null
  #ended = false
  #over = false

  constructor(connection: Connection) {
    super({ allowHalfOpen: true })
    this.#connection = connection
    connection.attach(this)
  }

  get localAddress(): string {
    return this.#connection.local.address
  }
  get localPort(): number {
    return this.#connection.local.port
  }
  get remoteAddress(): string {
    return this.#connection.remote.address
  }
  get remotePort(): number {
    return this.#connection.remote.port
  }

  onData(bytes: Uint8Array): void {
    if (!this.push(Buffer.from(bytes))) this.#connection.pause()
  }

  onEnd(): void {
    this.#ended = true
    this.push(null)
  }

  onDrain(): void {
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

  override _read(): void {
    this.#connection.resume()
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: (error?: Error) => void): void {
    this.#after(this.#connection.write(chunk), done)
  }

  override _writev(chunks: { chunk: Buffer }[], done: (error?: Error) => void): void {
    this.#connection.cork()
    let more = true
    for (const { chunk } of chunks) more = this.#connection.write(chunk)
    this.#connection.uncork()
    this.#after(more, done)
  }

  #after(more: boolean, done: (error?: Error) => void): void {
    if (this.#over) done(overError())
    else if (more) done()
    else this.#written = done
  }

  override _final(done: () => void): void {
    this.#connection.end()
    done()
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    if (!this.#over) {
      if (error === null) this.#connection.close()
      else this.#connection.reset()
    }
    done(error)
  }
}

function overError(): SocketError {
  return new SocketError('EPIPE', 'write', { hint: 'the connection has been closed' })
}

export interface Endpoints {
  readonly local: Address
  readonly remote: Address
}

/** The stream as a Connection. It has no socket options. */
export function fromDuplex(duplex: Duplex, ends: Endpoints): Connection {
  return new DuplexConnection(duplex, ends)
}

class DuplexConnection implements Connection {
  readonly local: Address
  readonly remote: Address
  readonly #duplex: Duplex
  #owner: ConnectionOwner | null = null
  #paused = false
  #discard = false
  #failure: SocketError | null = null
  #over = false
  #told = false
  #wantsDrain = false

  constructor(duplex: Duplex, ends: Endpoints) {
    this.#duplex = duplex
    this.local = ends.local
    this.remote = ends.remote
    duplex.pause()
    duplex.on('data', (bytes: Buffer) => {
      if (!this.#discard) this.#owner?.onData(plainBytes(bytes))
    })
    duplex.on('end', () => {
      if (!this.#discard) this.#owner?.onEnd()
      this.#endIfBoth()
    })
    duplex.on('finish', () => this.#endIfBoth())
    duplex.on('drain', () => {
      if (!this.#wantsDrain) return
      this.#wantsDrain = false
      this.#owner?.onDrain()
    })
    duplex.on('error', (error: Error & { code?: string }) => {
      this.#failure =
        error instanceof SocketError
          ? error
          : new SocketError(error.code === 'EPIPE' ? 'EPIPE' : 'ECONNRESET', 'read', { cause: error })
    })
    duplex.on('close', () => {
      this.#over = true
      this.#tell()
    })
  }

  attach(owner: ConnectionOwner): void {
    this.#owner = owner
    queueMicrotask(() => {
      if (this.#over) this.#tell()
      else if (!this.#paused) this.#duplex.resume()
    })
  }

  #tell(): void {
    if (this.#told || this.#owner === null) return
    this.#told = true
    this.#owner.onClose(this.#failure)
  }

  #endIfBoth(): void {
    if (this.#duplex.readableEnded && this.#duplex.writableFinished) this.#duplex.destroy()
  }

  write(bytes: Uint8Array): boolean {
    if (this.#duplex.writableEnded || this.#duplex.destroyed) return false
    const more = this.#duplex.write(Buffer.from(bytes))
    if (!more) this.#wantsDrain = true
    return more
  }

  cork(): void {
    this.#duplex.cork()
  }

  uncork(): void {
    this.#duplex.uncork()
  }

  get queued(): number {
    return this.#duplex.writableLength
  }

  pause(): void {
    this.#paused = true
    this.#duplex.pause()
  }

  resume(): void {
    this.#paused = false
    if (this.#owner !== null) this.#duplex.resume()
  }

  end(): void {
    this.#duplex.end()
  }

  close(): void {
    this.#discard = true
    this.#duplex.end(() => this.#duplex.destroy())
    this.#duplex.resume()
  }

  reset(): void {
    this.#duplex.destroy()
  }

  setOption(name: OptionName, _value: OptionValue): void {
    throw noSuchOption('setsockopt', name)
  }

  getOption(name: OptionName): OptionValue {
    throw noSuchOption('getsockopt', name)
  }
}
