/**
 * Answers of the public DNS that point into a private network. A page from outside could have its own name point at a
 * device inside and so reach it through the visitor's browser ("DNS rebinding").
 */
import { parseIp4, parseIp6 } from '../../../base/ip.ts'
import { DnsError } from '../../errors.ts'
import type { Policy } from '../../iterate/policy.ts'
import type { Name } from '../../message/name.ts'
import { readRdata } from '../../message/rdata/text.ts'
import type { Rrset } from '../../message/record.ts'
import { TYPE } from '../../message/types.ts'

/** Of RFC 6890: private networks, this machine, the link, and the ways of writing IPv4 addresses as IPv6. */
export const PRIVATE_PREFIXES: readonly string[] = [
  '0.0.0.0/8',
  '10.0.0.0/8',
  '100.64.0.0/10',
  '127.0.0.0/8',
  '169.254.0.0/16',
  '172.16.0.0/12',
  '192.168.0.0/16',
  '::/128',
  '::1/128',
  '::ffff:0:0/96',
  'fc00::/7',
  'fe80::/10',
]

/** A prefix as octets: of 4 for IPv4, of 16 for IPv6. */
interface Prefix {
  readonly octets: Uint8Array
  readonly length: number
}

/** Which addresses are private, and whose may be. */
export interface PrivateAddressOptions {
  /** `10.0.0.0/8`, `fd00::/8`; default `PRIVATE_PREFIXES`. */
  readonly prefixes?: readonly string[]
  /** Names whose addresses, and those of the names below them, may be private: those of the network itself. */
  readonly allowed?: readonly Name[]
}

/**
 * Leaves private addresses out of the answers of servers.
 * @throws DnsError `DNS_SETTING` for a text that is not a prefix.
 */
export function withoutPrivateAddresses(options: PrivateAddressOptions = {}): Policy {
  const prefixes = (options.prefixes ?? PRIVATE_PREFIXES).map(parsePrefix)
  const { allowed = [] } = options
  const isPrivate = (address: Uint8Array) => prefixes.some((prefix) => contains(prefix, address))
  return {
    addresses(set) {
      if (allowed.some((name) => set.name.isUnder(name))) return set
      const rdatas = set.rdatas.filter((rdata) => !addressesIn(set, rdata).some(isPrivate))
      if (rdatas.length === set.rdatas.length) return set
      // What is left of a set is not the set that was signed.
      return rdatas.length === 0 ? null : { ...set, rdatas, signatures: [] }
    },
  }
}

/** The addresses that the rdata carries: its own, or the hints of RFC 9460 §7.3. */
function addressesIn({ type }: Rrset, rdata: Uint8Array): readonly Uint8Array[] {
  if (type === TYPE.A || type === TYPE.AAAA) return [rdata]
  const hints: Uint8Array[] = []
  for (const { key, value } of readRdata(type === TYPE.HTTPS ? 'HTTPS' : 'SVCB', rdata).parameters) {
    const size = key === IPV4_HINT ? 4 : key === IPV6_HINT ? 16 : 0
    for (let at = 0; size > 0 && at + size <= value.length; at += size) hints.push(value.subarray(at, at + size))
  }
  return hints
}

/** RFC 9460 §14.3.2. */
const IPV4_HINT = 4
const IPV6_HINT = 6

function parsePrefix(text: string): Prefix {
  const [address = '', digits] = text.split('/')
  const quad = parseIp4(address)
  const octets =
    quad >= 0
      ? Uint8Array.of(quad >>> 24, quad >>> 16, quad >>> 8, quad)
      : address.includes(':')
        ? parseIp6(address)
        : null
  const most = octets === null ? 0 : octets.length * 8
  const length = digits === undefined ? most : /^\d{1,3}$/.test(digits) ? Number(digits) : Number.NaN
  if (octets === null || !(length <= most))
    throw new DnsError('DNS_SETTING', `'${text}' is not a prefix: write 10.0.0.0/8 or fd00::/8`)
  return { octets, length }
}

function contains({ octets, length }: Prefix, address: Uint8Array): boolean {
  if (octets.length !== address.length) return false
  const whole = length >>> 3
  for (let i = 0; i < whole; i++) if (octets[i] !== address[i]) return false
  const rest = length & 7
  return rest === 0 || (octets[whole]! ^ address[whole]!) >>> (8 - rest) === 0
}
