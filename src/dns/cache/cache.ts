/**
 * What a resolver, a forwarder, a host or a program remembers of the DNS: sets of records, and answers that point
 * into them, so that a set is kept once however many answers it is part of, and ages in all of them alike.
 */
import type { Nanos } from '../../base/clock.ts'
import { u32 } from '../../base/octets.ts'
import {
  type Alias,
  type Answer,
  answerOf,
  type ExtendedError,
  isNegative,
  isProof,
  isSynthesised,
  type Query,
  type Security,
  synthesised,
} from '../answer/answer.ts'
import { type CacheLimits, DNS_LIMITS, type DnsLimits } from '../limits.ts'
import { Name } from '../message/name.ts'
import type { Rrset } from '../message/record.ts'
import { RCODE, TYPE } from '../message/types.ts'
import { BoundedMap } from './bounded.ts'
import { FailureCache } from './failures.ts'
import { aged, RrsetCache, rrsetKey, type Side } from './rrsets.ts'
import { type Seconds, secondsAt } from './time.ts'
import { answers, TRUST, type Trust } from './trust.ts'

/** A scrubbed reply, as it is offered to the cache. */
export interface Learned {
  readonly rcode: number
  readonly answer: readonly Rrset[]
  readonly authority: readonly Rrset[]
  readonly additional: readonly Rrset[]
  readonly error: ExtendedError | null
  /** The AA bit. */
  readonly authoritative: boolean
}

/** A set in the cache by its key, or the CNAME that the DNAME of that key makes of the name. */
type SetReference = string | { readonly dname: string; readonly name: Name }

interface Remembered {
  readonly rcode: number
  readonly answer: readonly SetReference[]
  readonly authority: readonly SetReference[]
  readonly additional: readonly SetReference[]
  readonly security: Security
  readonly error: ExtendedError | null
  /** Whether there are proofs in the authority section, without which it is not whole. */
  readonly proven: boolean
  readonly expires: Seconds
}

/** Questions for which an alias is no alias; and DS, which lives above the cut that a CNAME may stand below. */
const NOT_ALIASED = new Set<number>([TYPE.CNAME, TYPE.ANY, TYPE.DNAME, TYPE.DS])

/** The same for equal questions, and only for them. */
export function queryKey(query: Query): string {
  return rrsetKey(query.name, query.type, query.class, sideOf(query))
}

/** What was learnt with checking disabled must not answer those who rely on the check of the resolver further up. */
function sideOf(query: Query): Side {
  return query.checkingDisabled === true ? 'unchecked' : ''
}

/**
 * The cache of one resolver. Times are those of the clock that is handed over with each call.
 * @example
 * const cache = new DnsCache()
 * const answer = cache.lookup({ name: Name.parse('example.org.'), type: TYPE.A, class: CLASS.IN }, clock.now())
 */
export class DnsCache {
  readonly limits: CacheLimits
  readonly rrsets: RrsetCache
  readonly failures: FailureCache
  readonly #aliases: number
  readonly #answers: BoundedMap<Remembered>
  /** Names that a DNAME has renamed, by the key of their CNAME: the key of the DNAME. */
  readonly #renamed: BoundedMap<string>

  constructor({ cache: limits, answer }: Pick<DnsLimits, 'cache' | 'answer'> = DNS_LIMITS) {
    this.limits = limits
    this.rrsets = new RrsetCache(limits)
    this.failures = new FailureCache(limits)
    this.#aliases = answer.aliases
    this.#answers = new BoundedMap(limits.answers)
    this.#renamed = new BoundedMap(limits.answers)
  }

  /** The answer to exactly that question, without following aliases that it was not stored with. */
  find(query: Query, now: Nanos): Answer | undefined {
    const remembered = this.#remembered(query, now)
    if (remembered !== undefined) return remembered
    const held = this.rrsets.get(query.name, query.type, query.class, now, sideOf(query))
    if (held === undefined || !answers(held.trust)) return undefined
    return answerOf({ answer: [aged(held, now)] })
  }

  /** The alias of that name, if a question of that type follows aliases. */
  alias(query: Query, now: Nanos): Alias | undefined {
    if (NOT_ALIASED.has(query.type)) return undefined
    const key = rrsetKey(query.name, TYPE.CNAME, query.class, sideOf(query))
    // A DNAME that nobody has checked holds for the names with which it came: a forged one must not take all others.
    const renamed = this.#rename(query.name, this.#renamed.get(key), now)
    if (renamed !== undefined) return renamed
    const held = this.rrsets.byKey(key, now)
    const target = held?.rrset.rdatas[0]
    if (held === undefined || target === undefined || !answers(held.trust)) return undefined
    return { rrsets: [aged(held, now)], target: new Name(target) }
  }

  #rename(name: Name, key: string | undefined, now: Nanos): Alias | undefined {
    const dname = key === undefined ? undefined : this.rrsets.byKey(key, now)
    const target = dname?.rrset.rdatas[0]
    if (dname === undefined || target === undefined || !answers(dname.trust)) return undefined
    return synthesised(name, aged(dname, now), new Name(target))
  }

  /** The whole answer, aliases followed, or undefined when some of it must be asked for. */
  lookup(query: Query, now: Nanos): Answer | undefined {
    const chain: Rrset[] = []
    let at = query
    for (let i = 0; i <= this.#aliases; i++) {
      const found = this.find(at, now)
      if (found !== undefined) return chain.length === 0 ? found : { ...found, answer: [...chain, ...found.answer] }
      const alias = this.alias(at, now)
      if (alias === undefined) return undefined
      chain.push(...alias.rrsets)
      at = { ...query, name: alias.target }
    }
    return undefined
  }

  /**
   * Remembers a scrubbed reply to the question. Answers what is to be answered now: the reply, except where the
   * cache already held better.
   * @param delegatedUntil see `RrsetCache.put`.
   */
  store(query: Query, learned: Learned, now: Nanos, delegatedUntil?: Seconds): Answer {
    const side = sideOf(query)
    const { authoritative } = learned
    const put = (sets: readonly Rrset[], trust: Trust) =>
      sets.map((set) => this.#put(set, trust, now, delegatedUntil, side))
    const authority = authoritative ? TRUST.authorityAA : TRUST.authority
    const stored = answerOf({
      rcode: learned.rcode,
      answer: this.storeChain(query, learned, now, delegatedUntil),
      authority: put(negativeAuthority(learned, this.limits), authority),
      additional: put(learned.additional, authoritative ? TRUST.additionalAA : TRUST.additional),
      error: learned.error,
    })
    this.#remember(query, stored, now)
    this.failures.delete(queryKey(query))
    return stored
  }

  /** Keeps the answer section of a reply: sets, and names that a DNAME renames. Answers what is kept of it. */
  storeChain(query: Query, { answer, authoritative }: Learned, now: Nanos, delegatedUntil?: Seconds): Rrset[] {
    const side = sideOf(query)
    const trust = authoritative ? TRUST.answerAA : TRUST.answer
    return answer.map((set, i) => {
      if (!isSynthesised(answer, i)) return this.#put(set, trust, now, delegatedUntil, side)
      const dname = answer[i - 1]!
      const key = rrsetKey(set.name, TYPE.CNAME, set.class, side)
      this.#renamed.set(key, rrsetKey(dname.name, TYPE.DNAME, dname.class, side))
      return set
    })
  }

  clear(): void {
    this.rrsets.clear()
    this.failures.clear()
    this.#answers.clear()
    this.#renamed.clear()
  }

  #put(set: Rrset, trust: Trust, now: Nanos, delegatedUntil: Seconds | undefined, side: Side): Rrset {
    const held = this.rrsets.put(set, trust, now, delegatedUntil, side)
    if (held === undefined) return set
    // What the cache knows for longer (a zone's SOA, from its own answer) lasts no longer in this answer than it says.
    const kept = aged(held, now)
    return { ...kept, ttl: Math.min(kept.ttl, Math.max(set.ttl, this.limits.minTtl)) }
  }

  #remember(query: Query, stored: Answer, now: Nanos): void {
    const side = sideOf(query)
    const key = ({ name, type, class: rrclass }: Rrset) => rrsetKey(name, type, rrclass, side)
    const references = (sets: readonly Rrset[]) =>
      sets.map(
        (set, i): SetReference => (isSynthesised(sets, i) ? { dname: key(sets[i - 1]!), name: set.name } : key(set)),
      )
    this.#answers.set(queryKey(query), {
      rcode: stored.rcode,
      answer: references(stored.answer),
      authority: references(stored.authority),
      additional: references(stored.additional),
      security: stored.security,
      error: stored.error,
      proven: stored.authority.some(isProof),
      expires: secondsAt(now) + answerTtl(stored, this.limits),
    })
  }

  #remembered(query: Query, now: Nanos): Answer | undefined {
    const entry = this.#answers.get(queryKey(query))
    const left = entry === undefined ? 0 : entry.expires - secondsAt(now)
    if (entry === undefined || left <= 0) return undefined
    const { rcode, security, error } = entry
    const answer = this.#live(entry.answer, now)
    const authority = this.#live(entry.authority, now)
    if (answer.length < entry.answer.length) return undefined
    const negative = answer.length === 0 || rcode !== RCODE.NOERROR
    if ((negative || entry.proven) && authority.length < entry.authority.length) return undefined
    const capped = negative ? authority.map((set) => (set.ttl > left ? { ...set, ttl: left } : set)) : authority
    return { rcode, answer, authority: capped, additional: this.#live(entry.additional, now), security, error }
  }

  #live(references: readonly SetReference[], now: Nanos): Rrset[] {
    const sets: Rrset[] = []
    for (const reference of references) {
      if (typeof reference === 'string') {
        const held = this.rrsets.byKey(reference, now)
        if (held !== undefined) sets.push(aged(held, now))
      } else {
        const cname = this.#rename(reference.name, reference.dname, now)?.rrsets[1]
        if (cname !== undefined) sets.push(cname)
      }
    }
    return sets
  }
}

/** RFC 2308 §3: the lesser of the SOA's own TTL and its MINIMUM field says how long "no" holds. */
function negativeAuthority(learned: Learned, limits: CacheLimits): readonly Rrset[] {
  return learned.authority.map((set) => {
    if (set.type !== TYPE.SOA) return set
    const ttl = Math.min(set.ttl, soaMinimum(set), limits.maxNegativeTtl)
    return { ...set, ttl: Math.max(ttl, limits.minNegativeTtl) }
  })
}

/** The last 32 bits of a SOA's rdata. */
function soaMinimum(soa: Rrset): number {
  const rdata = soa.rdatas[0]
  return rdata === undefined || rdata.length < 22 ? 0 : u32(rdata, rdata.length - 4)
}

function answerTtl(stored: Answer, limits: CacheLimits): Seconds {
  let ttl = limits.maxTtl
  for (const set of stored.answer) ttl = Math.min(ttl, set.ttl)
  for (const set of stored.authority) if (isProof(set)) ttl = Math.min(ttl, set.ttl)
  if (!isNegative(stored)) return ttl
  const soa = stored.authority.find((set) => set.type === TYPE.SOA)
  return Math.min(ttl, limits.maxNegativeTtl, soa === undefined ? limits.unstatedNegativeTtl : soa.ttl)
}
