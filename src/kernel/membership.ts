/** Groups: IP_ADD_MEMBERSHIP and its kin, on a descriptor. */
import { SocketError } from '../base/errors.ts'
import { ipVersion } from '../base/ip.ts'
import { familyOf } from '../socket/address.ts'
import { IPPROTO_IP, IPPROTO_IPV6, type Membership, type OptionName, type OptionValue } from '../socket/options.ts'
import { fromErrno } from './errors.ts'
import type { Libc } from './libc.ts'

const IP_ADD_MEMBERSHIP = 35
const IP_DROP_MEMBERSHIP = 36
const IPV6_JOIN_GROUP = 20
const IPV6_LEAVE_GROUP = 21
const AF_INET = 2
const AF_INET6 = 10

export function isMembership(name: OptionName): name is 'IP_ADD_MEMBERSHIP' | 'IP_DROP_MEMBERSHIP' {
  return name === 'IP_ADD_MEMBERSHIP' || name === 'IP_DROP_MEMBERSHIP'
}

/** @throws SocketError EINVAL for what is no membership; what the kernel says: ENODEV, EADDRINUSE, EADDRNOTAVAIL. */
export function setMembership(libc: Libc, fd: number, name: OptionName, value: OptionValue): void {
  const { group, interface: at } = requireMembership(name, value)
  const joins = name === 'IP_ADD_MEMBERSHIP'
  const [level, number, bytes] =
    familyOf(group) === 4
      ? [IPPROTO_IP, joins ? IP_ADD_MEMBERSHIP : IP_DROP_MEMBERSHIP, request4(libc, group, at)]
      : [IPPROTO_IPV6, joins ? IPV6_JOIN_GROUP : IPV6_LEAVE_GROUP, request6(libc, group, at)]
  if (libc.setsockopt(fd, level, number, bytes, bytes.length) < 0)
    throw fromErrno(libc.errno(), 'setsockopt', undefined, `${name} ${group}`)
}

/** @throws SocketError EINVAL */
export function requireMembership(name: OptionName, value: OptionValue): Membership {
  const membership = value as Membership
  if (typeof value === 'object' && typeof membership.group === 'string' && ipVersion(membership.group) !== 0)
    return membership
  throw new SocketError('EINVAL', 'setsockopt', {
    hint: `${name} takes { group, interface? } with the address of a group, not ${JSON.stringify(value)}`,
  })
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
function interfaceNumber(libc: Libc, at: string): number {
  const name = at.slice(at.indexOf('%') + 1)
  const number = Number(name) || libc.if_nametoindex(name)
  if (number > 0) return number
  throw new SocketError('ENODEV', 'setsockopt', { hint: `there is no interface ${name}` })
}
