/**
 * How many retries are worth it. When a server is down, each of its clients sends every request several times, and keeps it
 * down: so a retry has to be earned by requests (a fifth of them by default), as in Finagle's RetryBudget. A few each second
 * are free, or a client that asks little would never get one.
 */
import { type Nanos, SECOND } from '../../../base/clock.ts'

/** How many retries there may be. */
export interface RetryBudgetOptions {
  /** Retries for each request; default 0.2. */
  readonly ratio?: number
  /** Retries each second beside those; default 1. */
  readonly perSecond?: number
  /** The most that can be saved up; default 100. */
  readonly most?: number
}

export class RetryBudget {
  readonly #ratio: number
  readonly #perSecond: number
  readonly #most: number
  #saved: number
  #since: Nanos

  constructor({ ratio = 0.2, perSecond = 1, most = 100 }: RetryBudgetOptions, now: Nanos) {
    this.#ratio = ratio
    this.#perSecond = perSecond
    this.#most = most
    this.#saved = Math.min(most, perSecond * 10)
    this.#since = now
  }

  /** A request is sent for the first time. */
  earn(): void {
    this.#saved = Math.min(this.#most, this.#saved + this.#ratio)
  }

  /** Whether one may be sent again now, which is then counted. */
  spend(now: Nanos): boolean {
    this.#saved = Math.min(this.#most, this.#saved + ((now - this.#since) / SECOND) * this.#perSecond)
    this.#since = now
    if (this.#saved < 1) return false
    this.#saved--
    return true
  }
}
