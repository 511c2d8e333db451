/** The servers of one zone, for one question on its way: their names, their addresses, and who has been tried. */
import { MILLISECOND, type Nanos } from '../../../base/clock.ts'
import { canonicalIp, formatIp4, formatIp6, parseIp4 } from '../../../base/ip.ts'
import { u32 } from '../../../base/octets.ts'
import { below, type Random } from '../../../base/random.ts'
import { type Family, familyOf } from '../../../socket/address.ts'
import type { RrsetCache, Side } from '../../cache/rrsets.ts'
import type { Seconds } from '../../cache/time.ts'
import type { ResolverLimits } from '../../limits.ts'
import { Name } from '../../message/name.ts'
import type { Rrset } from '../../message/record.ts'
import { TYPE } from '../../message/types.ts'
import type { ServerBook } from '../../servers/book.ts'
import { type Upstream, type UpstreamLike, upstream } from '../../servers/upstream.ts'

/** A zone whose servers are configured, not found. */
export interface ConfiguredZone {
  readonly zone: Name
  readonly servers: readonly UpstreamLike[]
  /** Servers that are configured by name: their addresses are looked for as those of a delegation are. */
  readonly names?: readonly Name[]
  /** They are resolvers: everything under the zone is theirs to resolve, nothing is looked for further down. */
  readonly forwarding: boolean
  /** Where they do not answer, the servers that the delegations name are asked. */
  readonly first?: boolean
  /** Nothing of what they say is kept in the cache. */
  readonly uncached?: boolean
}

/** A server that may be asked. */
export class Candidate {
  readonly server: Upstream
  #tries = 0
  #spent = false

  constructor(server: Upstream) {
    this.server = server
  }

  /** Times asked for this question. */
  get tries(): number {
    return this.#tries
  }

  /** Will not be asked again for this question. */
  get spent(): boolean {
    return this.#spent
  }

  ask(): void {
    this.#tries++
  }

  spend(): void {
    this.#spent = true
  }
}

/** A name server's name, and which of its addresses have been looked for. */
interface Target {
  readonly name: Name
  readonly lookedFor: Set<number>
  addresses: number
}

/** What a resolver will not ask, whatever a zone says: itself, and nobody. */
export interface AddressPolicy {
  readonly families: readonly Family[]
  readonly port: number
  /** Ask servers on 127.0.0.0/8 and ::1: for tests on one machine; a zone could point a resolver at its own host. */
  readonly allowLoopbackServers: boolean
}

/** The servers that one question may be put to. */
export class Delegation {
  readonly zone: Name
  /** The configuration that these servers come from; null when a zone above has named them. */
  readonly configured: ConfiguredZone | null
  /** When the delegation ends. */
  readonly until: Seconds
  /** Nobody above knows the servers better: they are configured, or the parent zone has just named them. */
  readonly fresh: boolean
  readonly candidates = new Map<string, Candidate>()
  readonly #targets = new Map<string, Target>()
  readonly #limits: ResolverLimits
  #parentSide = false

  constructor(
    zone: Name,
    until: Seconds,
    limits: ResolverLimits,
    origin: { readonly configured?: ConfiguredZone; readonly fresh?: boolean } = {},
  ) {
    this.zone = zone
    this.until = until
    this.configured = origin.configured ?? null
    this.fresh = origin.fresh ?? origin.configured !== undefined
    this.#limits = limits
  }

  /** Whether what the parent zone says has not been brought in yet; from now on it has. */
  takeParentSide(): boolean {
    const first = !this.#parentSide
    this.#parentSide = true
    return first
  }

  /** They resolve for us: asked with RD, believed about whole chains. */
  get forwarding(): boolean {
    return this.configured?.forwarding === true
  }

  /** Adds the name servers of a set; whether there was a new one. */
  addNames(ns: Rrset): boolean {
    const before = this.#targets.size
    for (const rdata of ns.rdatas.slice(0, this.#limits.nameServers)) this.addName(new Name(rdata))
    return this.#targets.size > before
  }

  addName(name: Name): void {
    if (this.#targets.has(name.key) || this.#targets.size >= 2 * this.#limits.nameServers) return
    this.#targets.set(name.key, { name, lookedFor: new Set(), addresses: 0 })
  }

  /** Adds a server that is known by its address alone. */
  addServer(at: UpstreamLike): boolean {
    const server = upstream(at)
    if (this.candidates.has(server.key)) return false
    this.candidates.set(server.key, new Candidate(server))
    return true
  }

  /** Adds the addresses in a set of A or AAAA records as those of that name server; whether one was new. */
  addAddresses(server: Name, set: Rrset, policy: AddressPolicy): boolean {
    const target = this.#targets.get(server.key)
    if (target === undefined) return false
    let fresh = false
    for (const rdata of set.rdatas) {
      if (target.addresses >= this.#limits.addressesPerName) break
      const address = addressOf(rdata)
      if (address === undefined || !askable(address, policy)) continue
      target.addresses++
      fresh = this.addServer({ address, port: policy.port }) || fresh
    }
    return fresh
  }

  /** Adds what the cache knows of the names' addresses. */
  addCached(cache: RrsetCache, policy: AddressPolicy, rrclass: number, now: Nanos, side: Side = ''): boolean {
    let fresh = false
    for (const { name } of this.#targets.values()) {
      for (const type of [TYPE.A, TYPE.AAAA]) {
        const held = cache.get(name, type, rrclass, now, side)
        if (held !== undefined) fresh = this.addAddresses(name, held.rrset, policy) || fresh
      }
    }
    return fresh
  }

  /** Nobody can be asked, and every name lies in the zone itself, so nobody can be found: ask further up. */
  get isUseless(): boolean {
    if (this.candidates.size > 0) return false
    for (const { name } of this.#targets.values()) if (!name.isUnder(this.zone)) return false
    return true
  }

  /** Whether a name server inside the zone has no address from the parent zone in the cache (any more). */
  lacksGlue(cache: RrsetCache, rrclass: number, now: Nanos): boolean {
    const has = (name: Name) =>
      [TYPE.A, TYPE.AAAA].some((type) => cache.get(name, type, rrclass, now, 'parent') !== undefined)
    return [...this.#targets.values()].some(({ name }) => name.isUnder(this.zone) && !has(name))
  }

  /** The next name whose address is worth looking for, and of which type: IPv6 only where IPv4 gave nothing. */
  nextTarget(policy: AddressPolicy, skip: (name: Name) => boolean): { name: Name; type: number } | null {
    for (const type of [TYPE.A, TYPE.AAAA]) {
      if (!policy.families.includes(type === TYPE.A ? 4 : 6)) continue
      for (const target of this.#targets.values()) {
        if (target.addresses > 0 || target.lookedFor.has(type)) continue
        target.lookedFor.add(type)
        if (!skip(target.name)) return { name: target.name, type }
      }
    }
    return null
  }
}

/** Servers whose expected times differ by less than that are as good as each other (Unbound's RTT_BAND). */
const RTT_BAND: Nanos = 400 * MILLISECOND

/** How the next server is chosen: by its speed, or in the order given (resolv.conf). */
export type Order = 'fastest' | 'listed'

/** What the choice of a server rests on. */
export interface Choice {
  /** The type that is asked for. */
  readonly type: number
  readonly book: ServerBook
  readonly order: Order
  readonly random: Random
  /** Whether that server may be asked at all. */
  readonly allowed: (candidate: Candidate) => boolean
  readonly now: Nanos
}

/**
 * The server to ask next: one not tried before others, among the fast ones any, so that the load is spread, an
 * attacker cannot know which, and slow ones get their chance when they have become fast.
 */
export function choose(delegation: Delegation, choice: Choice): Candidate | null {
  const { type, book, order, random, now } = choice
  const usable = [...delegation.candidates.values()].filter(
    (candidate) =>
      !candidate.spent &&
      choice.allowed(candidate) &&
      book.lameness(delegation.zone, candidate.server.key, type, now) === undefined &&
      // Configured resolvers are always worth asking: there is nobody else.
      (delegation.forwarding || !book.isSilent(candidate.server.key, type, now)),
  )
  if (usable.length === 0) return null
  const fewest = Math.min(...usable.map(({ tries }) => tries))
  const fresh = usable.filter(({ tries }) => tries === fewest)
  if (order === 'listed') {
    // One that has just been silent waits for its turn behind the others.
    const heard = fresh.find(({ server }) => book.timeouts(server.key, type, now) === 0)
    return heard ?? fresh[0]!
  }
  const times = fresh.map(({ server }) => book.expected(server.key, type, now))
  const best = Math.min(...times)
  const band = fresh.filter((_, i) => times[i]! <= best + RTT_BAND)
  return band[below(random, band.length)]!
}

/** A server that would have been asked first, had it not been silent, and that has rested: worth a try beside. */
export function restedBefore(delegation: Delegation, chosen: Candidate, choice: Choice): Candidate | null {
  if (choice.order !== 'listed') return null
  for (const candidate of delegation.candidates.values()) {
    if (candidate === chosen) return null
    const { spent, server } = candidate
    if (!spent && choice.allowed(candidate) && choice.book.isRested(server.key, choice.type, choice.now))
      return candidate
  }
  return null
}

/** Whether a zone may have us ask at that address. */
export function askable(address: string, policy: AddressPolicy): boolean {
  if (!policy.families.includes(familyOf(address))) return false
  const quad = parseIp4(address)
  if (quad >= 0) {
    const first = quad >>> 24
    // 0.0.0.0/8 (CVE-2026-50251), multicast and beyond are nobody; 127.0.0.0/8 is this machine.
    return first !== 0 && first < 224 && (first !== 127 || policy.allowLoopbackServers)
  }
  if (address === '::' || address.startsWith('ff') || address.startsWith('::ffff:')) return false
  return address !== '::1' || policy.allowLoopbackServers
}

/** The text of the address in an A or AAAA record's rdata. */
export function addressOf(rdata: Uint8Array): string | undefined {
  if (rdata.length === 16) return formatIp6(rdata)
  return rdata.length === 4 ? formatIp4(u32(rdata, 0)) : undefined
}

/** A configured server, its address in the form that addresses from records have. */
export function canonicalServer(given: UpstreamLike): Upstream {
  const { address, protocol } = upstream(given)
  return upstream({ address: canonicalIp(address.address) ?? address.address, port: address.port }, protocol)
}
