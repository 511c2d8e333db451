import { type Nanos, SECOND } from '../../base/clock.ts'

/** So many at once, and so many more each second: for what costs a peer little and us something. */
export class Budget {
  readonly #burst: number
  readonly #rate: number
  readonly #now: () => Nanos
  #left: number
  /** Since when the rate counts. */
  #since: Nanos

  constructor(burst: number, rate: number, now: () => Nanos) {
    this.#burst = burst
    this.#rate = rate
    this.#now = now
    this.#left = burst
    this.#since = now()
  }

  /** Takes one; false where none is left. The clock is asked only then. */
  take(): boolean {
    if (this.#left < 1) {
      const now = this.#now()
      this.earn(((now - this.#since) / SECOND) * this.#rate)
      this.#since = now
      if (this.#left < 1) return false
    }
    this.#left--
    return true
  }

  /** The peer has done something useful, which comes with what is budgeted. */
  earn(count: number): void {
    this.#left = Math.min(this.#burst, this.#left + count)
  }
}
