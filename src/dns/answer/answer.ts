/** Questions and what they are answered with, whether out of zones, out of a cache or by servers: the same shape. */
import type { Question } from '../message/message.ts'
import type { Name } from '../message/name.ts'
import { type Rrset, rrset } from '../message/record.ts'
import { RCODE, TYPE } from '../message/types.ts'

/** A question (RFC 1035 §4.1.2) as a resolver is asked it. */
export interface Query extends Question {
  /** The client checks signatures itself: a resolver further up must not withhold what fails its check (CD bit). */
  readonly checkingDisabled?: boolean
}

/**
 * What is known of an answer's signatures (RFC 4035 §4.3). `unchecked`: nobody has looked.
 */
export type Security = 'secure' | 'insecure' | 'bogus' | 'unchecked'

/** Why an answer is as it is, for whoever looks at it (RFC 8914). */
export interface ExtendedError {
  /** INFO-CODE: see `EDE`. */
  readonly code: number
  readonly text: string
}

/** INFO-CODEs of RFC 8914 §4 that are given here. */
export const EDE = {
  OTHER: 0,
  CACHED_ERROR: 13,
  NOT_READY: 14,
  BLOCKED: 15,
  FILTERED: 17,
  PROHIBITED: 18,
  NOT_AUTHORITATIVE: 20,
  NO_REACHABLE_AUTHORITY: 22,
  NETWORK_ERROR: 23,
  INVALID_DATA: 24,
} as const

/** What a question is answered with, whoever answers: sets of records, not yet a message. */
export interface Answer {
  readonly rcode: number
  readonly answer: readonly Rrset[]
  /** With the proofs that go with it: see `isProof`. */
  readonly authority: readonly Rrset[]
  readonly additional: readonly Rrset[]
  readonly security: Security
  readonly error: ExtendedError | null
}

const NOTHING: Answer = {
  rcode: RCODE.NOERROR,
  answer: [],
  authority: [],
  additional: [],
  security: 'unchecked',
  error: null,
}

/** An answer with those parts; what is not given is NOERROR, empty or unchecked. */
export function answerOf(parts: Partial<Answer> = {}): Answer {
  return { ...NOTHING, ...parts }
}

/** CNAME (RFC 1034 §3.6.2), or a DNAME and the CNAME that it makes (RFC 6672): more to ask. */
export interface Alias {
  readonly rrsets: readonly Rrset[]
  readonly target: Name
}

/** The CNAME that a DNAME makes of a name below it, with the DNAME before it; undefined when it grows too long. */
export function synthesised(name: Name, dname: Rrset, target: Name): Alias | undefined {
  if (name.equals(dname.name)) return undefined
  const renamed = name.rebase(dname.name, target)
  if (renamed === null) return undefined
  // RFC 6672 §3.1: the synthesised CNAME's TTL is the DNAME's.
  return { rrsets: [dname, rrset(name, TYPE.CNAME, dname.class, dname.ttl, [renamed.wire])], target: renamed }
}

/**
 * Whether a set of the authority section is there for those who check signatures: NSEC and NSEC3, which prove that
 * something does not exist (RFC 4035 §3.1.3), and the DS of a referral (§3.1.4). Others must not get it (§3.2.1).
 */
export function isProof({ type }: Rrset): boolean {
  return type === TYPE.NSEC || type === TYPE.NSEC3 || type === TYPE.DS
}

/** Whether the set at `i` is the CNAME that the DNAME before it makes: it is made anew each time and never kept. */
export function isSynthesised(sets: readonly Rrset[], i: number): boolean {
  const [before, set] = [sets[i - 1], sets[i]]
  return before?.type === TYPE.DNAME && set?.type === TYPE.CNAME && set.name.isUnder(before.name)
}

/** Whether it says that there is no such name or no such data, at the end of a chain of aliases perhaps. */
export function isNegative({ rcode, answer, authority }: Answer): boolean {
  if (rcode !== RCODE.NOERROR || answer.length === 0) return true
  return authority.some((set) => set.type === TYPE.SOA)
}

/** The smallest time to live of the answer (of a negative one: its SOA's), in seconds; -1 when there is none. */
export function ttlOf(answer: Answer): number {
  const sets = answer.answer.length > 0 ? answer.answer : answer.authority
  return sets.length === 0 ? -1 : Math.min(...sets.map((set) => set.ttl))
}
