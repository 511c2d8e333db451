/** Groups: the values of IP_ADD_MEMBERSHIP and its kin, and the interfaces they name. */
import { SocketError } from '../base/errors.ts'
import { ipVersion } from '../base/ip.ts'
import type { Membership, OptionName, OptionValue } from '../socket/options.ts'
import type { Libc } from './libc.ts'

const AF_INET = 2
const AF_INET6 = 10

/**
 * An IPv4 group is joined by IP_ADD_MEMBERSHIP, on an IPv6 socket too; an IPv6 group by either name.
 * @throws SocketError EINVAL
 */
export function requireMembership(name: OptionName, value: OptionValue): Membership {
  const membership = value as Membership
  if (typeof value === 'object' && typeof membership.group === 'string' && ipVersion(membership.group) !== 0)
    return membership
  throw new SocketError('EINVAL', 'setsockopt', {
    hint: `${name} takes { group, interface? } with the address of a group, not ${JSON.stringify(value)}`,
  })
}

/** @throws SocketError EINVAL for what is no membership, ENODEV for an interface that there is not. */
export function membershipBytes(libc: Libc, name: OptionName, value: OptionValue): Uint8Array {
  const { group, interface: at } = requireMembership(name, value)
  return ipVersion(group) === 4 ? request4(libc, group, at) : request6(libc, group, at)
}

/** struct ip_mreqn: group, address of the interface, its number. */
function request4(libc: Libc, group: string, at: string | undefined): Uint8Array {
  const bytes = new Uint8Array(12)
  libc.inet_pton(AF_INET, group, bytes)
  if (at === undefined) return bytes
  if (ipVersion(at) === 4) libc.inet_pton(AF_INET, at, bytes.subarray(4))
  else new DataView(bytes.buffer).setInt32(8, interfaceNumber(libc, at), true)
  return bytes
}

/** struct ipv6_mreq: group, number of the interface. */
function request6(libc: Libc, group: string, at: string | undefined): Uint8Array {
  const bytes = new Uint8Array(20)
  libc.inet_pton(AF_INET6, group, bytes)
  if (at !== undefined) new DataView(bytes.buffer).setUint32(16, interfaceNumber(libc, at), true)
  return bytes
}

/** `eth0`, `::%eth0` or `2`. @throws SocketError ENODEV */
export function interfaceNumber(libc: Libc, at: string): number {
  const name = at.slice(at.indexOf('%') + 1)
  const number = Number(name) || libc.if_nametoindex(name)
  if (number > 0) return number
  throw new SocketError('ENODEV', 'setsockopt', { hint: `there is no interface ${name}` })
}
