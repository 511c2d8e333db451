/**
 * Deadlines of many connections on one coarse timer: setting one is a field write, and the timer is armed for the
 * earliest that it knew of, never more often than the grain. Who was moved on meanwhile is only looked at.
 */
import { type Clock, MILLISECOND, type Nanos, type Timer } from '../base/clock.ts'

export interface Deadlined {
  /** When `expire` is due; Infinity for never. */
  deadline: Nanos
  expire(now: Nanos): void
}

/** How much later than its deadline something may be found: limits are in seconds. */
const GRAIN: Nanos = 250 * MILLISECOND

export class Sweep {
  readonly #clock: Clock
  readonly #members = new Set<Deadlined>()
  #timer: Timer | null = null
  #due: Nanos = Number.POSITIVE_INFINITY

  constructor(clock: Clock) {
    this.#clock = clock
  }

  add(member: Deadlined): void {
    this.#members.add(member)
    this.note(member.deadline)
  }

  delete(member: Deadlined): void {
    this.#members.delete(member)
    if (this.#members.size === 0) this.#disarm()
  }

  /** To be told of a deadline that was set: free unless it is the earliest. */
  note(deadline: Nanos): void {
    if (deadline + GRAIN < this.#due) this.#arm(deadline + GRAIN)
  }

  #arm(when: Nanos): void {
    this.#disarm()
    if (when === Number.POSITIVE_INFINITY) return
    this.#due = when
    this.#timer = this.#clock.at(when, () => this.#run())
  }

  #disarm(): void {
    this.#timer?.cancel()
    this.#timer = null
    this.#due = Number.POSITIVE_INFINITY
  }

  #run(): void {
    const now = this.#clock.now()
    this.#timer = null
    this.#due = Number.POSITIVE_INFINITY
    let earliest = Number.POSITIVE_INFINITY
    for (const member of this.#members) {
      if (member.deadline <= now) member.expire(now)
      if (this.#members.has(member)) earliest = Math.min(earliest, member.deadline)
    }
    // Who has left a passed deadline standing is met again a grain later, not at once and for ever.
    this.note(Math.max(earliest, now))
  }
}
