/**
 * Virtual time, and the loop that moves it. What is due happens in the order (time, sequence number). Time stands still
 * while application code runs: an event that entered it is followed, before the next instant, by a turn of the real
 * event loop in which all promises settle. Events that touch only the network run in a tight synchronous loop.
 */
import type { Clock, Nanos } from '../../base/clock.ts'
import { Schedule } from '../../base/schedule.ts'
import { SimError } from '../errors.ts'
import { SIM_LIMITS } from '../limits.ts'
import { type Lived, type Timeline, VirtualClock } from './clock.ts'
import type { EventLoop } from './loop.ts'
import { Strays } from './strays.ts'

/** Why virtual time stopped: as wanted, or because nothing is left to happen, or because one instant does not end. */
export type Stop = 'finished' | 'until' | 'idle' | 'standstill'

/** A program that nobody waits for has failed. */
export interface Failure {
  readonly error: unknown
  /** In whose life; null when that is not known. */
  readonly life: Lived | null
}

export interface WorldOptions {
  /** The wall clock at time 0, milliseconds since 1970. */
  readonly epochMillis: number
  readonly loop: EventLoop
  readonly stopwatch?: (() => Nanos) | undefined
  /** How many events one instant may have. */
  readonly instantEvents?: number | undefined
}

export class World implements Timeline {
  /** Nanoseconds since the simulation began. */
  now: Nanos = 0
  readonly schedule = new Schedule()
  /** The clock of whoever makes the experiment: it belongs to no machine. */
  readonly clock: Clock

  readonly #options: WorldOptions
  readonly #instantEvents: number
  readonly #strays: Strays
  /** Events so far. */
  steps = 0
  #applicationRan = false
  /** Whose program has run since all was quiet; null: nobody's, or several machines' at one instant. */
  #life: Lived | null = null
  #running = false
  #atThisInstant = 0
  readonly #failures: Failure[] = []
  readonly #held = new Set<Promise<unknown>>()

  constructor(options: WorldOptions) {
    this.#options = options
    this.#instantEvents = options.instantEvents ?? SIM_LIMITS.instantEvents
    this.#strays = new Strays(options.loop, (error) => this.fail(error, this.#life))
    this.clock = this.clockOf(null, true)
  }

  /** The clock of one life of a machine, for its programs or for its network. */
  clockOf(life: Lived | null, program: boolean): Clock {
    const { epochMillis, stopwatch } = this.#options
    return new VirtualClock(this, { epochMillis, life, program, ...(program && { stopwatch }) })
  }

  enterApplication(life: Lived | null): void {
    if (!this.#applicationRan) this.#life = life
    else if (this.#life !== life) this.#life = null
    this.#applicationRan = true
  }

  /** The run under way, or the next one, fails with this error. */
  fail(error: unknown, life: Lived | null): void {
    this.#failures.push({ error, life })
    this.#applicationRan = true
  }

  /** Time stands still until the work has settled. */
  hold<T>(work: Promise<T>): Promise<T> {
    const settled = () => {
      this.#held.delete(guarded)
      this.#applicationRan = true
    }
    const guarded: Promise<T> = work.finally(settled)
    this.#held.add(guarded)
    return guarded
  }

  /**
   * Runs until `finished` answers true, nothing is left to happen, or the next event lies past `until`.
   * @param failed says what a failure is to be thrown as
   */
  async advance(until: Nanos, finished: () => boolean, failed: (failure: Failure) => unknown): Promise<Stop> {
    if (this.#running)
      throw new SimError('SIM_RUNNING', 'the simulation is running already: await the first run() before the next')
    this.#running = true
    this.#strays.watch()
    try {
      for (;;) {
        await this.#quieten()
        const failure = this.#failures.shift()
        if (failure !== undefined) throw failed(failure)
        if (finished()) return 'finished'
        if (this.schedule.size === 0 && !(await this.#wakes())) return 'idle'
        if (this.schedule.next() > until) return 'until'
        if (!this.#stretch(until)) return 'standstill'
      }
    } finally {
      this.#strays.ignore()
      this.#running = false
    }
  }

  /** Moves to a time at which nothing happens. */
  skipTo(time: Nanos): void {
    this.now = Math.max(this.now, time)
  }

  /** Nothing is left to happen, unless the program has set an immediate of its own. */
  async #wakes(): Promise<boolean> {
    await this.#options.loop.turn()
    this.#strays.resumed()
    return this.schedule.size > 0 || this.#applicationRan
  }

  /** Lets application code finish what it can at this instant. */
  async #quieten(): Promise<void> {
    const { settle } = this.#options.loop
    do {
      this.#applicationRan = false
      await settle()
      this.#strays.resumed()
      while (this.#held.size > 0) {
        await Promise.allSettled(this.#held)
        await settle()
        this.#strays.resumed()
      }
    } while (this.#applicationRan)
  }

  /**
   * Events without a break, to the end of the instant in which application code ran.
   * @returns false when an instant has more events than it may
   */
  #stretch(until: Nanos): boolean {
    const schedule = this.schedule
    while (schedule.size > 0 && schedule.next() <= until) {
      if (schedule.next() > this.now) {
        if (this.#applicationRan) return true
        this.now = schedule.next()
        this.#atThisInstant = 0
      } else if (++this.#atThisInstant > this.#instantEvents) return false
      schedule.take()
      this.steps++
      schedule.task!.run(schedule.argument)
    }
    return true
  }
}
