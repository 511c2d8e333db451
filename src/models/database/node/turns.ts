/** Whose turn it is to write: one after the other, in the order they came. */
import { after, type Clock, formatDuration, type Timer } from '../../../base/clock.ts'
import type { Duration } from '../../../base/duration.ts'
import { DatabaseBusyError, DatabaseClosedError } from '../../errors.ts'

interface Waiting {
  readonly resolve: () => void
  readonly reject: (error: Error) => void
  readonly timer: Timer
}

export interface TurnLimits {
  /** How many may wait. */
  readonly waiting: number
  /** How long each waits. */
  readonly turnTimeout: Duration
}

export class Turns {
  readonly #database: string
  readonly #limits: TurnLimits
  readonly #waiting = new Set<Waiting>()
  #held = false
  #closed = false

  constructor(database: string, limits: TurnLimits) {
    this.#database = database
    this.#limits = limits
  }

  get closed(): boolean {
    return this.#closed
  }

  /** Takes the turn if nobody has it. @throws DatabaseClosedError */
  take(): boolean {
    if (this.#closed) throw new DatabaseClosedError(this.#database)
    if (this.#held) return false
    return (this.#held = true)
  }

  /** Resolves when the turn has come; rejects when too many wait, it takes too long, or the database is closed. */
  wait(clock: Clock): Promise<void> {
    const { waiting, turnTimeout } = this.#limits
    return new Promise((resolve, reject) => {
      const busy = (why: string, limit: string) =>
        reject(
          new DatabaseBusyError(
            `${why} for the running transaction of ${this.#database}: make transactions shorter, or raise ${limit} in openDatabase`,
          ),
        )
      if (this.#waiting.size >= waiting) return busy(`${waiting} statements wait already`, 'limits.waiting')
      const timer = after(clock, turnTimeout, () => {
        this.#waiting.delete(one)
        busy(`a statement has waited ${formatDuration(turnTimeout)}`, 'limits.turnTimeout')
      })
      const one = { resolve, reject, timer }
      this.#waiting.add(one)
    })
  }

  /** Hands the turn to the one that has waited longest. */
  release(): void {
    for (const next of this.#waiting) {
      this.#waiting.delete(next)
      next.timer.cancel()
      next.resolve()
      return
    }
    this.#held = false
  }

  /** Turns away all who wait, and who comes from now on. */
  close(): void {
    this.#closed = true
    for (const { reject, timer } of this.#waiting) {
      timer.cancel()
      reject(new DatabaseClosedError(this.#database))
    }
    this.#waiting.clear()
  }
}
