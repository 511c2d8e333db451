/**
 * Faults as rules: a function looks at a frame that is about to cross a link and says what becomes of it. The first
 * rule that does not let it pass decides.
 */
import type { Nanos } from '../../base/clock.ts'
import { type Duration, requireDuration } from '../../base/duration.ts'

/** A frame at the moment it enters a link. The bytes are not to be changed: `corrupt()` does that. */
export interface Packet {
  /** As in the events of the link. */
  readonly id: number
  /** Counts the frames that went this way through this link, from 1. */
  readonly number: number
  readonly at: Nanos
  readonly link: string
  /** 'forth' from the end of the link that was named first, 'back' to it. */
  readonly way: 'forth' | 'back'
  /** The hosts at the two ends of this hop. */
  readonly fromHost: string
  readonly toHost: string
  /** The whole Ethernet frame; `printFrame` of `reticle/wire` says it in one line. */
  readonly frame: Uint8Array
  /**
   * A number in [0, 1) for a rule that leaves something to chance: it depends on the seed, the link, the number of the
   * frame and the label alone, so that one rule more or less changes no other's chances.
   */
  chance(label: string): number
}

/**
 * What becomes of a frame: made by `pass`, `drop(reason)`, `deliverAfter(delay)`, `duplicate(copies)` and `corrupt()`.
 */
export type Verdict =
  | 'pass'
  | { readonly kind: 'deliver after'; readonly delay: Nanos }
  | { readonly kind: 'duplicate'; readonly copies: number }
  | { readonly kind: 'corrupt' }
  | { readonly kind: 'drop'; readonly reason: string }
  | { readonly kind: 'hold'; readonly by: Hold }

/**
 * A fault: looks at a frame that is about to cross a link, and says what becomes of it.
 *
 * @example
 * net.rule((packet) => (packet.link === 'laptop-web' && packet.number === 3 ? drop('test') : pass))
 */
export type Rule = (packet: Packet) => Verdict

/** The frame crosses the link as if no rule had looked at it. */
export const pass: Verdict = 'pass'

/** Later than the link alone would deliver it, by so much. What follows may overtake it. */
export function deliverAfter(delay: Duration): Verdict {
  return { kind: 'deliver after', delay: requireDuration('deliverAfter(delay)', delay) }
}

/** The frame and so many copies of it. */
export function duplicate(copies = 1): Verdict {
  return { kind: 'duplicate', copies }
}

/** One bit of the frame turns, chosen by the seed. */
export function corrupt(): Verdict {
  return { kind: 'corrupt' }
}

/** The frame is lost; the reason stands in the event log and in the picture. */
export function drop(reason: string): Verdict {
  return { kind: 'drop', reason }
}

/** Keeps frames until they are released, in order. */
export class Hold {
  readonly verdict: Verdict = { kind: 'hold', by: this }
  #waiting: (() => void)[] = []

  keep(deliver: () => void): void {
    this.#waiting.push(deliver)
  }

  release(): void {
    const waiting = this.#waiting
    this.#waiting = []
    for (const deliver of waiting) deliver()
  }
}

/** A rule in force. Removing it is the repair. */
export interface RuleGuard {
  remove(): void
  [Symbol.dispose](): void
}

/** Rules in the order in which they were made. */
export class Rules {
  readonly #rules: Rule[] = []

  get size(): number {
    return this.#rules.length
  }

  add(rule: Rule): RuleGuard {
    // A wrapper, so that the same function installed twice is removed once.
    const entry: Rule = (packet) => rule(packet)
    this.#rules.push(entry)
    const remove = () => {
      const at = this.#rules.indexOf(entry)
      if (at >= 0) this.#rules.splice(at, 1)
    }
    return { remove, [Symbol.dispose]: remove }
  }

  judge(packet: Packet): Verdict {
    for (const rule of this.#rules) {
      const verdict = rule(packet)
      if (verdict !== 'pass') return verdict
    }
    return 'pass'
  }
}
