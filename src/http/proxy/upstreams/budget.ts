/** How many requests may be tried again: when everything fails, retries would only multiply the load. */
import { type Clock, type Nanos, SECOND } from '../../../base/clock.ts'

/** Retries a second that are always allowed: with little traffic a share of it would be none. */
const FLOOR = 10
/** Requests and retries are remembered for so long. */
const WINDOW: Nanos = 10 * SECOND

export class RetryBudget {
  readonly #clock: Clock
  readonly #share: number
  #since: Nanos
  #requests = 0
  #retries = 0

  /** @param share retries in proportion to requests. */
  constructor(clock: Clock, share: number) {
    this.#clock = clock
    this.#share = share
    this.#since = clock.now()
  }

  request(): void {
    this.#roll()
    this.#requests++
  }

  /** Takes one retry; false where there is none to be had. */
  take(): boolean {
    this.#roll()
    if (this.#retries >= this.#requests * this.#share + FLOOR * (WINDOW / SECOND)) return false
    this.#retries++
    return true
  }

  /** Half is forgotten at a time: a burst does not come back all at once. */
  #roll(): void {
    const now = this.#clock.now()
    if (now - this.#since < WINDOW) return
    const idle = now - this.#since >= 2 * WINDOW
    this.#since = now
    this.#requests = idle ? 0 : this.#requests / 2
    this.#retries = idle ? 0 : this.#retries / 2
  }
}
