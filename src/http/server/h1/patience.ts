/** What a connection is waiting for, and until when. */
import type { Clock, Nanos } from '../../../base/clock.ts'
import type { HttpLimits } from '../../limits.ts'
import type { Deadlined } from '../../sweep.ts'

/**
 * - `head`: a request's head, from its first byte on.
 * - `idle`: the next request.
 * - `body`: progress of a request's body.
 * - `stall`: the client is to take what waits for it.
 * - `leave`: progress of a reply to a client that has ended its side.
 * - `linger`: the client is to end its side after ours.
 */
export type Wait = 'nothing' | 'head' | 'idle' | 'body' | 'stall' | 'leave' | 'linger'

const NEVER = Number.POSITIVE_INFINITY
/** A stall is looked for more often than it may last, so that a client is cut soon after its time and not at twice its time. */
const LOOKS = 4

export class Patience implements Deadlined {
  deadline: Nanos = NEVER
  #wait: Wait = 'nothing'
  #mark = 0
  /** Looks in a row that found no progress. */
  #silent = 0
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

  /** Progress when the wait began: bytes received, or taken by the client. */
  get mark(): number {
    return this.#mark
  }

  /** Waits for that from now on. To wait for the same goes on from where it began, except between requests. */
  waitFor(wait: Wait, mark = 0): void {
    if (wait === this.#wait && wait !== 'idle') return
    this.#silent = 0
    this.#arm(wait, mark)
  }

  /**
   * After a wait for progress has ended: waits on.
   * @returns false when there was none for as long as may be.
   */
  waitOn(wait: 'stall' | 'leave', mark: number): boolean {
    this.#silent = mark > this.#mark ? 0 : this.#silent + 1
    if (this.#silent >= LOOKS) return false
    this.#arm(wait, mark)
    return true
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

  #arm(wait: Wait, mark: number): void {
    this.#wait = wait
    this.#mark = mark
    const time = this.#time(wait)
    this.deadline = time === NEVER ? NEVER : this.#clock.now() + time
    this.#note(this.deadline)
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
        return this.#limits.stallTime / LOOKS
      case 'leave':
        return this.#limits.leaveTime / LOOKS
      case 'linger':
        return this.#limits.silenceTime
      default:
        return NEVER
    }
  }
}
