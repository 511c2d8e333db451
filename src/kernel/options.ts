/** Socket options on a descriptor, through getsockopt(2) and setsockopt(2): the part both drivers share. */

import { SocketError } from '../base/errors.ts'
import type { Family } from '../socket/address.ts'
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

export type SocketKind = 'stream' | 'datagram'

/** What Linux lets a socket of that kind have; memberships go through the datagram driver, which knows interfaces. */
const STREAM: ReadonlySet<OptionName> = new Set<OptionName>([
  'SO_REUSEADDR',
  'SO_REUSEPORT',
  'SO_ERROR',
  'SO_SNDBUF',
  'SO_RCVBUF',
  'SO_KEEPALIVE',
  'SO_LINGER',
  'TCP_NODELAY',
  'IP_TTL',
])
const DATAGRAM: ReadonlySet<OptionName> = new Set<OptionName>([
  'SO_REUSEADDR',
  'SO_REUSEPORT',
  'SO_ERROR',
  'SO_SNDBUF',
  'SO_RCVBUF',
  'SO_BROADCAST',
  'IP_TTL',
  'IP_MULTICAST_TTL',
  'IP_MULTICAST_LOOP',
])

/** The names that an AF_INET6 socket uses for the same things (ipv6(7)). */
const IPV6_NUMBER: { readonly [name in OptionName]?: number } = {
  IP_TTL: 16, // IPV6_UNICAST_HOPS
  IP_MULTICAST_TTL: 18, // IPV6_MULTICAST_HOPS
  IP_MULTICAST_LOOP: 19, // IPV6_MULTICAST_LOOP
}

/** @throws SocketError ENOPROTOOPT for an option that such a socket does not have. */
export function requireOption(syscall: 'setsockopt' | 'getsockopt', kind: SocketKind, name: OptionName): void {
  if (!(kind === 'stream' ? STREAM : DATAGRAM).has(name)) throw noSuchOption(syscall, name)
}

/** @throws SocketError EINVAL for a value that is not of the option's kind; else setsockopt(2)'s own. */
export function setOnDescriptor(libc: Libc, fd: number, family: Family, name: OptionName, value: OptionValue): void {
  const [level, number] = numbers(family, name)
  const bytes = OPTIONS[name][2] === 'linger' ? lingerBytes(name, value) : new Int32Array([numberValue(name, value)])
  if (libc.setsockopt(fd, level, number, bytes, bytes.byteLength) < 0)
    throw fromErrno(libc.errno(), 'setsockopt', undefined, name)
}

export function getFromDescriptor(libc: Libc, fd: number, family: Family, name: OptionName): OptionValue {
  const [level, number] = numbers(family, name)
  const value = new Int32Array(2)
  const length = new Uint32Array([OPTIONS[name][2] === 'linger' ? 8 : 4])
  if (libc.getsockopt(fd, level, number, value, length) < 0)
    throw fromErrno(libc.errno(), 'getsockopt', undefined, name)
  return OPTIONS[name][2] === 'linger' ? { on: value[0] !== 0, seconds: value[1]! } : value[0]!
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

function lingerBytes(name: OptionName, value: OptionValue): Int32Array {
  const linger = value as Linger
  if (typeof value !== 'object' || typeof linger.on !== 'boolean' || !Number.isInteger(linger.seconds))
    throw new SocketError('EINVAL', 'setsockopt', {
      hint: `${name} takes { on, seconds }, not ${JSON.stringify(value)}`,
    })
  return new Int32Array([linger.on ? 1 : 0, linger.seconds])
}

function numbers(family: Family, name: OptionName): [level: number, number: number] {
  const six = family === 6 ? IPV6_NUMBER[name] : undefined
  return six === undefined ? [OPTIONS[name][0], OPTIONS[name][1]] : [IPPROTO_IPV6, six]
}

/** What an option call on a closed socket is answered with. */
export function closedSocket(syscall: 'setsockopt' | 'getsockopt', name: OptionName): SocketError {
  return new SocketError('EBADF', syscall, { hint: `${name} on a socket that is closed` })
}

/** SO_LINGER among `settings`: `close` has to know it. */
export function lingerOf(settings: OptionSettings | undefined): Linger | null {
  return (settings?.SO_LINGER as Linger | undefined) ?? null
}
