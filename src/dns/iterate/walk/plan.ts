/** The plan of one client's question: a stack of frames, each a question that the one below it waits for. */
import type { Nanos } from '../../../base/clock.ts'
import { type Answer, answerOf, EDE, type Query } from '../../answer/answer.ts'
import type { ResolverLimits } from '../../limits.ts'
import { RCODE } from '../../message/types.ts'
import { Budget } from './budget.ts'
import type { Frame } from './frame.ts'

/** How a question ended. */
export interface Outcome {
  readonly answer: Answer
  /** Why it failed; '' when it did not. */
  readonly why: string
  /** Whether the failure says something of the question itself, not of what asked for it. */
  readonly lasting: boolean
}

/** One client's question, or that of several who ask the same. */
export class Plan {
  readonly key: string
  readonly query: Query
  readonly budget: Budget
  readonly frames: Frame[] = []
  /** The requests that wait for it. */
  readonly waiting: number[] = []
  readonly begun: Nanos
  /** When it is given up. */
  readonly deadline: Nanos
  #asked = false
  #primed = false
  #outcome: Outcome | null = null

  constructor(key: string, query: Query, limits: ResolverLimits, begun: Nanos, deadline: Nanos) {
    this.key = key
    this.query = query
    this.budget = new Budget(limits)
    this.begun = begun
    this.deadline = deadline
  }

  /** Whether a server had to be asked. */
  get asked(): boolean {
    return this.#asked
  }

  /** Whether the root has been asked for its servers. */
  get primed(): boolean {
    return this.#primed
  }

  /** How it ended, once it has. */
  get outcome(): Outcome | null {
    return this.#outcome
  }

  setAsked(): void {
    this.#asked = true
  }

  setPrimed(): void {
    this.#primed = true
  }

  end(outcome: Outcome): void {
    this.#outcome ??= outcome
    this.frames.length = 0
  }
}

/** The end of a frame that has its answer, the aliases on the way before it. */
export function succeeded(frame: Frame, answer: Answer): Outcome {
  const whole = frame.chain.length === 0 ? answer : { ...answer, answer: [...frame.chain, ...answer.answer] }
  return { answer: whole, why: '', lasting: false }
}

/**
 * @param lasting false where only this client's budget, or a circle among its questions, is the reason.
 * @param code of RFC 8914, for the client.
 */
export function failed(why: string, lasting = true, code: number = EDE.OTHER): Outcome {
  return { answer: answerOf({ rcode: RCODE.SERVFAIL, error: { code, text: why } }), why, lasting }
}
