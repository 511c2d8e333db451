/** Socket names as C and Python programs write them: `['', 9999]`, `['localhost', 53]`. */
import { SocketError } from '../../base/errors.ts'
import { portProblem } from '../../base/port.ts'
import { type Address, type Family, familyOf } from '../address.ts'
import type { Host } from '../host.ts'
import { INADDR_ANY, INADDR_BROADCAST } from './constants.ts'

/**
 * Host name or address, and port. `''` is every interface, `'<broadcast>'` the limited broadcast address. Of an AF_UNIX
 * socket the path, alone or before the port 0 that `getsockname` and its kin put behind one.
 */
export type SocketName = readonly [host: string, port: number] | string

/** What a socket's names are: IP addresses of one version, or paths. */
export type NameFamily = Family | 'unix'

/** Who sent a datagram. */
export type Sender = Address & { readonly local: Address }

/** Who sent a datagram, by the name that `recvfrom` has given for it: the very array, not one that looks like it. */
const peers = new WeakMap<object, Sender>()

/**
 * The address that a socket name means on this host: literals as they are, names looked up. The name that `recvfrom`
 * gave is the peer itself: its answer leaves from the address that was asked.
 */
export async function resolveName(host: Host, family: NameFamily, name: SocketName, syscall: string): Promise<Address> {
  const peer = typeof name === 'string' ? undefined : peers.get(name)
  if (peer !== undefined && sameName(socketName(peer), name)) return peer
  if (family === 'unix') return { path: requirePath(name, syscall) }
  const [where, port] = requireName(name, syscall)
  if (where === '') return { address: family === 6 ? '::' : INADDR_ANY, port }
  if (where === '<broadcast>' && family === 4) return { address: INADDR_BROADCAST, port }
  const [first] = await host.lookup(where, family)
  if (first === undefined) throw new SocketError('ENOTFOUND', 'getaddrinfo', { address: where })
  if (familyOf(first) !== family)
    throw new SocketError('EAFNOSUPPORT', syscall, { address: first, port, hint: `the socket is IPv${family}` })
  return { address: first, port }
}

/** @throws TypeError for what is no pair of host and port, RangeError for what is no port. */
export function requireName(name: SocketName, syscall: string): readonly [string, number] {
  if (!Array.isArray(name) || name.length !== 2 || typeof name[0] !== 'string')
    throw new TypeError(`${syscall} takes a name of the form ['host', port]`)
  const problem = portProblem(name[1])
  if (problem !== null) throw new RangeError(`${syscall}: ${problem}`)
  return name as readonly [string, number]
}

function requirePath(name: SocketName, syscall: string): string {
  const path = typeof name === 'string' ? name : name?.[0]
  if (typeof path === 'string') return path
  throw new TypeError(`${syscall} of an AF_UNIX socket takes a path`)
}

function sameName(one: SocketName, other: SocketName): boolean {
  return one[0] === other[0] && one[1] === other[1]
}

/** A Unix socket has its path for a host, and port 0. */
export function socketName(at: Address): [string, number] {
  return at.path === undefined ? [at.address, at.port] : [at.path, 0]
}

/** The name of who sent a datagram. */
export function peerName(from: Address | Sender): [string, number] {
  const name = socketName(from)
  if ('local' in from) peers.set(name, from)
  return name
}
