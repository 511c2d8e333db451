/** Socket options on a descriptor, through getsockopt(2) and setsockopt(2): the part all sockets of this floor share. */
import { SocketError } from '../base/errors.ts'
import { ipVersion } from '../base/ip.ts'
import type { OptionSettings } from '../socket/host.ts'
import {
  IPPROTO_IPV6,
  type Linger,
  noSuchOption,
  OPTIONS,
  type OptionName,
  type OptionValue,
} from '../socket/options.ts'
import { fromErrno } from './errors.ts'
import type { Libc } from './libc.ts'
import { requireMembership } from './membership.ts'
import { decodeValue, encodeValue, valueLength } from './option-values.ts'
import type { SocketFamily } from './sockaddr.ts'

export type SocketKind = 'stream' | 'datagram'

const BOTH: readonly OptionName[] = [
  'SO_REUSEADDR',
  'SO_REUSEPORT',
  'SO_ERROR',
  'SO_SNDBUF',
  'SO_RCVBUF',
  'SO_BINDTODEVICE',
  'SO_PRIORITY',
  'SO_MARK',
  'IP_TOS',
  'IP_TTL',
  'IP_MTU_DISCOVER',
]
const BOTH6: readonly OptionName[] = ['IPV6_UNICAST_HOPS', 'IPV6_TCLASS', 'IPV6_V6ONLY']
const STREAM: readonly OptionName[] = [
  ...BOTH,
  'SO_KEEPALIVE',
  'SO_LINGER',
  'TCP_NODELAY',
  'TCP_MAXSEG',
  'TCP_CORK',
  'TCP_KEEPIDLE',
  'TCP_KEEPINTVL',
  'TCP_KEEPCNT',
  'TCP_DEFER_ACCEPT',
  'TCP_FASTOPEN',
  'TCP_INFO',
  'TCP_QUICKACK',
  'TCP_CONGESTION',
  'TCP_USER_TIMEOUT',
  'TCP_NOTSENT_LOWAT',
]
const DATAGRAM: readonly OptionName[] = [
  ...BOTH,
  'SO_BROADCAST',
  'IP_MULTICAST_IF',
  'IP_MULTICAST_TTL',
  'IP_MULTICAST_LOOP',
  'IP_ADD_MEMBERSHIP',
  'IP_DROP_MEMBERSHIP',
]
const DATAGRAM6: readonly OptionName[] = [
  ...BOTH6,
  'IPV6_MULTICAST_IF',
  'IPV6_MULTICAST_HOPS',
  'IPV6_MULTICAST_LOOP',
  'IPV6_JOIN_GROUP',
  'IPV6_LEAVE_GROUP',
]

const UNIX: readonly OptionName[] = ['SO_ERROR', 'SO_SNDBUF', 'SO_RCVBUF']

/** What Linux lets a socket of that kind and family have. */
const AVAILABLE = {
  stream: { 4: new Set(STREAM), 6: new Set([...STREAM, ...BOTH6]), unix: new Set([...UNIX, 'SO_PEERCRED']) },
  datagram: { 4: new Set(DATAGRAM), 6: new Set([...DATAGRAM, ...DATAGRAM6]), unix: new Set(UNIX) },
} as const satisfies Record<SocketKind, Record<SocketFamily, ReadonlySet<OptionName>>>

/** The names that an AF_INET6 socket uses for the same things (ipv6(7)). */
const IN_IPV6: { readonly [name in OptionName]?: OptionName } = {
  IP_TOS: 'IPV6_TCLASS',
  IP_TTL: 'IPV6_UNICAST_HOPS',
  IP_MULTICAST_IF: 'IPV6_MULTICAST_IF',
  IP_MULTICAST_TTL: 'IPV6_MULTICAST_HOPS',
  IP_MULTICAST_LOOP: 'IPV6_MULTICAST_LOOP',
}
/** IPV6_MTU_DISCOVER: the host's own socket option has no IPv6 name of ours. */
const IPV6_MTU_DISCOVER = 23

const READ_ONLY: ReadonlySet<OptionName> = new Set<OptionName>(['SO_ERROR', 'SO_PEERCRED', 'TCP_INFO'])

/** The options that such a socket has. */
export function availableOptions(kind: SocketKind, family: SocketFamily): ReadonlySet<OptionName> {
  return AVAILABLE[kind][family]
}

/** @throws SocketError ENOPROTOOPT for an option that such a socket does not have. */
export function requireOption(
  syscall: 'setsockopt' | 'getsockopt',
  kind: SocketKind,
  family: SocketFamily,
  name: OptionName,
): void {
  if (!AVAILABLE[kind][family].has(name)) throw noSuchOption(syscall, name)
  if (syscall === 'getsockopt' && OPTIONS[name][2] === 'membership')
    throw new SocketError('ENOPROTOOPT', syscall, { hint: `${name} can only be set` })
  if (syscall === 'setsockopt' && READ_ONLY.has(name))
    throw new SocketError('ENOPROTOOPT', syscall, { hint: `${name} can only be read` })
}

/** @throws SocketError EINVAL for a value that is not of the option's kind; else setsockopt(2)'s own. */
export function setOnDescriptor(
  libc: Libc,
  fd: number,
  family: SocketFamily,
  name: OptionName,
  value: OptionValue,
): void {
  const [level, number] = numbers(family, name, value)
  const bytes = encodeValue(libc, family, name, value)
  if (libc.setsockopt(fd, level, number, bytes, bytes.byteLength) < 0)
    throw fromErrno(libc.errno(), 'setsockopt', undefined, name)
}

export function getFromDescriptor(libc: Libc, fd: number, family: SocketFamily, name: OptionName): OptionValue {
  const [level, number] = numbers(family, name)
  const bytes = new Uint8Array(valueLength(name))
  const length = new Uint32Array([bytes.length])
  if (libc.getsockopt(fd, level, number, bytes, length) < 0)
    throw fromErrno(libc.errno(), 'getsockopt', undefined, name)
  return decodeValue(libc, family, name, bytes.subarray(0, length[0]))
}

/** The entries of `settings` that are given, in the order of `OPTIONS`. */
export function given(settings: OptionSettings | undefined): [OptionName, OptionValue][] {
  if (settings === undefined) return []
  const names = Object.keys(OPTIONS) as OptionName[]
  return names.flatMap((name) => (settings[name] === undefined ? [] : [[name, settings[name]]]))
}

/** @throws SocketError EINVAL when `value` is no whole number. */
export function numberValue(name: OptionName, value: OptionValue): number {
  if (typeof value === 'number' && Number.isInteger(value) && Math.abs(value) <= 0x7fff_ffff) return value
  throw new SocketError('EINVAL', 'setsockopt', { hint: `${name} takes a whole number, not ${JSON.stringify(value)}` })
}

function numbers(family: SocketFamily, name: OptionName, value?: OptionValue): [level: number, number: number] {
  if (OPTIONS[name][2] === 'membership') return groupNumbers(name, value!)
  if (family === 6 && name === 'IP_MTU_DISCOVER') return [IPPROTO_IPV6, IPV6_MTU_DISCOVER]
  const [level, number] = OPTIONS[family === 6 ? (IN_IPV6[name] ?? name) : name]
  return [level, number]
}

/** The group decides: an IPv6 socket can be a member of IPv4 groups as well. */
function groupNumbers(name: OptionName, value: OptionValue): [level: number, number: number] {
  const joins = name === 'IP_ADD_MEMBERSHIP' || name === 'IPV6_JOIN_GROUP'
  const four = ipVersion(requireMembership(name, value).group) === 4
  const [level, number] =
    OPTIONS[
      four ? (joins ? 'IP_ADD_MEMBERSHIP' : 'IP_DROP_MEMBERSHIP') : joins ? 'IPV6_JOIN_GROUP' : 'IPV6_LEAVE_GROUP'
    ]
  return [level, number]
}

/** What an option call on a closed socket is answered with. */
export function closedSocket(syscall: 'setsockopt' | 'getsockopt', name: OptionName): SocketError {
  return new SocketError('EBADF', syscall, { hint: `${name} on a socket that is closed` })
}

/** SO_LINGER among `settings`: `close` has to know it. */
export function lingerOf(settings: OptionSettings | undefined): Linger | null {
  return (settings?.SO_LINGER as Linger | undefined) ?? null
}
