/**
 * What of a reply is believed. Pure: a parsed message and what was asked of whom, to the few sets that bear on it.
 *
 * A server is believed only about the zone that it was asked as a server of ("bailiwick"), only about the question,
 * and only as far as the first alias; addresses only for the name servers that the reply itself names, and only from
 * inside the zone. Everything else is how caches are poisoned.
 */
import { type Learned, type Query, synthesised } from '../../cache/cache.ts'
import type { Message } from '../../message/message.ts'
import { Name } from '../../message/name.ts'
import { type ResourceRecord, type Rrset, rrsetsOf } from '../../message/record.ts'
import { RCODE, TYPE } from '../../message/types.ts'

export interface Scope {
  /** The zone whose server was asked. */
  readonly zone: Name
  /** Whether the server resolves for us: then it answers whole chains of aliases. */
  readonly forwarding: boolean
  /** Name servers kept of one set; aliases followed in one reply. */
  readonly nameServers: number
  readonly aliases: number
  /** Whether name servers that come along with a positive answer are believed (CVE-2025-11411): Unbound's old way. */
  readonly promiscuous: boolean
}

export interface Scrubbed extends Learned {
  /** The RA bit. */
  readonly recursionAvailable: boolean
  /** Where the aliases in the answer lead; the name asked for when there are none. */
  readonly target: Name
  /** Whether the answer section ends with the data that was asked for. */
  readonly answered: boolean
  /** The name servers in the authority section, not scrubbed: to judge the reply by, not to believe. */
  readonly delegation: Rrset | undefined
}

export function scrub(message: Message, query: Query, scope: Scope): Scrubbed {
  const inside = (record: ResourceRecord) => record.class === query.class && record.name.isUnder(scope.zone)
  const chain = followed(rrsetsOf(message.answer.filter(inside)), query, scope)
  const delegation = referral(message, query, scope)
  const soa = startOfAuthority(message.authority.filter(inside), chain.target)
  const kept: Rrset[] = soa === undefined ? [] : [soa]
  if (soa === undefined && delegation !== undefined && believed(delegation, message, chain, scope))
    kept.push(delegation)
  return {
    rcode: chain.tooLong ? RCODE.YXDOMAIN : message.rcode,
    authoritative: message.aa,
    recursionAvailable: message.ra,
    answer: chain.sets,
    authority: kept,
    additional: addresses(message.additional.filter(inside), [...kept, ...chain.sets]),
    target: chain.target,
    answered: chain.answered,
    delegation,
  }
}

interface Chain {
  readonly sets: readonly Rrset[]
  readonly target: Name
  readonly answered: boolean
  /** RFC 6672 §2.2: a DNAME made a name longer than a name may be. */
  readonly tooLong: boolean
}

/** The answer section in the order of its aliases, whatever order it came in, and nothing that is not on the way. */
function followed(sets: readonly Rrset[], query: Query, scope: Scope): Chain {
  const chain: Rrset[] = []
  const seen = new Set<string>()
  let target = query.name
  const done = (answered: boolean, tooLong = false): Chain => ({ sets: chain, target, answered, tooLong })
  for (let aliases = 0; !seen.has(target.key); aliases++) {
    seen.add(target.key)
    // Without DNSSEC only the first link is what the zone itself says of the name asked for; the next is asked for.
    if (aliases === (scope.forwarding ? scope.aliases : 1)) return done(false)
    const at = sets.filter((set) => set.name.equals(target))
    const wanted = at.filter((set) => (query.type === TYPE.ANY ? set.type !== TYPE.RRSIG : set.type === query.type))
    if (wanted.length > 0) {
      chain.push(...wanted)
      return done(true)
    }
    const dname = sets.find((set) => set.type === TYPE.DNAME && set.name !== target && above(set.name, target))
    if (dname !== undefined) {
      const alias = synthesised(target, dname)
      if (alias === undefined) {
        chain.push(dname)
        return done(false, true)
      }
      chain.push(...alias.rrsets)
      target = alias.target
      continue
    }
    const cname = at.find((set) => set.type === TYPE.CNAME)
    const rdata = cname?.rdatas[0]
    if (cname === undefined || rdata === undefined) return done(false)
    chain.push(cname.rdatas.length === 1 ? cname : { ...cname, rdatas: [rdata] }) // RFC 2181 §10.1: one only
    target = new Name(rdata)
  }
  return done(false)
}

function above(owner: Name, name: Name): boolean {
  return name.isUnder(owner) && !name.equals(owner)
}

function startOfAuthority(authority: readonly ResourceRecord[], name: Name): Rrset | undefined {
  return rrsetsOf(authority.filter((record) => record.type === TYPE.SOA && name.isUnder(record.name)))[0]
}

/** The first set of name servers for a zone that the name asked for lies in. */
function referral(message: Message, query: Query, scope: Scope): Rrset | undefined {
  const records = message.authority.filter(
    (record) => record.type === TYPE.NS && record.class === query.class && query.name.isUnder(record.name),
  )
  const ns = rrsetsOf(records)[0]
  if (ns === undefined || ns.rdatas.length <= scope.nameServers) return ns
  return { ...ns, rdatas: ns.rdatas.slice(0, scope.nameServers) }
}

/** A name error needs no name servers; with an answer nobody asked for them, unless it is a referral in disguise. */
function believed(ns: Rrset, message: Message, chain: Chain, scope: Scope): boolean {
  if (message.rcode !== RCODE.NOERROR || !ns.name.isUnder(scope.zone)) return false
  if (chain.sets.length === 0 || scope.promiscuous) return true
  return !message.aa && !ns.name.equals(scope.zone)
}

/** Addresses of the name servers in those sets. */
function addresses(additional: readonly ResourceRecord[], sets: readonly Rrset[]): Rrset[] {
  const names = new Set<string>()
  for (const set of sets) if (set.type === TYPE.NS) for (const rdata of set.rdatas) names.add(new Name(rdata).key)
  if (names.size === 0) return []
  return rrsetsOf(additional.filter(({ type, name }) => (type === TYPE.A || type === TYPE.AAAA) && names.has(name.key)))
}
