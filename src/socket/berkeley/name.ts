/** Socket names as C and Python programs write them: `['', 9999]`, `['localhost', 53]`. */
import { SocketError } from '../../base/errors.ts'
import { portProblem } from '../../base/port.ts'
import { type Address, type Family, familyOf, type IpAddress } from '../address.ts'
import type { Host, Peer } from '../host.ts'
import { INADDR_ANY, INADDR_BROADCAST } from './constants.ts'

/** Host name or address, and port. `''` is every interface, `'<broadcast>'` the limited broadcast address. */
export type SocketName = readonly [host: string, port: number]

/** Who sent a datagram, by the name that `recvfrom` has given for it: the very array, not one that looks like it. */
const peers = new WeakMap<SocketName, Peer>()

/**
 * The address that a socket name means on this host: literals as they are, names looked up. The name that `recvfrom`
 * gave is the peer itself: its answer leaves from the address that was asked.
 */
export async function resolveName(
  host: Host,
  family: Family,
  name: SocketName,
  syscall: string,
): Promise<IpAddress | Peer> {
  const peer = peers.get(name)
  if (peer !== undefined && peer.address === name[0] && peer.port === name[1]) return peer
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
export function requireName(name: SocketName, syscall: string): SocketName {
  if (!Array.isArray(name) || name.length !== 2 || typeof name[0] !== 'string')
    throw new TypeError(`${syscall} takes a name of the form ['host', port]`)
  const problem = portProblem(name[1])
  if (problem !== null) throw new RangeError(`${syscall}: ${problem}`)
  return name
}

/** A Unix socket has its path for a host, and port 0. */
export function socketName(at: Address): [string, number] {
  return at.path === undefined ? [at.address, at.port] : [at.path, 0]
}

/** The name of who sent a datagram. */
export function peerName(from: Address | Peer): [string, number] {
  const name = socketName(from)
  if ('local' in from) peers.set(name, from)
  return name
}
