/** All that a stack has arranged for later, behind the one timer that it asks of its clock. */
import type { Clock, Nanos, Timer } from '../base/clock.ts'
import { Schedule, type Task } from '../base/schedule.ts'

export class Timers {
  readonly #clock: Clock
  readonly #schedule = new Schedule()
  #timer: Timer | null = null
  #armedFor: Nanos = Number.POSITIVE_INFINITY

  constructor(clock: Clock) {
    this.#clock = clock
  }

  now(): Nanos {
    return this.#clock.now()
  }

  /** Runs `task.run(argument)` at that time. The slot can be given to `cancel` or `move` until then. */
  at(when: Nanos, task: Task, argument?: unknown): number {
    const slot = this.#schedule.add(when, task, argument)
    if (when < this.#armedFor) this.#arm()
    return slot
  }

  /** Runs it at this instant, after what is due already: owners are never called from inside their own calls. */
  soon(task: Task, argument?: unknown): void {
    this.at(this.#clock.now(), task, argument)
  }

  move(slot: number, when: Nanos): void {
    this.#schedule.move(slot, when)
    if (when < this.#armedFor) this.#arm()
  }

  cancel(slot: number): void {
    this.#schedule.remove(slot)
    if (this.#schedule.size === 0) this.#disarm()
  }

  /** Moves the timer forward. It is not moved back: one that fires early finds nothing due, which costs less. */
  #arm(): void {
    this.#timer?.cancel()
    this.#armedFor = this.#schedule.next()
    this.#timer = this.#clock.at(this.#armedFor, this.#due)
  }

  #disarm(): void {
    this.#timer?.cancel()
    this.#timer = null
    this.#armedFor = Number.POSITIVE_INFINITY
  }

  readonly #due = (): void => {
    this.#timer = null
    const schedule = this.#schedule
    const now = this.#clock.now()
    // Until the end nothing needs the timer. What is arranged meanwhile for this instant has its turn by the timer, after
    // what others have arranged for it: the loopback must not keep the clock's owner waiting for ever.
    this.#armedFor = Number.NEGATIVE_INFINITY
    const limit = schedule.sequence
    try {
      while (schedule.next() <= now && schedule.first < limit) {
        schedule.take()
        schedule.task!.run(schedule.argument)
      }
    } finally {
      this.#armedFor = Number.POSITIVE_INFINITY
      if (schedule.size > 0) this.#arm()
    }
  }
}
