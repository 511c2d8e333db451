/** A stream as a connection: what CONNECT opens (RFC 9113 §8.5), for a tunnel or for another protocol (RFC 8441). */
import type { Clock } from '../../base/clock.ts'
import type { SocketError } from '../../base/errors.ts'
import type { Address } from '../../socket/address.ts'
import type { Connection, ConnectionOwner, Security } from '../../socket/host.ts'
import { connectionPair } from '../../socket/pair.ts'
import { Code } from './codes.ts'
import type { Session } from './session.ts'
import type { Stream } from './stream.ts'
import { isOver } from './stream-state.ts'

/** What the connection says of itself. */
export interface ChannelAbout {
  readonly clock: Clock
  readonly local: Address
  readonly remote: Address
  readonly security: Security | null
}

/** Joins a stream with a connection in memory, whose other end is for the owner of the protocol. */
export class Channel implements ConnectionOwner {
  /** For whoever speaks the protocol. */
  readonly connection: Connection
  readonly #end: Connection
  readonly #session: Session
  readonly #stream: Stream
  /** What the connection has taken, though it would rather not have. */
  #unused = 0

  constructor(session: Session, stream: Stream, { clock, local, remote, security }: ChannelAbout) {
    this.#session = session
    this.#stream = stream
    ;[this.connection, this.#end] = connectionPair(clock, local, remote, {}, security)
    this.#end.attach(this)
  }

  // What the stream brings

  data(bytes: Uint8Array): void {
    if (this.#end.write(bytes)) this.#session.used(this.#stream, bytes.length)
    else this.#unused += bytes.length
  }

  ended(): void {
    this.#end.end()
  }

  lost(): void {
    this.#end.reset()
  }

  drained(): void {
    this.#end.resume()
  }

  // What the owner writes

  onData(bytes: Uint8Array): void {
    this.#session.sendBytes(this.#stream, bytes, false)
    if (!this.#session.sender.ready(this.#stream)) this.#end.pause()
  }

  onEnd(): void {
    this.#session.sendEnd(this.#stream, [])
  }

  onDrain(): void {
    const octets = this.#unused
    this.#unused = 0
    if (!isOver(this.#stream.state)) this.#session.used(this.#stream, octets)
  }

  /** RFC 9113 §8.5: a connection that ended in error resets its stream. */
  onClose(error: SocketError | null): void {
    if (error !== null) this.#session.reset(this.#stream, Code.cancel)
  }
}
