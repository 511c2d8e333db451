/** What a connection has sent and got, counted, and when it was heard. */
import type { Nanos } from '../base/clock.ts'

export class Traffic {
  #in = 0
  #out = 0
  #dataIn = 0
  #dataOut = 0
  #heardAt: Nanos
  #ackAt: Nanos = -1

  constructor(now: Nanos) {
    this.#heardAt = now
  }

  /** Segments that have arrived, and of those with text. */
  get in(): number {
    return this.#in
  }

  get dataIn(): number {
    return this.#dataIn
  }

  /** Segments that were sent, and of those with text. */
  get out(): number {
    return this.#out
  }

  get dataOut(): number {
    return this.#dataOut
  }

  /** When the peer was last heard, beyond doubt. */
  get heardAt(): Nanos {
    return this.#heardAt
  }

  /** When an ACK was taken in; −1: none was. */
  get ackAt(): Nanos {
    return this.#ackAt
  }

  arrived(length: number, segments: number): void {
    this.#in += segments
    if (length > 0) this.#dataIn += segments
  }

  left(length: number): void {
    this.#out++
    if (length > 0) this.#dataOut++
  }

  heard(now: Nanos): void {
    this.#heardAt = now
  }

  acknowledged(now: Nanos): void {
    this.#ackAt = now
  }
}
