/**
 * What of a reply is believed. Pure: a parsed message and what was asked of whom, to the few sets that bear on it.
 *
 * A server is believed only about the zone that it was asked as a server of ("bailiwick"), only about the question,
 * and only as far as the first alias; addresses only for the name servers that the reply itself names, and only from
 * inside the zone. Everything else is how caches are poisoned.
 */
import { type Query, synthesised } from '../../answer/answer.ts'
import type { Learned } from '../../cache/cache.ts'
import type { Message } from '../../message/message.ts'
import { Name } from '../../message/name.ts'
import { readRdata } from '../../message/rdata/text.ts'
import { type ResourceRecord, type Rrset, rrsetsOf } from '../../message/record.ts'
import { RCODE, TYPE } from '../../message/types.ts'

/** About what a server is believed, and how much of it. */
export interface Scope {
  /** The zone whose server was asked. */
  readonly zone: Name
  /** Whether the server resolves for us: then it answers whole chains of aliases. */
  readonly forwarding: boolean
  /** Name servers kept of one set; aliases followed in one reply. */
  readonly nameServers: number
  readonly aliases: number
  /** Sets of proofs kept of one reply, and signatures of one set. */
  readonly proofs: number
  readonly signatures: number
  /** Whether name servers that come along with a positive answer are believed (CVE-2025-11411): Unbound's old way. */
  readonly promiscuous: boolean
}

/** What is left of a reply. */
export interface Scrubbed extends Learned {
  /** The RA bit. */
  readonly recursionAvailable: boolean
  /** Where the aliases in the answer lead; the name asked for when there are none. */
  readonly target: Name
  /** What is the matter with the aliases: they come back to a name before, or a DNAME makes a name that is too long. */
  readonly broken: '' | 'circle' | 'too long'
  /** Whether the answer section ends with the data that was asked for. */
  readonly answered: boolean
  /** The name servers in the authority section, not scrubbed: to judge the reply by, not to believe. */
  readonly delegation: Rrset | undefined
}

/** What is believed of the reply to that question. */
export function scrub(message: Message, query: Query, scope: Scope): Scrubbed {
  const inside = (record: ResourceRecord) => record.class === query.class && record.name.isUnder(scope.zone)
  const authority = rrsetsOf(message.authority.filter((record) => record.class === query.class))
  const believable = authority.filter((set) => set.name.isUnder(scope.zone) && !overreaches(set, scope.zone))
  const sets = rrsetsOf(message.answer.filter(inside)).filter((set) => !overreaches(set, scope.zone))
  const chain = followed(sets.length === 0 ? signedReferral(believable, query) : sets, query, scope)
  const delegation = referral(authority, query, scope)
  const soa = believable.find((set) => set.type === TYPE.SOA && chain.target.isUnder(set.name))
  const ns = soa === undefined && delegation !== undefined && believed(delegation, message, chain, scope)
  const proofs = believable.filter(({ type }) => type === TYPE.NSEC || type === TYPE.NSEC3).slice(0, scope.proofs)
  // In the order in which the server gave them.
  const kept = authority.flatMap((set) => {
    if (set === soa || proofs.includes(set)) return set
    return ns && set.name === delegation.name && set.type === TYPE.NS ? delegation : []
  })
  return {
    rcode: chain.broken === 'too long' ? RCODE.YXDOMAIN : message.rcode,
    authoritative: message.aa,
    recursionAvailable: message.ra,
    answer: signed(chain.sets, scope),
    authority: signed(kept, scope),
    additional: signed(addresses(rrsetsOf(message.additional.filter(inside)), [...kept, ...chain.sets]), scope),
    error: null,
    target: chain.target,
    broken: chain.broken,
    answered: chain.answered,
    delegation,
  }
}

/** More signatures of one set than that are there to cost us time (CVE-2023-50387). */
function signed(sets: readonly Rrset[], { signatures }: Scope): Rrset[] {
  return sets.map((set) =>
    set.signatures.length > signatures ? { ...set, signatures: set.signatures.slice(0, signatures) } : set,
  )
}

interface Chain {
  readonly sets: readonly Rrset[]
  readonly target: Name
  readonly answered: boolean
  readonly broken: Scrubbed['broken']
}

/** Types that may stand beside a CNAME (RFC 2181 §10.1, RFC 4035 §2.5), and those that ask for it. */
const BESIDE_CNAME = new Set<number>([TYPE.CNAME, TYPE.ANY, TYPE.RRSIG, TYPE.NSEC, TYPE.SIG, TYPE.KEY, TYPE.NXT])

/** The answer section in the order of its aliases, whatever order it came in, and nothing that is not on the way. */
function followed(sets: readonly Rrset[], query: Query, scope: Scope): Chain {
  const chain: Rrset[] = []
  const seen = new Set<string>()
  let target = query.name
  const done = (answered: boolean, broken: Scrubbed['broken'] = ''): Chain => ({
    sets: chain,
    target,
    answered,
    broken,
  })
  for (let aliases = 0; ; aliases++) {
    if (seen.has(target.key)) return done(false, 'circle')
    seen.add(target.key)
    // Without DNSSEC only the first link is what the zone itself says of the name asked for; the next is asked for.
    if (aliases === (scope.forwarding ? scope.aliases : 1)) return done(false)
    // A name with an alias has nothing else: where a server says both, the alias counts (RFC 2181 §10.1).
    const dname = sets.find((set) => set.type === TYPE.DNAME && above(set.name, target))
    const renamed = dname?.rdatas[0]
    if (dname !== undefined && renamed !== undefined) {
      // RFC 2181 §10.1: one only.
      const alias = synthesised(target, dname, new Name(renamed))
      chain.push(...(alias?.rrsets ?? [dname]))
      if (alias === undefined) return done(false, 'too long')
      target = alias.target
      continue
    }
    const at = sets.filter((set) => set.name.equals(target))
    const cname = BESIDE_CNAME.has(query.type) ? undefined : at.find((set) => set.type === TYPE.CNAME)
    const rdata = cname?.rdatas[0]
    if (cname === undefined || rdata === undefined) {
      const wanted = at.filter((set) => (query.type === TYPE.ANY ? set.type !== TYPE.RRSIG : set.type === query.type))
      chain.push(...wanted)
      return done(wanted.length > 0)
    }
    chain.push(cname.rdatas.length === 1 ? cname : { ...cname, rdatas: [rdata] })
    target = new Name(rdata)
  }
}

function above(owner: Name, name: Name): boolean {
  return name.isUnder(owner) && !name.equals(owner)
}

/** Whether it is a proof that reaches beyond the zone, about which its server has nothing to say. */
function overreaches({ type, rdatas }: Rrset, zone: Name): boolean {
  return type === TYPE.NSEC && !rdatas.every((rdata) => readRdata('NSEC', rdata).next.isUnder(zone))
}

/** Who is asked for the DS of a zone below may refer to that zone, the DS beside its name servers: that answers it. */
function signedReferral(authority: readonly Rrset[], query: Query): Rrset[] {
  if (query.type !== TYPE.DS) return []
  return authority.filter(({ type, name }) => type === TYPE.DS && name.equals(query.name))
}

/** The first set of name servers for a zone that the name asked for lies in. */
function referral(authority: readonly Rrset[], query: Query, scope: Scope): Rrset | undefined {
  const ns = authority.find((set) => set.type === TYPE.NS && query.name.isUnder(set.name))
  if (ns === undefined || ns.rdatas.length <= scope.nameServers) return ns
  // What is left of a set is not the set that was signed.
  return { ...ns, rdatas: ns.rdatas.slice(0, scope.nameServers), signatures: [] }
}

/** A name error needs no name servers; with an answer nobody asked for them, unless it is a referral in disguise. */
function believed(ns: Rrset, message: Message, chain: Chain, scope: Scope): boolean {
  if (message.rcode !== RCODE.NOERROR || !ns.name.isUnder(scope.zone)) return false
  if (chain.sets.length === 0 || scope.promiscuous) return true
  return !message.aa && !ns.name.equals(scope.zone)
}

/** Addresses of the name servers in those sets. */
function addresses(additional: readonly Rrset[], sets: readonly Rrset[]): Rrset[] {
  const names = new Set<string>()
  for (const set of sets) if (set.type === TYPE.NS) for (const rdata of set.rdatas) names.add(new Name(rdata).key)
  if (names.size === 0) return []
  return additional.filter(({ type, name }) => (type === TYPE.A || type === TYPE.AAAA) && names.has(name.key))
}
