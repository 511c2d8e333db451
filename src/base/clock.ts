/**
 * Time as every floor sees it. Nothing below `kernel/` reads a clock of its own: the machine's clock and the
 * simulator's virtual one are the same interface, which is what lets one program run on both.
 */

/** Nanoseconds since the host started: an integer in a double, exact for 104 days (2^53 ns). */
export type Nanos = number

/** One microsecond in `Nanos`. */
export const MICROSECOND: Nanos = 1_000
/** One millisecond in `Nanos`. */
export const MILLISECOND: Nanos = 1_000_000
/** One second in `Nanos`. */
export const SECOND: Nanos = 1_000_000_000

/** A call that has been arranged for later. */
export interface Timer {
  /** Takes the call back. Without effect once it has run or been cancelled. */
  cancel(): void
}

/**
 * The time of a machine: what hour it is, and calls to be made later. A program takes its host's clock in place of
 * `Date.now()` and `setTimeout`, and so runs in virtual time too.
 *
 * @example
 * const timer = host.clock.at(host.clock.now() + seconds(5), () => connection.reset())
 * await sleep(host.clock, ms(20))
 */
export interface Clock {
  /** Monotonic time in nanoseconds since the host started. */
  now(): Nanos
  /** Milliseconds since 1970-01-01T00:00:00Z, for dates that people and other machines read. */
  wallMillis(): number
  /** Runs `run` once, at `when` or as soon after it as the host gets to it; a time in the past means "next". */
  at(when: Nanos, run: () => void): Timer
  /**
   * Waits for work that takes real time and no simulated time (a password hash in the thread pool, a file read).
   * On the machine's clock this is the promise itself; a virtual clock stands still until the work has settled,
   * so that the run stays repeatable.
   */
  hold<T>(work: Promise<T>): Promise<T>
  /**
   * Real time, to measure work with, where this clock's own time stands still meanwhile and somebody wants to know.
   * Whatever is measured so differs from run to run: a simulation has one only when it was given one.
   */
  readonly stopwatch?: () => Nanos
}

/** Now, for measuring how long work takes. Computing takes no time in a simulation without a stopwatch. */
export function stopwatch(clock: Clock): Nanos {
  return clock.stopwatch === undefined ? clock.now() : clock.stopwatch()
}

/** Runs `run` once, `delay` nanoseconds from now. */
export function after(clock: Clock, delay: Nanos, run: () => void): Timer {
  return clock.at(clock.now() + delay, run)
}

/** `1.234 s`, `12.3 ms`, `45 µs`: a duration for people, three significant digits. */
export function formatDuration(nanos: Nanos): string {
  const magnitude = Math.abs(nanos)
  if (magnitude >= SECOND) return `${trim(nanos / SECOND)} s`
  if (magnitude >= MILLISECOND) return `${trim(nanos / MILLISECOND)} ms`
  if (magnitude >= MICROSECOND) return `${trim(nanos / MICROSECOND)} µs`
  return `${nanos} ns`
}

function trim(value: number): string {
  return Number(value.toPrecision(3)).toString()
}
