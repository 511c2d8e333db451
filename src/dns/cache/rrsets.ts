/** The cache of record sets: who is believed, for how long, and what replaces what. */
import type { Nanos } from '../../base/clock.ts'
import { type CacheLimits, DNS_LIMITS } from '../limits.ts'
import type { Name } from '../message/name.ts'
import { equalRdata, type Rrset } from '../message/record.ts'
import { TYPE } from '../message/types.ts'
import { BoundedMap } from './bounded.ts'
import { type Seconds, secondsAt } from './time.ts'
import type { Trust } from './trust.ts'

/** A set in the cache. */
export interface CachedRrset {
  readonly rrset: Rrset
  readonly trust: Trust
  /** The second from which it is no longer used. */
  readonly expires: Seconds
  /** For name servers: until when they may be used as a delegation (see `delegatedUntil` in `put`). */
  readonly delegatedUntil: Seconds
}

/** What may take the place of a held set. `keepExpiry`: with the held set's end of life. */
export type Replacement = 'no' | 'yes' | 'keepExpiry'

/**
 * The one rule of replacement. A set that has expired, or is believed less, gives way. Between equals new data
 * replaces old, but the same data does not renew its time; and name servers that change keep the old end of life, or
 * a zone that was taken away could renew itself for ever by asking to be asked ("ghost domains", CVE-2012-1033).
 */
export function replacement(held: CachedRrset, fresh: Rrset, trust: Trust, now: Seconds): Replacement {
  if (held.expires <= now || trust > held.trust) return 'yes'
  if (trust < held.trust || sameRdatas(held.rrset, fresh)) return 'no'
  return fresh.type === TYPE.NS ? 'keepExpiry' : 'yes'
}

function sameRdatas(a: Rrset, b: Rrset): boolean {
  return sameOctets(a.rdatas, b.rdatas) && sameOctets(a.signatures, b.signatures)
}

function sameOctets(a: readonly Uint8Array[], b: readonly Uint8Array[]): boolean {
  return a.length === b.length && a.every((x) => b.some((y) => equalRdata(x, y)))
}

/** The same for equal name, type, class and side, and only for them. */
export function rrsetKey(name: Name, type: number, rrclass: number, side: Side = ''): string {
  return `${type}/${rrclass}${side}/${name.key}`
}

/**
 * How a set is kept apart from the usual version of it: as the parent zone says it, or as a resolver further up says it
 * without checking signatures.
 */
export type Side = '' | 'parent' | 'unchecked'

/** Sets of records by name, type and class, as many as the limit says. */
export class RrsetCache {
  readonly limits: CacheLimits
  readonly #sets: BoundedMap<CachedRrset>

  constructor(limits: CacheLimits = DNS_LIMITS.cache) {
    this.limits = limits
    this.#sets = new BoundedMap(limits.rrsets)
  }

  get size(): number {
    return this.#sets.size
  }

  /** The set, if it has not expired. */
  get(name: Name, type: number, rrclass: number, now: Nanos, side: Side = ''): CachedRrset | undefined {
    return this.byKey(rrsetKey(name, type, rrclass, side), now)
  }

  byKey(key: string, now: Nanos): CachedRrset | undefined {
    const held = this.#sets.get(key)
    return held !== undefined && held.expires > secondsAt(now) ? held : undefined
  }

  /**
   * Offers a set to the cache; answers what the cache now holds for it, or undefined for a set that is not kept.
   * @param delegatedUntil for name servers: when the delegation through which they were learnt ends. They are used
   *   to find the zone until then and no longer, so that no zone outlives its parent's wish.
   */
  put(
    rrset: Rrset,
    trust: Trust,
    now: Nanos,
    delegatedUntil: Seconds = Number.POSITIVE_INFINITY,
    side: Side = '',
  ): CachedRrset | undefined {
    const { rdatasPerSet } = this.limits
    if (rrset.rdatas.length > rdatasPerSet || rrset.signatures.length > rdatasPerSet) return undefined
    const key = rrsetKey(rrset.name, rrset.type, rrset.class, side)
    const second = secondsAt(now)
    const held = this.#sets.peek(key)
    const verdict = held === undefined ? 'yes' : replacement(held, rrset, trust, second)
    if (held !== undefined && verdict === 'no') return held
    const ttl = Math.max(this.limits.minTtl, Math.min(rrset.ttl, this.limits.maxTtl))
    const promised = second + ttl
    const expires = held !== undefined && verdict === 'keepExpiry' ? Math.min(held.expires, promised) : promised
    const cached: CachedRrset = {
      rrset: ttl === rrset.ttl ? rrset : { ...rrset, ttl },
      trust,
      expires,
      delegatedUntil: Math.min(expires, delegatedUntil),
    }
    this.#sets.set(key, cached)
    return cached
  }

  delete(name: Name, type: number, rrclass: number, side: Side = ''): void {
    this.#sets.delete(rrsetKey(name, type, rrclass, side))
  }

  clear(): void {
    this.#sets.clear()
  }
}

/** The set with the time to live that it has left. */
export function aged(cached: CachedRrset, now: Nanos): Rrset {
  return { ...cached.rrset, ttl: Math.max(0, cached.expires - secondsAt(now)) }
}
