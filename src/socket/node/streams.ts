/** A Connection as a pair of Web Streams, and a pair of Web Streams as a Connection. */
import { Duplex } from 'node:stream'
import type { ReadableWritablePair } from 'node:stream/web'
import type { SocketError } from '../../base/errors.ts'
import type { Connection } from '../host.ts'
import { SOCKET_LIMITS } from '../limits.ts'
import { type Endpoints, fromDuplex } from './from-duplex.ts'

export interface ConnectionStreams {
  /** Ends at the peer's FIN; errors when the connection fails. Cancelling it discards what still arrives. */
  readonly readable: ReadableStream<Uint8Array>
  /** Closing it sends FIN after what was written; aborting it resets the connection. */
  readonly writable: WritableStream<Uint8Array>
  /** Settles when the connection is over; rejects with its error. */
  readonly closed: Promise<void>
}

/** Becomes the connection's owner. Both streams carry the connection's backpressure. */
export function toWebStreams(connection: Connection): ConnectionStreams {
  const closed = Promise.withResolvers<void>()
  closed.promise.catch(() => {}) // nobody has to look at it
  let reader: ReadableStreamDefaultController<Uint8Array>
  let writer: WritableStreamDefaultController
  let drained = Promise.withResolvers<void>()
  let readOver = false
  let writeOver = false

  const endReading = (error: SocketError | null): void => {
    if (readOver) return
    readOver = true
    if (error === null) reader.close()
    else reader.error(error)
  }
  const readable = new ReadableStream<Uint8Array>(
    {
      start: (controller) => {
        reader = controller
      },
      pull: () => connection.resume(),
      cancel: () => {
        readOver = true
        connection.resume()
      },
    },
    new ByteLengthQueuingStrategy({ highWaterMark: SOCKET_LIMITS.receiveQueue }),
  )
  const writable = new WritableStream<Uint8Array>({
    start: (controller) => {
      writer = controller
    },
    write: (bytes) => {
      drained = Promise.withResolvers<void>()
      return connection.write(bytes) ? undefined : drained.promise
    },
    close: () => {
      writeOver = true
      connection.end()
    },
    abort: () => {
      writeOver = true
      connection.reset()
    },
  })
  connection.attach({
    onData(bytes) {
      if (readOver) return
      reader.enqueue(bytes.slice())
      if ((reader.desiredSize ?? 0) <= 0) connection.pause()
    },
    onEnd: () => endReading(null),
    onDrain: () => drained.resolve(),
    onClose(error) {
      endReading(error)
      if (!writeOver) writer.error(error ?? new Error('the connection has been closed'))
      drained.resolve()
      if (error === null) closed.resolve()
      else closed.reject(error)
    },
  })
  return { readable, writable, closed: closed.promise }
}

/** The streams as a Connection. `ends` says what to answer for `local` and `remote`. */
export function fromWebStreams(
  pair: { readonly readable: ReadableStream<Uint8Array>; readonly writable: WritableStream<Uint8Array> },
  ends: Endpoints,
): Connection {
  return fromDuplex(Duplex.fromWeb(pair as unknown as ReadableWritablePair), ends)
}
