/** The life of one connection: its state (RFC 9293 §3.3.2), how it ends, and what the owner has yet to be told of it. */
import { type Nanos, SECOND } from '../../base/clock.ts'
import type { ErrorCode } from '../../base/errors.ts'
import type { TcpSegment } from '../../wire/tcp.ts'
import { type Label, reportState } from '../report.ts'
import type { Timers } from '../timers.ts'
import type { TcbOwner } from './owner.ts'
import { type Cause, type TcpState, TRANSITIONS } from './state.ts'

const NO_STATES: readonly TcpState[] = []

export class Life {
  readonly #owner: TcbOwner
  readonly #label: Label
  readonly #timers: Timers
  #state: TcpState = 'CLOSED'
  /** States that the owner has not been told of, the one before them first. */
  #untold: readonly TcpState[] = NO_STATES
  #outcome: ErrorCode | null | undefined = undefined
  #telling = false
  #released = false
  #farewell: TcpSegment | null = null
  #complaint: ErrorCode | null = null
  #challenges = 0
  #challengedSince: Nanos = Number.NEGATIVE_INFINITY
  #keepAlives = 0

  constructor(owner: TcbOwner, label: Label, timers: Timers) {
    this.#owner = owner
    this.#label = label
    this.#timers = timers
  }

  get state(): TcpState {
    return this.#state
  }

  get dead(): boolean {
    return this.#state === 'CLOSED'
  }

  /** Both sides know each other's numbers, and the handshake is over. */
  get synchronized(): boolean {
    return this.#state !== 'CLOSED' && this.#state !== 'SYN-SENT' && this.#state !== 'SYN-RECEIVED'
  }

  /** The program has closed both directions: nobody reads, and nobody waits for the outcome. */
  get released(): boolean {
    return this.#released
  }

  /** What leaves before anything else: a reset, or an answer from TIME-WAIT. */
  get farewell(): TcpSegment | null {
    return this.#farewell
  }

  /** What the network has reported of this connection, told if it fails for want of an answer (RFC 9293 §3.9.2.2). */
  get complaint(): ErrorCode | null {
    return this.#complaint
  }

  /** Moves on, where the cause leads anywhere from here; answers whether it does. */
  move(cause: Cause, now: Nanos): boolean {
    const to = TRANSITIONS[this.#state][cause]
    if (to === undefined) return false
    if (to === 'CLOSED') this.end(null, cause, now)
    else this.#enter(to, cause, now)
    return true
  }

  /** To CLOSED, from wherever: the owner hears of it. */
  end(error: ErrorCode | null, why: string, now: Nanos): void {
    if (this.#state === 'CLOSED') return
    this.#enter('CLOSED', why, now)
    this.#timers.clear()
    this.#outcome = error
  }

  #enter(to: TcpState, why: string, now: Nanos): void {
    const from = this.#state
    this.#untold = this.#untold.length === 0 ? [from, to] : [...this.#untold, to]
    this.#state = to
    if (this.#label.log.on) reportState(this.#label, from, to, why, now)
  }

  /** The program has closed both directions. */
  release(): void {
    this.#released = true
  }

  /** A segment to send before anything else. */
  answer(segment: TcpSegment): void {
    this.#farewell = segment
  }

  answered(): void {
    this.#farewell = null
  }

  /** The network says that it cannot deliver; null: what was sent has arrived, so it can. */
  complain(error: ErrorCode | null): void {
    this.#complaint = error
  }

  /** Whether one more challenge ACK may go out (RFC 5961 §7). */
  mayChallenge(perSecond: number, now: Nanos): boolean {
    if (now - this.#challengedSince >= SECOND) {
      this.#challengedSince = now
      this.#challenges = 0
    }
    return this.#challenges++ < perSecond
  }

  /** Keepalive probes that nothing has answered. */
  get keepAlives(): number {
    return this.#keepAlives
  }

  /** One more keepalive probe. */
  askAlive(): void {
    this.#keepAlives++
  }

  /** The peer is there. */
  heard(): void {
    this.#keepAlives = 0
  }

  /**
   * Tells the owner what has happened. Called again from inside (the owner polls in a callback) it leaves the rest to the
   * outer call.
   */
  tell(): void {
    if (this.#telling || (this.#untold.length === 0 && this.#outcome === undefined)) return
    this.#telling = true
    try {
      while (this.#untold.length > 0) {
        const states = this.#untold
        this.#untold = NO_STATES
        for (let i = 1; i < states.length; i++) this.#owner.onState(states[i - 1]!, states[i]!)
      }
      const outcome = this.#outcome
      this.#outcome = undefined
      if (outcome !== undefined) this.#owner.onClosed(outcome)
    } finally {
      this.#telling = false
    }
  }
}
