/** Names that are never asked for (RFC 6761, RFC 7686): a resolver answers them itself. */
import type { Answer, Query } from '../cache/cache.ts'
import { Name } from '../message/name.ts'
import { RCODE, TYPE } from '../message/types.ts'

const LOCALHOST = Name.parse('localhost.')
const NOWHERE = [Name.parse('invalid.'), Name.parse('onion.')]

/** The answer to a question for such a name; undefined for all other names. */
export function specialAnswer(query: Query): Answer | undefined {
  if (query.name.isUnder(LOCALHOST)) {
    const rdata = loopback(query.type)
    // RFC 6761 §6.3: address queries get the loopback address, all others have no data.
    const sets = rdata === undefined ? [] : [{ ...query, ttl: LOCALHOST_TTL, rdatas: [rdata] }]
    return { rcode: RCODE.NOERROR, answer: sets, authority: [], additional: [] }
  }
  if (NOWHERE.some((zone) => query.name.isUnder(zone)))
    return { rcode: RCODE.NXDOMAIN, answer: [], authority: [], additional: [] }
  return undefined
}

/** Seconds; the answer never changes. */
const LOCALHOST_TTL = 10_800

function loopback(type: number): Uint8Array | undefined {
  if (type === TYPE.A) return Uint8Array.of(127, 0, 0, 1)
  if (type !== TYPE.AAAA) return undefined
  const rdata = new Uint8Array(16)
  rdata[15] = 1
  return rdata
}
