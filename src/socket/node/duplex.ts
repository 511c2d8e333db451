/** A Connection as Node's `Duplex`, for libraries that want one. */
import { Duplex } from 'node:stream'
import { SocketError } from '../../base/errors.ts'
import type { Connection, ConnectionOwner } from '../host.ts'

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

  get localAddress(): string | undefined {
    return this.#connection.local.address
  }
  get localPort(): number | undefined {
    return this.#connection.local.port
  }
  get remoteAddress(): string | undefined {
    return this.#connection.remote.address
  }
  get remotePort(): number | undefined {
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

  /** Sends RST. */
  resetAndDestroy(): this {
    this.#connection.reset()
    return this.destroy()
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
