/** One origin's circuit: closed while it works, open after too many failures in a row, half open to try whether it works again. */
import type { Nanos } from '../../../base/clock.ts'

/**
 * - `closed`: requests pass.
 * - `open`: none do, until `until`.
 * - `half open`: one does, and decides.
 */
export type CircuitState = 'closed' | 'open' | 'half open'

export interface CircuitSettings {
  /** Failures in a row that open the circuit. */
  readonly failures: number
  /** How long it is open at first. */
  readonly rest: Nanos
  /** How long it may be open, after many vain trials. */
  readonly longest: Nanos
}

/** What each event does to each state. */
export const TRANSITIONS: { readonly [state in CircuitState]: { readonly [event: string]: CircuitState } } = {
  closed: { success: 'closed', failure: 'closed', 'too many': 'open' },
  open: { rested: 'half open' },
  'half open': { success: 'closed', failure: 'open', 'given up': 'open' },
}

export class Circuit {
  readonly #settings: CircuitSettings
  #state: CircuitState = 'closed'
  #failures = 0
  #openings = 0
  #until: Nanos = 0
  /** Requests from before a circuit opened say nothing about the state after. */
  #round = 0

  constructor(settings: CircuitSettings) {
    this.#settings = settings
  }

  get state(): CircuitState {
    return this.#state
  }

  /** When the next request may pass, while the circuit is open. */
  get until(): Nanos {
    return this.#until
  }

  /** Whether nothing of what happened is remembered. */
  get fresh(): boolean {
    return this.#state === 'closed' && this.#failures === 0
  }

  /** Whether a request may pass: then a number to tell its end by; else null. */
  enter(now: Nanos): number | null {
    if (this.#state === 'half open') return null
    if (this.#state === 'open') {
      if (now < this.#until) return null
      this.#go('rested')
      this.#round++
    }
    return this.#round
  }

  /** A request has ended. @param entered what `enter` gave. @param end `given up` by the caller says nothing of the origin. */
  leave(entered: number, end: 'success' | 'failure' | 'given up', now: Nanos): void {
    if (entered !== this.#round) return
    if (this.#state === 'closed') {
      if (end === 'success') this.#failures = 0
      else if (end === 'failure' && ++this.#failures >= this.#settings.failures) this.#open('too many', now)
    } else if (this.#state === 'half open') {
      if (end === 'success') this.#close()
      else this.#open(end, now)
    }
  }

  #close(): void {
    this.#go('success')
    this.#failures = 0
    this.#openings = 0
    this.#round++
  }

  #open(event: 'too many' | 'failure' | 'given up', now: Nanos): void {
    this.#go(event)
    const { rest, longest } = this.#settings
    // A trial that was given up decides nothing: the next one may come at once.
    this.#until = event === 'given up' ? now : now + Math.min(longest, rest * 2 ** Math.min(30, this.#openings++))
    this.#round++
  }

  #go(event: string): void {
    this.#state = TRANSITIONS[this.#state][event]!
  }
}
