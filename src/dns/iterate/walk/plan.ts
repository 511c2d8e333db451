/** The plan of one client's question: a stack of frames, each a question that the one below it waits for. */
import type { Nanos } from '../../../base/clock.ts'
import type { Answer, Learned, Query } from '../../cache/cache.ts'
import type { ResolverLimits } from '../../limits.ts'
import type { Name } from '../../message/name.ts'
import type { Rrset } from '../../message/record.ts'
import { RCODE } from '../../message/types.ts'
import { Budget } from './budget.ts'
import type { Candidate, ServerSet } from './delegation.ts'
import { type Minimisation, minimisation } from './minimise.ts'

/** What a frame is for: a client, a name server's address, the root's own servers. */
export type Purpose = 'client' | 'address' | 'prime'

/** A question that is with a server. */
export interface Asking {
  readonly exchange: number
  readonly query: Query
  readonly candidate: Candidate
  readonly recursionDesired: boolean
}

export interface Frame {
  readonly query: Query
  readonly purpose: Purpose
  /** Where the aliases have led so far, and the sets on the way. */
  name: Name
  readonly chain: Rrset[]
  readonly seen: Set<string>
  servers: ServerSet | null
  minimise: Minimisation
  asking: Asking | null
  /** Questions asked for `name`; referrals followed; empty replies put aside. */
  sent: number
  referrals: number
  empties: number
  /** A reply without data and without SOA: the answer if no server knows better. */
  empty: Learned | null
}

export interface Outcome {
  readonly answer: Answer
  /** Why it failed; '' when it did not. */
  readonly why: string
  /** Whether the failure says something of the question itself, not of what asked for it. */
  readonly lasting: boolean
}

export interface Plan {
  readonly key: string
  readonly query: Query
  readonly budget: Budget
  readonly frames: Frame[]
  /** The requests that wait for it. */
  readonly waiting: number[]
  /** When it is given up. */
  readonly deadline: Nanos
  /** Whether a server had to be asked. */
  asked: boolean
  primed: boolean
  /** How it ended, once it has. */
  outcome: Outcome | null
}

export function plan(key: string, query: Query, limits: ResolverLimits, deadline: Nanos): Plan {
  return {
    key,
    query,
    budget: new Budget(limits),
    frames: [],
    waiting: [],
    deadline,
    asked: false,
    primed: false,
    outcome: null,
  }
}

export function frame(query: Query, purpose: Purpose, minimise: boolean): Frame {
  return {
    query,
    purpose,
    name: query.name,
    chain: [],
    seen: new Set([query.name.key]),
    servers: null,
    minimise: minimisation(minimise),
    asking: null,
    sent: 0,
    referrals: 0,
    empties: 0,
    empty: null,
  }
}

/** Whether less was asked for than the frame wants to know. */
export function isMinimised(frame: Frame, asked: Query): boolean {
  return asked.name !== frame.name || asked.type !== frame.query.type
}

/** The question that the frame is at now. */
export function current(frame: Frame): Query {
  return { ...frame.query, name: frame.name }
}

export function succeeded(frame: Frame, answer: Answer): Outcome {
  const whole = frame.chain.length === 0 ? answer : { ...answer, answer: [...frame.chain, ...answer.answer] }
  return { answer: whole, why: '', lasting: false }
}

/** @param lasting false where only this client's budget, or a circle among its questions, is the reason. */
export function failed(why: string, lasting = true): Outcome {
  return { answer: { rcode: RCODE.SERVFAIL, answer: [], authority: [], additional: [] }, why, lasting }
}
