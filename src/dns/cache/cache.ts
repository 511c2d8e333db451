/**
 * What a resolver, a forwarder, a host or a program remembers of the DNS: sets of records, and answers that point
 * into them, so that a set is kept once however many answers it is part of, and ages in all of them alike.
 */
import type { Nanos } from '../../base/clock.ts'
import { type CacheLimits, defaultCacheLimits } from '../limits.ts'
import { Name } from '../message/name.ts'
import type { Rrset } from '../message/record.ts'
import { RCODE, TYPE } from '../message/types.ts'
import { BoundedMap } from './bounded.ts'
import { FailureCache } from './failures.ts'
import { aged, RrsetCache, rrsetKey } from './rrsets.ts'
import { type Seconds, secondsAt } from './time.ts'
import { answers, TRUST, type Trust } from './trust.ts'

/** A question (RFC 1035 §4.1.2). */
export interface Query {
  readonly name: Name
  readonly type: number
  readonly class: number
}

/** What a question is answered with: whether out of a cache or fresh, the same shape. */
export interface Answer {
  readonly rcode: number
  readonly answer: readonly Rrset[]
  readonly authority: readonly Rrset[]
  readonly additional: readonly Rrset[]
}

/** A scrubbed reply, as it is offered to the cache. */
export interface Learned extends Answer {
  /** The AA bit. */
  readonly authoritative: boolean
}

/** CNAME (RFC 1034 §3.6.2), or a DNAME and the CNAME that it makes (RFC 6672): more to ask. */
export interface Alias {
  readonly rrsets: readonly Rrset[]
  readonly target: Name
}

interface Remembered {
  readonly rcode: number
  /** Keys of sets. */
  readonly answer: readonly string[]
  readonly authority: readonly string[]
  readonly additional: readonly string[]
  readonly expires: Seconds
}

/** An answer that ends in a name error or without data, but with no SOA to say for how long (RFC 2308 §5). */
const UNSTATED_NEGATIVE_TTL: Seconds = 5
/** A chain of aliases in the cache is followed so far, then asked for (Unbound's MAX_RESTART_COUNT). */
const MAX_ALIASES = 11

export function queryKey(query: Query): string {
  return rrsetKey(query.name, query.type, query.class)
}

export class DnsCache {
  readonly limits: CacheLimits
  readonly rrsets: RrsetCache
  readonly failures: FailureCache
  readonly #answers: BoundedMap<Remembered>

  constructor(limits: CacheLimits = defaultCacheLimits) {
    this.limits = limits
    this.rrsets = new RrsetCache(limits)
    this.failures = new FailureCache(limits)
    this.#answers = new BoundedMap(limits.answers)
  }

  /** The answer to exactly that question, without following aliases that it was not stored with. */
  find(query: Query, now: Nanos): Answer | undefined {
    const remembered = this.#remembered(query, now)
    if (remembered !== undefined) return remembered
    const held = this.rrsets.get(query.name, query.type, query.class, now)
    if (held === undefined || !answers(held.trust)) return undefined
    return { rcode: RCODE.NOERROR, answer: [aged(held, now)], authority: [], additional: [] }
  }

  /** The alias at or above that name, if a question of that type follows aliases. */
  alias(query: Query, now: Nanos): Alias | undefined {
    if (query.type === TYPE.CNAME || query.type === TYPE.ANY || query.type === TYPE.DNAME) return undefined
    const held = this.rrsets.get(query.name, TYPE.CNAME, query.class, now)
    const target = held?.rrset.rdatas[0]
    if (held !== undefined && target !== undefined && answers(held.trust))
      return { rrsets: [aged(held, now)], target: new Name(target) }
    for (let above = query.name; !above.isRoot; ) {
      above = above.parent()
      const dname = this.rrsets.get(above, TYPE.DNAME, query.class, now)
      if (dname !== undefined && answers(dname.trust)) return synthesised(query.name, aged(dname, now))
    }
    return undefined
  }

  /** The whole answer, aliases followed, or undefined when some of it must be asked for. */
  lookup(query: Query, now: Nanos): Answer | undefined {
    const chain: Rrset[] = []
    let at = query
    for (let i = 0; i <= MAX_ALIASES; i++) {
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
    const { authoritative } = learned
    const put = (sets: readonly Rrset[], trust: Trust) =>
      sets.map((rrset) => this.#put(rrset, trust, now, delegatedUntil))
    const stored: Answer = {
      rcode: learned.rcode,
      answer: put(learned.answer, authoritative ? TRUST.answerAA : TRUST.answer),
      authority: put(negativeAuthority(learned, this.limits), authoritative ? TRUST.authorityAA : TRUST.authority),
      additional: put(learned.additional, authoritative ? TRUST.additionalAA : TRUST.additional),
    }
    this.#remember(query, stored, now)
    this.failures.delete(queryKey(query))
    return stored
  }

  clear(): void {
    this.rrsets.clear()
    this.failures.clear()
    this.#answers.clear()
  }

  #put(rrset: Rrset, trust: Trust, now: Nanos, delegatedUntil: Seconds | undefined): Rrset {
    const held = this.rrsets.put(rrset, trust, now, delegatedUntil)
    if (held === undefined) return rrset
    // What the cache knows for longer (a zone's SOA, from its own answer) lasts no longer in this answer than it says.
    const kept = aged(held, now)
    return { ...kept, ttl: Math.min(kept.ttl, Math.max(rrset.ttl, this.limits.minTtl)) }
  }

  #remember(query: Query, stored: Answer, now: Nanos): void {
    const ttl = answerTtl(stored, this.limits)
    const keys = (sets: readonly Rrset[]) => sets.map((set) => rrsetKey(set.name, set.type, set.class))
    this.#answers.set(queryKey(query), {
      rcode: stored.rcode,
      answer: keys(stored.answer),
      authority: keys(stored.authority),
      additional: keys(stored.additional),
      expires: secondsAt(now) + ttl,
    })
  }

  #remembered(query: Query, now: Nanos): Answer | undefined {
    const entry = this.#answers.get(queryKey(query))
    const left = entry === undefined ? 0 : entry.expires - secondsAt(now)
    if (entry === undefined || left <= 0) return undefined
    const answer = this.#live(entry.answer, now)
    const authority = this.#live(entry.authority, now)
    if (answer.length < entry.answer.length) return undefined
    const negative = answer.length === 0 || entry.rcode !== RCODE.NOERROR
    if (negative && authority.length < entry.authority.length) return undefined
    const capped = negative ? authority.map((set) => (set.ttl > left ? { ...set, ttl: left } : set)) : authority
    return { rcode: entry.rcode, answer, authority: capped, additional: this.#live(entry.additional, now) }
  }

  #live(keys: readonly string[], now: Nanos): Rrset[] {
    const sets: Rrset[] = []
    for (const key of keys) {
      const held = this.rrsets.byKey(key, now)
      if (held !== undefined) sets.push(aged(held, now))
    }
    return sets
  }
}

/** The CNAME that a DNAME makes of a name below it, with the DNAME before it; undefined when it grows too long. */
export function synthesised(name: Name, dname: Rrset): Alias | undefined {
  const rdata = dname.rdatas[0]
  if (rdata === undefined || name.equals(dname.name)) return undefined
  const target = name.rebase(dname.name, new Name(rdata))
  if (target === null) return undefined
  // RFC 6672 §3.1: the synthesised CNAME's TTL is the DNAME's.
  const cname: Rrset = { name, type: TYPE.CNAME, class: dname.class, ttl: dname.ttl, rdatas: [target.wire] }
  return { rrsets: [dname, cname], target }
}

/** RFC 2308 §3: the lesser of the SOA's own TTL and its MINIMUM field says how long "no" holds. */
function negativeAuthority(learned: Answer, limits: CacheLimits): readonly Rrset[] {
  return learned.authority.map((set) => {
    if (set.type !== TYPE.SOA) return set
    const ttl = Math.min(set.ttl, soaMinimum(set), limits.maxNegativeTtl)
    return { ...set, ttl: Math.max(ttl, limits.minNegativeTtl) }
  })
}

/** The last 32 bits of a SOA's rdata. */
function soaMinimum(soa: Rrset): number {
  const rdata = soa.rdatas[0]
  if (rdata === undefined || rdata.length < 22) return 0
  return new DataView(rdata.buffer, rdata.byteOffset + rdata.length - 4, 4).getUint32(0)
}

function answerTtl(stored: Answer, limits: CacheLimits): Seconds {
  let ttl = limits.maxTtl
  for (const set of stored.answer) ttl = Math.min(ttl, set.ttl)
  if (!isNegative(stored)) return ttl
  const soa = stored.authority.find((set) => set.type === TYPE.SOA)
  const negative = soa === undefined ? UNSTATED_NEGATIVE_TTL : soa.ttl
  return Math.min(ttl, limits.maxNegativeTtl, negative)
}

/** A name error, or an answer whose chain of aliases (empty or not) ends without data. */
function isNegative(stored: Answer): boolean {
  if (stored.rcode !== RCODE.NOERROR || stored.answer.length === 0) return true
  return stored.authority.some((set) => set.type === TYPE.SOA)
}
