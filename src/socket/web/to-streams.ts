/** A Connection as a pair of Web Streams. */
import { SocketError } from '../../base/errors.ts'
import type { Connection, ConnectionOwner } from '../host.ts'
import { SOCKET_LIMITS, type SocketLimits } from '../limits.ts'

/** What `toWebStreams` gives. */
export interface ConnectionStreams {
  /** Ends at the peer's FIN; errors when the connection fails. Cancelling it discards what still arrives. */
  readonly readable: ReadableStream<Uint8Array>
  /** Closing it sends FIN after what was written; aborting it resets the connection. */
  readonly writable: WritableStream<Uint8Array>
  /** Settles when the connection is over; rejects with its error. */
  readonly closed: Promise<void>
}

/** Becomes the connection's owner. Both streams carry the connection's backpressure. */
export function toWebStreams(connection: Connection, limits: Partial<SocketLimits> = {}): ConnectionStreams {
  const owner = new StreamsOwner(connection, limits.receiveQueue ?? SOCKET_LIMITS.receiveQueue)
  connection.attach(owner)
  return owner
}

class StreamsOwner implements ConnectionOwner, ConnectionStreams {
  readonly readable: ReadableStream<Uint8Array>
  readonly writable: WritableStream<Uint8Array>
  readonly closed: Promise<void>
  readonly #connection: Connection
  readonly #over = Promise.withResolvers<void>()
  #reader!: ReadableStreamDefaultController<Uint8Array>
  #writer!: WritableStreamDefaultController
  #drained = Promise.withResolvers<void>()
  #readOver = false
  #writeOver = false

  constructor(connection: Connection, receiveQueue: number) {
    this.#connection = connection
    this.closed = this.#over.promise
    this.closed.catch(() => {}) // nobody has to look at it
    this.readable = new ReadableStream<Uint8Array>(
      {
        start: (controller) => {
          this.#reader = controller
        },
        pull: () => connection.resume(),
        cancel: () => {
          this.#readOver = true
          connection.resume()
        },
      },
      new ByteLengthQueuingStrategy({ highWaterMark: receiveQueue }),
    )
    this.writable = new WritableStream<Uint8Array>({
      start: (controller) => {
        this.#writer = controller
      },
      write: (bytes) => {
        this.#drained = Promise.withResolvers<void>()
        return connection.write(bytes) ? undefined : this.#drained.promise
      },
      close: () => {
        this.#writeOver = true
        connection.end()
        return connection.flush()
      },
      abort: () => {
        this.#writeOver = true
        connection.reset()
      },
    })
  }

  onData(bytes: Uint8Array): void {
    if (this.#readOver) return
    this.#reader.enqueue(bytes.slice())
    if ((this.#reader.desiredSize ?? 0) <= 0) this.#connection.pause()
  }

  onEnd(): void {
    this.#endReading(null)
  }

  onDrain(): void {
    this.#drained.resolve()
  }

  onClose(error: SocketError | null): void {
    this.#endReading(error)
    if (!this.#writeOver)
      this.#writer.error(error ?? new SocketError('EPIPE', 'write', { hint: 'the connection has been closed' }))
    this.#drained.resolve()
    if (error === null) this.#over.resolve()
    else this.#over.reject(error)
  }

  #endReading(error: SocketError | null): void {
    if (this.#readOver) return
    this.#readOver = true
    if (error === null) this.#reader.close()
    else this.#reader.error(error)
  }
}
