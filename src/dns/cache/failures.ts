/** RFC 9520: a question that could not be answered is not tried again at once, nor ever oftener because it fails. */
import type { Nanos } from '../../base/clock.ts'
import { type CacheLimits, DNS_LIMITS } from '../limits.ts'
import { BoundedMap } from './bounded.ts'
import { type Seconds, secondsAt } from './time.ts'

interface Failure {
  readonly until: Seconds
  readonly ttl: Seconds
}

/** Questions that could lately not be answered, by `queryKey`. */
export class FailureCache {
  readonly limits: CacheLimits
  readonly #failures: BoundedMap<Failure>

  constructor(limits: CacheLimits = DNS_LIMITS.cache) {
    this.limits = limits
    this.#failures = new BoundedMap(limits.failures)
  }

  /** Whether that question has failed so lately that it is answered with a failure. */
  has(key: string, now: Nanos): boolean {
    const failure = this.#failures.get(key)
    return failure !== undefined && failure.until > secondsAt(now)
  }

  /** §3.2: each failure in a row is remembered twice as long as the one before, up to the limit. */
  add(key: string, now: Nanos): void {
    const last = this.#failures.peek(key)
    const second = secondsAt(now)
    // A failure long ago says nothing about this one.
    const inARow = last !== undefined && second < last.until + this.limits.maxFailureTtl
    const ttl = inARow ? Math.min(last.ttl * 2, this.limits.maxFailureTtl) : this.limits.failureTtl
    this.#failures.set(key, { until: second + ttl, ttl })
  }

  /** The question has been answered after all. */
  delete(key: string): void {
    this.#failures.delete(key)
  }

  clear(): void {
    this.#failures.clear()
  }
}
