/** What ICMP says about a packet, as the transports and their sockets understand it. */
import type { ErrorCode } from '../../base/errors.ts'
import type * as icmp from '../../wire/icmp.ts'

/** What the network says of a packet that it does not deliver. `NETWORK_ERROR_CODE` has the error code of each. */
export type NetworkError =
  | 'net unreachable'
  | 'host unreachable'
  | 'protocol unreachable'
  | 'port unreachable'
  | 'fragmentation needed'
  | 'prohibited'
  | 'time exceeded'
  | 'parameter problem'

/** The error code of each, as Linux gives it (net/ipv4/icmp.c, icmp_err_convert). */
export const NETWORK_ERROR_CODE: { readonly [error in NetworkError]: ErrorCode } = {
  'net unreachable': 'ENETUNREACH',
  'host unreachable': 'EHOSTUNREACH',
  'protocol unreachable': 'ENOPROTOOPT',
  'port unreachable': 'ECONNREFUSED',
  'fragmentation needed': 'EMSGSIZE',
  prohibited: 'EHOSTUNREACH',
  'time exceeded': 'EHOSTUNREACH',
  'parameter problem': 'EHOSTUNREACH',
}

/** By code of "destination unreachable" (RFC 792, RFC 1122 §3.2.2.1, RFC 1812 §5.2.7.1). */
const UNREACHABLE: readonly NetworkError[] = [
  'net unreachable',
  'host unreachable',
  'protocol unreachable',
  'port unreachable',
  'fragmentation needed',
  'host unreachable', // source route failed
  'net unreachable', // destination network unknown
  'host unreachable', // destination host unknown
  'host unreachable', // source host isolated
  'prohibited',
  'prohibited',
  'net unreachable', // for this type of service
  'host unreachable',
  'prohibited',
]

export function networkError(message: icmp.IcmpError): NetworkError {
  if (message.kind === 'time exceeded') return 'time exceeded'
  if (message.kind === 'parameter problem') return 'parameter problem'
  return UNREACHABLE[message.code] ?? 'host unreachable'
}
