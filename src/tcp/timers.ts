/**
 * The timers of a connection. They coexist: each is a deadline of its own, Infinity while it does not run. What each asks
 * for when it is due stands in `fire.ts`. A new one (reordering, tail-loss probe) is one more line here and one there.
 */
import type { Nanos } from '../base/clock.ts'

export const OFF: Nanos = Number.POSITIVE_INFINITY

export const TIMER = {
  /** RFC 6298 §5. */
  retransmit: 0,
  /** The window is closed or too small and nothing is in flight: RFC 9293 §3.8.6.1, and the override of §3.8.6.2.1. */
  persist: 1,
  /** RFC 9293 §3.8.6.3. */
  delayedAck: 2,
  /** When the congestion control lets the next segment go. */
  pacing: 3,
  /** RFC 9293 §3.8.4. */
  keepAlive: 4,
  /** Without progress until then, the connection ends: RFC 5482, and the patience with orphans. */
  user: 5,
  /** SO_LINGER: the closing may take so long. */
  linger: 6,
  /** 2 MSL in TIME-WAIT; in FIN-WAIT-2 of a closed socket, how long to wait for the peer. */
  timeWait: 7,
} as const

export type Timer = (typeof TIMER)[keyof typeof TIMER]

export class Timers {
  readonly #at: Nanos[] = [OFF, OFF, OFF, OFF, OFF, OFF, OFF, OFF]
  /** No timer is due before. It lags behind when the first of them is started again: looking costs more than waking once. */
  #first: Nanos = OFF

  /** Starts it, or starts it again. */
  start(timer: Timer, at: Nanos): void {
    this.#at[timer] = at
    if (at < this.#first) this.#first = at
  }

  /** Starts it unless it runs. */
  ensure(timer: Timer, at: Nanos): void {
    if (this.#at[timer] === OFF) this.start(timer, at)
  }

  stop(timer: Timer): void {
    const at = this.#at[timer]!
    if (at === OFF) return
    this.#at[timer] = OFF
    if (at <= this.#first) this.look()
  }

  runs(timer: Timer): boolean {
    return this.#at[timer] !== OFF
  }

  /** When it is due; Infinity: it does not run. */
  at(timer: Timer): Nanos {
    return this.#at[timer]!
  }

  /** Whether it is due. It does not stop by itself. */
  due(timer: Timer, now: Nanos): boolean {
    return this.#at[timer]! <= now
  }

  /** No timer is due before then: mostly when the first of them is, seldom earlier. Infinity: none runs. */
  get first(): Nanos {
    return this.#first
  }

  /** Makes `first` exact. */
  look(): void {
    const at = this.#at
    let first = OFF
    for (let i = 0; i < at.length; i++) if (at[i]! < first) first = at[i]!
    this.#first = first
  }

  clear(): void {
    this.#at.fill(OFF)
    this.#first = OFF
  }
}
