/** Addresses that came from elsewhere than the DNS, in the form of an answer: for reports. */
import { parseIp4, parseIp6 } from '../../base/ip.ts'
import { putU32 } from '../../base/octets.ts'
import { type Answer, answerOf, type Query } from '../answer/answer.ts'
import { rrset } from '../message/record.ts'
import { TYPE } from '../message/types.ts'

/** An answer with those of the addresses that are of the query's type. */
export function addressAnswer(
  { name, type, class: rrclass }: Query,
  addresses: readonly string[],
  ttl: number,
): Answer {
  const rdatas = addresses.map((address) => rdataOf(type, address)).filter((rdata) => rdata !== null)
  return answerOf({ answer: rdatas.length === 0 ? [] : [rrset(name, type, rrclass, ttl, rdatas)] })
}

function rdataOf(type: number, address: string): Uint8Array | null {
  if (type === TYPE.AAAA) return address.includes(':') ? parseIp6(address.split('%', 1)[0] ?? '') : null
  const quad = address.includes(':') ? -1 : parseIp4(address)
  if (quad < 0) return null
  const rdata = new Uint8Array(4)
  putU32(rdata, 0, quad)
  return rdata
}
