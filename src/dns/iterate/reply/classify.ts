/** What kind of reply it is: RFC 1034 §5.3.3 step 4, and what two decades of odd servers have taught. Pure. */
import type { Query } from '../../answer/answer.ts'
import type { Name } from '../../message/name.ts'
import type { Rrset } from '../../message/record.ts'
import { RCODE, TYPE } from '../../message/types.ts'
import type { Scrubbed } from './scrub.ts'

/** What a reply means for the question. */
export type Reply =
  /** The answer, "no such name" or "no such data". */
  | { readonly kind: 'answer' }
  /** No data, no SOA, no name servers: perhaps an answer, perhaps a broken server. */
  | { readonly kind: 'empty' }
  /** The name asked for is another's alias. */
  | { readonly kind: 'alias'; readonly target: Name }
  /** The name servers of a zone below. */
  | { readonly kind: 'referral'; readonly ns: Rrset }
  /** The server does not serve that zone: it points upwards, or sideways to itself. */
  | { readonly kind: 'lame' }
  /** It answers from its cache as a resolver would, not from its zone. */
  | { readonly kind: 'recursive' }
  /** Of no use; another server may do better. */
  | { readonly kind: 'useless' }

/**
 * @param zone the zone whose server was asked.
 * @param recursionDesired whether it was asked to resolve: then what a resolver says is what was wanted.
 */
export function classify(reply: Scrubbed, query: Query, zone: Name, recursionDesired: boolean): Reply {
  const { rcode, delegation } = reply
  // RFC 6672 §2.2: that a DNAME makes too long a name is for us to see, not for a server to say.
  if (reply.broken === 'too long') return { kind: 'answer' }
  if (rcode !== RCODE.NOERROR && rcode !== RCODE.NXDOMAIN) return { kind: 'useless' }
  const fromCache = reply.recursionAvailable && !reply.authoritative && !recursionDesired
  if (reply.answered) {
    // Without AA an "answer" with name servers of a zone below is a referral by an eager server; but DS live above.
    const eager = !reply.authoritative && !recursionDesired && query.type !== TYPE.DS
    if (eager && delegation !== undefined && below(delegation.name, zone)) return { kind: 'referral', ns: delegation }
    return fromCache ? { kind: 'recursive' } : { kind: 'answer' }
  }
  if (reply.broken === 'circle' || !reply.target.equals(query.name)) {
    // A resolver's chain that ends without data is an answer: then a SOA says so (RFC 2308 §2.1, §2.2). A zone's, and
    // one that a resolver has not followed, is a way on.
    const ends = recursionDesired && (rcode === RCODE.NXDOMAIN || hasSoa(reply))
    return ends && reply.broken === '' ? { kind: 'answer' } : { kind: 'alias', target: reply.target }
  }
  if (rcode === RCODE.NXDOMAIN) return fromCache ? { kind: 'recursive' } : { kind: 'answer' }
  // RFC 4035 §3.1.4.1: the zone itself is the wrong one to ask for its DS, and its parent has none, as it seems.
  if (query.type === TYPE.DS && delegation?.name.equals(query.name) && below(query.name, zone)) return { kind: 'empty' }
  return withoutAnswer(reply, zone, recursionDesired, fromCache)
}

function withoutAnswer(reply: Scrubbed, zone: Name, recursionDesired: boolean, fromCache: boolean): Reply {
  const { delegation: ns } = reply
  // RFC 2308 §2.2: a SOA makes it "no data".
  if (hasSoa(reply)) return { kind: fromCache ? 'recursive' : 'answer' }
  if (ns === undefined) return { kind: fromCache ? 'recursive' : 'empty' }
  if (ns.name.equals(zone)) {
    if (fromCache) return { kind: 'recursive' }
    // The zone's own name servers without AA: that server knows the zone from hearsay only.
    return { kind: reply.authoritative || recursionDesired ? 'answer' : 'useless' }
  }
  if (below(ns.name, zone)) return { kind: 'referral', ns }
  return { kind: recursionDesired ? 'useless' : 'lame' }
}

function hasSoa(reply: Scrubbed): boolean {
  return reply.authority.some((set) => set.type === TYPE.SOA)
}

function below(name: Name, zone: Name): boolean {
  return name.isUnder(zone) && !name.equals(zone)
}
