/** Clocks of a simulation: all tell the same virtual time, and each knows whose calls it makes. */
import type { Clock, Nanos, Timer } from '../../base/clock.ts'
import type { Schedule, Task } from '../../base/schedule.ts'

/** One life of a machine, as far as time goes. */
export interface Lived {
  /** The machine's name. */
  readonly machine: string
  readonly state: 'running' | 'paused' | 'over'
  /** Runs it when the machine goes on; never, when its life is over. */
  defer(task: Task): void
}

/** Virtual time, as its clocks see it. */
export interface Timeline {
  readonly now: Nanos
  readonly schedule: Schedule
  /** Code of a program is about to run, in that life of its machine (null: outside of every machine). */
  enterApplication(life: Lived | null): void
  hold<T>(work: Promise<T>): Promise<T>
}

export interface ClockOptions {
  /** Milliseconds since 1970 at time 0. */
  readonly epochMillis: number
  /** Whose timers they are; null: nobody's, so they fire whatever happens to the machines. */
  readonly life: Lived | null
  /** Whether its timers run a program; else they are the network's own. */
  readonly program: boolean
  readonly stopwatch?: (() => Nanos) | undefined
}

export class VirtualClock implements Clock {
  readonly stopwatch?: () => Nanos
  readonly #time: Timeline
  readonly #options: ClockOptions

  constructor(time: Timeline, options: ClockOptions) {
    this.#time = time
    this.#options = options
    if (options.stopwatch !== undefined) this.stopwatch = options.stopwatch
  }

  now(): Nanos {
    return this.#time.now
  }

  wallMillis(): number {
    return this.#options.epochMillis + Math.floor(this.#time.now / 1e6)
  }

  at(when: Nanos, run: () => void): Timer {
    return new VirtualTimer(this.#time, this.#options, Math.max(when, this.#time.now), run)
  }

  hold<T>(work: Promise<T>): Promise<T> {
    return this.#time.hold(work)
  }
}

/** In the place of a slot: it has fired or was cancelled; its machine is paused. */
const DONE = -1
const DEFERRED = -2

class VirtualTimer implements Timer, Task {
  readonly #time: Timeline
  readonly #options: ClockOptions
  readonly #run: () => void
  #slot: number

  constructor(time: Timeline, options: ClockOptions, when: Nanos, run: () => void) {
    this.#time = time
    this.#options = options
    this.#run = run
    this.#slot = time.schedule.add(when, this)
  }

  run(): void {
    if (this.#slot === DONE) return
    const { life, program } = this.#options
    if (life !== null && life.state !== 'running') {
      this.#slot = DEFERRED
      life.defer(this)
      return
    }
    this.#slot = DONE
    if (program) this.#time.enterApplication(life)
    this.#run()
  }

  cancel(): void {
    if (this.#slot >= 0) this.#time.schedule.remove(this.#slot)
    this.#slot = DONE
  }
}
