/** How long a connection that was closed may take to hand over what is queued. */
import { after, type Clock, type Timer } from '../base/clock.ts'
import type { Duration } from '../base/duration.ts'

export class CloseTimer {
  readonly #clock: Clock
  readonly #time: Duration
  readonly #late: () => void
  readonly #restarts: boolean
  #timer: Timer
  /** The peer has taken something since the timer was started. */
  #moved = false

  /**
   * @param within from now, whatever the peer takes meanwhile; undefined: `silence` without any progress
   * @param late resets the connection
   */
  constructor(clock: Clock, within: Duration | undefined, silence: Duration, late: () => void) {
    this.#clock = clock
    this.#time = within ?? silence
    this.#restarts = within === undefined
    this.#late = late
    this.#timer = after(clock, this.#time, () => this.#ring())
  }

  /** The peer has taken some of it. */
  progress(): void {
    this.#moved = this.#restarts
  }

  stop(): void {
    this.#timer.cancel()
  }

  #ring(): void {
    if (!this.#moved) {
      this.#late()
      return
    }
    this.#moved = false
    this.#timer = after(this.#clock, this.#time, () => this.#ring())
  }
}
