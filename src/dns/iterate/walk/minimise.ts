/**
 * QNAME minimisation, RFC 9156: a server is told no more of a name than it needs to know to point further down.
 * The state of one name on its way down; pure.
 */
import type { Query } from '../../answer/answer.ts'
import type { ResolverLimits } from '../../limits.ts'
import type { Name } from '../../message/name.ts'
import { TYPE } from '../../message/types.ts'

/** How far a name has been told. */
export interface Minimisation {
  /** Whether whole names are asked for from here on. */
  readonly off: boolean
  /** Labels of the name that the servers asked last are known not to delegate: the next question has more. */
  readonly known: number
  /** Minimised questions so far. */
  readonly asked: number
  readonly failures: number
}

/** The state at the start. */
export function minimisation(on: boolean): Minimisation {
  return { off: !on, known: 0, asked: 0, failures: 0 }
}

/** The question to ask the zone's servers: the name cut to a few labels below the zone, type A, or the whole of it. */
export function minimised(state: Minimisation, query: Query, zone: Name, limits: ResolverLimits): Query {
  // RFC 9156 §2.1: DS belongs to the parent and is asked for there with its whole name.
  if (state.off || query.type === TYPE.DS || state.asked >= limits.minimisedQueries) return query
  const total = query.name.labelCount
  const from = Math.max(zone.labelCount, state.known)
  // The last step is the whole name with type A: which type is wanted is for the servers of its own zone only.
  if (from >= total) return query
  const labels = Math.min(total, from + step(state, total - from, limits))
  if (labels === total && query.type === TYPE.A) return query
  return { ...query, name: labels === total ? query.name : query.name.suffix(labels), type: TYPE.A }
}

/** RFC 9156 §2.3: first one label at a time, then what is left spread over the questions that are left. */
function step(state: Minimisation, left: number, limits: ResolverLimits): number {
  if (state.asked < limits.minimiseOneLabel) return 1
  return Math.max(1, Math.ceil(left / (limits.minimisedQueries - state.asked)))
}

/** There is no zone cut at the minimised name: on with more labels. */
export function deeper(state: Minimisation, asked: Query): Minimisation {
  return { ...state, known: asked.name.labelCount, asked: state.asked + 1 }
}

/** A referral has come: count the question, the zone says how many labels are known. */
export function referred(state: Minimisation): Minimisation {
  return { ...state, asked: state.asked + 1 }
}

/** RFC 9156 §2.3 step 6e and §3: servers that fail on minimised names get the whole one. */
export function unminimised(state: Minimisation): Minimisation {
  return { ...state, off: true }
}
