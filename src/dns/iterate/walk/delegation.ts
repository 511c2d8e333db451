/** The servers of one zone, for one question on its way: their names, their addresses, and who has been tried. */
import { MILLISECOND, type Nanos } from '../../../base/clock.ts'
import { canonicalIp, formatIp4, formatIp6, parseIp4 } from '../../../base/ip.ts'
import { below, type Random } from '../../../base/random.ts'
import { type IpAddress as Address, type Family, familyOf, formatAddress } from '../../../socket/address.ts'
import type { RrsetCache, Side } from '../../cache/rrsets.ts'
import type { Seconds } from '../../cache/time.ts'
import type { ResolverLimits } from '../../limits.ts'
import { Name } from '../../message/name.ts'
import type { Rrset } from '../../message/record.ts'
import { TYPE } from '../../message/types.ts'
import type { ServerBook } from '../../servers/book.ts'

/** A server that may be asked. */
export interface Candidate {
  readonly address: Address
  /** Times asked for this question. */
  tries: number
  /** Will not be asked again for this question. */
  spent: boolean
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

export class ServerSet {
  readonly zone: Name
  /** They resolve for us: asked with RD, believed about whole chains. */
  readonly forwarding: boolean
  /** When the delegation ends. */
  readonly until: Seconds
  /** Whether what the parent zone says has been brought in as well. */
  parentSide = false
  /** Whether the parent zone's servers have just named them, rather than the cache. */
  fresh = false
  readonly candidates = new Map<string, Candidate>()
  readonly #targets = new Map<string, Target>()
  readonly #limits: ResolverLimits

  constructor(zone: Name, until: Seconds, limits: ResolverLimits, forwarding = false) {
    this.zone = zone
    this.until = until
    this.forwarding = forwarding
    this.#limits = limits
  }

  /** Adds the name servers of a set; whether there was a new one. */
  addNames(ns: Rrset): boolean {
    const before = this.#targets.size
    for (const rdata of ns.rdatas.slice(0, this.#limits.nameServers)) {
      const name = new Name(rdata)
      if (this.#targets.has(name.key) || this.#targets.size >= 2 * this.#limits.nameServers) continue
      this.#targets.set(name.key, { name, lookedFor: new Set(), addresses: 0 })
    }
    return this.#targets.size > before
  }

  /** Adds a server that is known by its address alone. */
  addServer(address: Address): boolean {
    const key = formatAddress(address)
    if (this.candidates.has(key)) return false
    this.candidates.set(key, { address, tries: 0, spent: false })
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

/**
 * The server to ask next: one not tried before others, among the fast ones any, so that the load is spread, an
 * attacker cannot know which, and slow ones get their chance when they have become fast.
 */
export function choose(
  set: ServerSet,
  type: number,
  known: ServerBook,
  order: Order,
  random: Random,
  now: Nanos,
): Candidate | null {
  const usable = [...set.candidates.values()].filter(
    ({ spent, address }) =>
      !spent &&
      known.lameness(set.zone, formatAddress(address), type, now) === undefined &&
      // Configured resolvers are always worth asking: there is nobody else.
      (set.forwarding || !known.isSilent(formatAddress(address), type, now)),
  )
  if (usable.length === 0) return null
  const fewest = Math.min(...usable.map(({ tries }) => tries))
  const fresh = usable.filter(({ tries }) => tries === fewest)
  if (order === 'listed') return fresh[0]!
  const times = fresh.map(({ address }) => known.expected(formatAddress(address), type, now))
  const best = Math.min(...times)
  const band = fresh.filter((_, i) => times[i]! <= best + RTT_BAND)
  return band[below(random, band.length)]!
}

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
  if (rdata.length !== 4) return undefined
  return formatIp4(((rdata[0]! << 24) | (rdata[1]! << 16) | (rdata[2]! << 8) | rdata[3]!) >>> 0)
}

/** A configured server's address in the form that addresses from records have. */
export function canonicalServer(server: Address): Address {
  return { address: canonicalIp(server.address) ?? server.address, port: server.port }
}
