/** A machine for tests: time stands still until it is moved, randomness is seeded, the log is kept. */
import type { Clock, Nanos, Timer } from '../../base/clock.ts'
import { type EventLog, silent } from '../../base/events.ts'
import type { Machine } from '../../base/machine.ts'
import { SeededRandom } from '../../base/random.ts'

interface Pending {
  readonly when: Nanos
  readonly run: () => void
}

export class ManualClock implements Clock {
  #now: Nanos = 0
  #timers: Pending[] = []
  /** 2026-01-01T00:00:00Z at nanosecond 0. */
  readonly epochMillis = 1_767_225_600_000

  now(): Nanos {
    return this.#now
  }

  wallMillis(): number {
    return this.epochMillis + Math.floor(this.#now / 1_000_000)
  }

  at(when: Nanos, run: () => void): Timer {
    const entry = { when: Math.max(when, this.#now), run }
    this.#timers.push(entry)
    return {
      cancel: () => {
        this.#timers = this.#timers.filter((other) => other !== entry)
      },
    }
  }

  hold<T>(work: Promise<T>): Promise<T> {
    return work
  }

  get timers(): number {
    return this.#timers.length
  }

  /** Moves time on, running what falls due in order and letting promises settle after each. */
  async advance(by: Nanos): Promise<void> {
    const end = this.#now + by
    await settle()
    for (;;) {
      let next: Pending | undefined
      for (const timer of this.#timers) if (timer.when <= end && (!next || timer.when < next.when)) next = timer
      if (next === undefined) break
      this.#timers = this.#timers.filter((other) => other !== next)
      this.#now = next.when
      next.run()
      await settle()
    }
    this.#now = end
  }
}

/** Lets everything happen that waits only for promises. */
export async function settle(turns = 1500): Promise<void> {
  for (let i = 0; i < turns; i++) await null
}

export interface TestMachine extends Machine {
  readonly clock: ManualClock
}

export function testMachine(name = 'test', events: EventLog = silent): TestMachine {
  return { name, clock: new ManualClock(), random: new SeededRandom(name), events }
}
