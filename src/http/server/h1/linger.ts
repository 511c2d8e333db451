/**
 * How a connection is left (RFC 9112 §9.6): FIN first, then what the client still sends is read and thrown away, since
 * unread bytes would make the host answer with a reset that destroys the reply on its way.
 */
import type { Clock, Nanos } from '../../../base/clock.ts'
import type { Connection } from '../../../socket/host.ts'
import type { HttpLimits } from '../../limits.ts'
import type { Patience } from './patience.ts'

export class Linger {
  readonly #connection: Connection
  readonly #patience: Patience
  readonly #clock: Clock
  readonly #limits: HttpLimits
  #received = 0
  #ends: Nanos = 0

  constructor(connection: Connection, patience: Patience, clock: Clock, limits: HttpLimits) {
    this.#connection = connection
    this.#patience = patience
    this.#clock = clock
    this.#limits = limits
  }

  begin(): void {
    this.#ends = this.#clock.now() + this.#limits.lingerTime
    this.#connection.end()
    this.#patience.waitFor('linger', this.#received)
  }

  received(bytes: Uint8Array): void {
    this.#received += bytes.length
  }

  /**
   * A wait is over: what the host has not sent may take as long as it moves, what the client sends a while.
   * @param taken how many bytes the client has taken so far.
   */
  expired(taken: number): void {
    const { queued } = this.#connection
    const silent = this.#received === this.#patience.mark
    if (queued > 0) this.#patience.waitFor('stall', taken)
    else if (!silent && this.#clock.now() < this.#ends) this.#patience.waitFor('linger', this.#received)
    else this.#connection.close() // not a reset: the reply may be in the host's own buffers still
  }
}
