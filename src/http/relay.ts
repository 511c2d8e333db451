/** Connections joined to one another: bytes, ends and resets pass, and so does the pressure. */
import type { Clock, Nanos } from '../base/clock.ts'
import type { SocketError } from '../base/errors.ts'
import type { Connection, ConnectionOwner } from '../socket/host.ts'
import type { Deadlined, Sweep } from './sweep.ts'

/** Pairs of connections that are joined now. */
export class Relays {
  readonly #clock: Clock
  readonly #sweep: Sweep
  readonly #idleTime: Nanos
  readonly #open = new Set<Pair>()

  /** @param idleTime a pair through which nothing passes for so long is closed. */
  constructor(clock: Clock, sweep: Sweep, idleTime: Nanos) {
    this.#clock = clock
    this.#sweep = sweep
    this.#idleTime = idleTime
  }

  get count(): number {
    return this.#open.size
  }

  /**
   * Joins two connections.
   * @param over called once, when the pair is no more.
   * @returns the owner that `near` is to have: whoever has it now attaches it.
   */
  join(near: Connection, far: Connection, over: () => void = () => {}): ConnectionOwner {
    const pair = new Pair(near, far, this.#clock, this.#idleTime, () => {
      if (!this.#open.delete(pair)) return
      this.#sweep.delete(pair)
      over()
    })
    this.#open.add(pair)
    this.#sweep.add(pair)
    far.attach(new Relay(pair, far, near))
    return new Relay(pair, near, far)
  }

  /** Ends all of them, what is queued sent first. */
  close(): void {
    for (const pair of [...this.#open]) pair.close()
  }
}

/** Two connections joined. */
class Pair implements Deadlined {
  deadline: Nanos
  readonly #near: Connection
  readonly #far: Connection
  readonly #clock: Clock
  readonly #idleTime: Nanos
  readonly #closed: () => void
  #moved = false

  constructor(near: Connection, far: Connection, clock: Clock, idleTime: Nanos, closed: () => void) {
    this.#near = near
    this.#far = far
    this.#clock = clock
    this.#idleTime = idleTime
    this.#closed = closed
    this.deadline = clock.now() + idleTime
  }

  moved(): void {
    this.#moved = true
  }

  expire(): void {
    if (!this.#moved) {
      this.close()
      return
    }
    this.#moved = false
    this.deadline = this.#clock.now() + this.#idleTime
  }

  /** One side is closed: so is the other. */
  ended(other: Connection, error: SocketError | null): void {
    this.#closed()
    if (error === null) other.close()
    else other.reset()
  }

  close(): void {
    this.#near.close()
    this.#far.close()
  }
}

/** A connection's owner while it is joined to another. */
class Relay implements ConnectionOwner {
  readonly #pair: Pair
  readonly #from: Connection
  readonly #to: Connection

  constructor(pair: Pair, from: Connection, to: Connection) {
    this.#pair = pair
    this.#from = from
    this.#to = to
  }

  onData(bytes: Uint8Array): void {
    this.#pair.moved()
    if (!this.#to.write(bytes)) this.#from.pause()
  }

  onEnd(): void {
    this.#to.end()
  }

  /** This side takes bytes again: the other may send. */
  onDrain(): void {
    this.#pair.moved()
    this.#to.resume()
  }

  onClose(error: SocketError | null): void {
    this.#pair.ended(this.#to, error)
  }
}
