/** Addresses that came from elsewhere than the DNS, in the form of an answer: for reports. */
import { parseIp4, parseIp6 } from '../../base/ip.ts'
import type { Answer, Query } from '../cache/cache.ts'
import { RCODE, TYPE } from '../message/types.ts'

/** An answer with those of the addresses that are of the query's type. */
export function addressAnswer(query: Query, addresses: readonly string[], ttl: number): Answer {
  const rdatas = addresses.map((address) => rdataOf(query.type, address)).filter((rdata) => rdata !== null)
  const answer = rdatas.length === 0 ? [] : [{ ...query, ttl, rdatas }]
  return { rcode: RCODE.NOERROR, answer, authority: [], additional: [] }
}

function rdataOf(type: number, address: string): Uint8Array | null {
  if (type === TYPE.AAAA) return address.includes(':') ? parseIp6(address.split('%', 1)[0] ?? '') : null
  const quad = address.includes(':') ? -1 : parseIp4(address)
  return quad < 0 ? null : Uint8Array.of(quad >>> 24, quad >>> 16, quad >>> 8, quad)
}
