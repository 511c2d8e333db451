/**
 * Socket options by their Berkeley names, with Linux's levels and numbers. A host has a named set of them; the
 * rest it refuses with `ENOPROTOOPT`, never ignores.
 */
import { SocketError } from '../base/errors.ts'

export const SOL_SOCKET = 1
export const IPPROTO_IP = 0
export const IPPROTO_TCP = 6
export const IPPROTO_UDP = 17
export const IPPROTO_IPV6 = 41

/** IP_ADD_MEMBERSHIP's argument (struct ip_mreqn): the group, and the interface by its own address. */
export interface Membership {
  readonly group: string
  /** The address (IPv4) or the scope name (IPv6) of the interface; absent: the host's choice. */
  readonly interface?: string | undefined
}

/** SO_LINGER's argument (struct linger). With `on` and 0 seconds, `close` resets the connection. */
export interface Linger {
  readonly on: boolean
  readonly seconds: number
}

export type OptionValue = number | Linger | Membership

/** level, number, kind of value, and whether it can be read back. */
export const OPTIONS = {
  SO_REUSEADDR: [SOL_SOCKET, 2, 'flag'],
  SO_ERROR: [SOL_SOCKET, 4, 'number'],
  SO_BROADCAST: [SOL_SOCKET, 6, 'flag'],
  SO_SNDBUF: [SOL_SOCKET, 7, 'number'],
  SO_RCVBUF: [SOL_SOCKET, 8, 'number'],
  SO_KEEPALIVE: [SOL_SOCKET, 9, 'flag'],
  SO_LINGER: [SOL_SOCKET, 13, 'linger'],
  SO_REUSEPORT: [SOL_SOCKET, 15, 'flag'],
  TCP_NODELAY: [IPPROTO_TCP, 1, 'flag'],
  IP_TTL: [IPPROTO_IP, 2, 'number'],
  IP_MULTICAST_TTL: [IPPROTO_IP, 33, 'number'],
  IP_MULTICAST_LOOP: [IPPROTO_IP, 34, 'flag'],
  IP_ADD_MEMBERSHIP: [IPPROTO_IP, 35, 'membership'],
  IP_DROP_MEMBERSHIP: [IPPROTO_IP, 36, 'membership'],
} as const satisfies Record<string, readonly [number, number, 'flag' | 'number' | 'linger' | 'membership']>

export type OptionName = keyof typeof OPTIONS

/** The option with that level and number, as setsockopt(2) is given them. */
export function optionName(level: number, number: number): OptionName | undefined {
  for (const [name, [itsLevel, itsNumber]] of Object.entries(OPTIONS))
    if (itsLevel === level && itsNumber === number) return name as OptionName
  return undefined
}

/** What a host answers for an option that it does not have. */
export function noSuchOption(syscall: 'setsockopt' | 'getsockopt', name: string): SocketError {
  return new SocketError('ENOPROTOOPT', syscall, { hint: `${name} is not available on this host or socket` })
}
