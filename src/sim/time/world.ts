/**
 * Virtual time, and the loop that moves it. What is due happens in the order (time, sequence number). Time stands still
 * while application code runs: an event that entered it is followed, before the next instant, by a turn of the real
 * event loop in which all promises settle. Events that touch only the network run in a tight synchronous loop.
 */
import { type Clock, formatDuration, type Nanos, type Timer } from '../../base/clock.ts'
import { Schedule, type Task } from '../../base/schedule.ts'
import { INSTANT_EVENTS } from '../limits.ts'

/** The promise cannot be settled by anything that is still to come. */
export class DeadlockError extends Error {
  override readonly name = 'DeadlockError'
}

/** The promise was not settled within the virtual time that the run was given. */
export class TimeLimitError extends Error {
  override readonly name = 'TimeLimitError'
}

export class World {
  /** Nanoseconds since the simulation began. */
  now: Nanos = 0
  readonly schedule = new Schedule()
  /** Every clock of the simulation reads this. `quiet` is for the network itself: its timers run no application code. */
  readonly clock: Clock
  readonly quietClock: Clock

  #applicationRan = false
  #running = false
  #atThisInstant = 0
  /** How many events one instant may have. */
  instantEvents = INSTANT_EVENTS
  readonly #failures: unknown[] = []
  readonly #held = new Set<Promise<unknown>>()
  readonly #settle: () => Promise<void>
  readonly #turn: () => Promise<void>

  /**
   * @param epochMillis the wall clock at time 0
   * @param settle waits until all promise reactions have run
   * @param turn waits for a whole turn of the real event loop
   */
  constructor(
    epochMillis: number,
    settle: () => Promise<void>,
    turn: () => Promise<void> = settle,
    stopwatch?: () => Nanos,
  ) {
    this.#settle = settle
    this.#turn = turn
    this.clock = new VirtualClock(this, epochMillis, true, stopwatch)
    this.quietClock = new VirtualClock(this, epochMillis, false)
  }

  /** Application code is about to run, or a promise of its was settled: time waits for it. */
  readonly enterApplication = (): void => {
    this.#applicationRan = true
  }

  /** A program that nobody waits for has failed: the run under way, or the next one, fails with its error. */
  fail(error: unknown): void {
    this.#failures.push(error)
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
   * @returns why it stopped
   */
  async advance(until: Nanos, finished: () => boolean): Promise<'finished' | 'idle' | 'until'> {
    if (this.#running) throw new Error('the simulation is running already: await the other run first')
    this.#running = true
    try {
      for (;;) {
        await this.#quieten()
        if (this.#failures.length > 0) throw this.#failures.shift()
        if (finished()) return 'finished'
        if (this.schedule.size === 0 && !(await this.#wakes())) return 'idle'
        if (this.schedule.next() > until) return 'until'
        this.#stretch(until)
      }
    } finally {
      this.#running = false
    }
  }

  /** Nothing is left to happen, unless the program has set an immediate of its own. */
  async #wakes(): Promise<boolean> {
    await this.#turn()
    return this.schedule.size > 0 || this.#applicationRan
  }

  /** Lets application code finish what it can at this instant. */
  async #quieten(): Promise<void> {
    do {
      this.#applicationRan = false
      await this.#settle()
      while (this.#held.size > 0) {
        await Promise.allSettled(this.#held)
        await this.#settle()
      }
    } while (this.#applicationRan)
  }

  /** Events without a break, to the end of the instant in which application code ran. */
  #stretch(until: Nanos): void {
    const schedule = this.schedule
    while (schedule.size > 0 && schedule.next() <= until) {
      if (schedule.next() > this.now) {
        if (this.#applicationRan) return
        this.now = schedule.next()
        this.#atThisInstant = 0
      } else if (++this.#atThisInstant > this.instantEvents) throw standstill(this.now, this.instantEvents)
      schedule.take()
      schedule.task!.run(schedule.argument)
    }
  }
}

class VirtualClock implements Clock {
  readonly stopwatch?: () => Nanos
  readonly #world: World
  readonly #epochMillis: number
  readonly #application: boolean

  constructor(world: World, epochMillis: number, application: boolean, stopwatch?: () => Nanos) {
    this.#world = world
    if (stopwatch !== undefined) this.stopwatch = stopwatch
    this.#epochMillis = epochMillis
    this.#application = application
  }

  now(): Nanos {
    return this.#world.now
  }

  wallMillis(): number {
    return this.#epochMillis + Math.floor(this.#world.now / 1e6)
  }

  at(when: Nanos, run: () => void): Timer {
    return new VirtualTimer(this.#world, Math.max(when, this.#world.now), run, this.#application)
  }

  hold<T>(work: Promise<T>): Promise<T> {
    return this.#world.hold(work)
  }
}

class VirtualTimer implements Timer, Task {
  readonly #world: World
  readonly #run: () => void
  readonly #application: boolean
  #slot: number

  constructor(world: World, when: Nanos, run: () => void, application: boolean) {
    this.#world = world
    this.#run = run
    this.#application = application
    this.#slot = world.schedule.add(when, this)
  }

  run(): void {
    this.#slot = -1
    if (this.#application) this.#world.enterApplication()
    this.#run()
  }

  cancel(): void {
    if (this.#slot >= 0) this.#world.schedule.remove(this.#slot)
    this.#slot = -1
  }
}

function standstill(now: Nanos, events: number): DeadlockError {
  return new DeadlockError(
    `time stands still at ${formatDuration(now)}: ${events} events at one instant. ` +
      'Two sides answer each other without latency; give their link some, or set internet({ instantEvents })',
  )
}

/** The sentence of a run that cannot end. */
export function deadlock(now: Nanos): DeadlockError {
  return new DeadlockError(
    `deadlock at ${formatDuration(now)}: nothing is scheduled and the promise is still pending. ` +
      'Either two sides wait for each other, or the program waits for real time: a timer belongs to the host ' +
      '(`sleep(host.clock, SECOND)` of reticle/base), real work into `host.clock.hold(…)`',
  )
}

export function timeLimit(now: Nanos, limit: Nanos): TimeLimitError {
  return new TimeLimitError(
    `the promise is still pending at ${formatDuration(now)}, after ${formatDuration(limit)} of virtual time: ` +
      'pass run(promise, { limit }) for longer runs',
  )
}
