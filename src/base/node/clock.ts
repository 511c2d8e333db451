/** The real clock, as every platform has it. */
import type { Clock, Nanos, Timer } from '../clock.ts'

/** setTimeout's longest delay; longer waits are made of several. */
const LONGEST_TIMEOUT_MS = 0x7fff_ffff

/** Runs a call as soon as whatever waits already has run; gives what takes it back. */
export type Soon = (run: () => void) => () => void

export class SystemClock implements Clock {
  readonly #started = performance.now()
  readonly soon: Soon

  constructor(soon: Soon) {
    this.soon = soon
  }

  now(): Nanos {
    return Math.round((performance.now() - this.#started) * 1e6)
  }

  wallMillis(): number {
    return Date.now()
  }

  at(when: Nanos, run: () => void): Timer {
    return new SystemTimer(this, when, run)
  }

  hold<T>(work: Promise<T>): Promise<T> {
    return work
  }
}

class SystemTimer implements Timer {
  readonly #clock: SystemClock
  readonly #when: Nanos
  readonly #run: () => void
  #timeout: ReturnType<typeof setTimeout> | null = null
  #unsoon: (() => void) | null = null

  constructor(clock: SystemClock, when: Nanos, run: () => void) {
    this.#clock = clock
    this.#when = when
    this.#run = run
    this.#arm()
  }

  #arm(): void {
    const left = this.#when - this.#clock.now()
    if (left <= 0) this.#unsoon = this.#clock.soon(() => this.#fire())
    else this.#timeout = setTimeout(() => this.#fire(), Math.min(Math.ceil(left / 1e6), LONGEST_TIMEOUT_MS))
  }

  #fire(): void {
    // libuv counts timeouts in whole milliseconds of its cached loop time and may be a fraction early.
    if (this.#clock.now() < this.#when) this.#arm()
    else this.#run()
  }

  cancel(): void {
    if (this.#timeout !== null) clearTimeout(this.#timeout)
    this.#unsoon?.()
  }
}
