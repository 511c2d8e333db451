/** What a connection is waiting for, and until when. */
import type { Clock, Nanos } from '../../base/clock.ts'
import type { HttpLimits } from '../limits.ts'
import type { Deadlined } from '../sweep.ts'

export type Wait = 'nothing' | 'head' | 'idle' | 'body' | 'stall' | 'linger'

const NEVER = Number.POSITIVE_INFINITY

export class Patience implements Deadlined {
  deadline: Nanos = NEVER
  /** Progress when the wait began: body bytes received, or bytes queued. */
  mark = 0
  #wait: Wait = 'nothing'
  readonly #clock: Clock
  readonly #limits: HttpLimits
  readonly #note: (deadline: Nanos) => void
  readonly #end: (wait: Wait) => void

  /**
   * @param note is told of every deadline set.
   * @param end is called when one has passed.
   */
  constructor(clock: Clock, limits: HttpLimits, note: (deadline: Nanos) => void, end: (wait: Wait) => void) {
    this.#clock = clock
    this.#limits = limits
    this.#note = note
    this.#end = end
  }

  /** Waits for that from now on. To wait for the same goes on from where it began, except between requests. */
  waitFor(wait: Wait, mark = 0): void {
    if (wait === this.#wait && wait !== 'idle') return
    this.#wait = wait
    this.mark = mark
    const time = this.#time(wait)
    this.deadline = time === NEVER ? NEVER : this.#clock.now() + time
    this.#note(this.deadline)
  }

  /** What was waited for is there. */
  rest(): void {
    this.#wait = 'nothing'
    this.deadline = NEVER
  }

  /** A deadline that has passed is over, whatever comes of it: it must not be met again. */
  expire(): void {
    const wait = this.#wait
    this.rest()
    this.#end(wait)
  }

  #time(wait: Wait): Nanos {
    switch (wait) {
      case 'head':
        return this.#limits.headTime
      case 'idle':
        return this.#limits.idleTime
      case 'body':
        return this.#limits.bodyTime
      case 'stall':
        return this.#limits.stallTime
      case 'linger':
        return this.#limits.lingerSilence
      default:
        return NEVER
    }
  }
}
