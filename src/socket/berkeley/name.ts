/** Socket names as C and Python programs write them: `['', 9999]`, `['localhost', 53]`. */
import { SocketError } from '../../base/errors.ts'
import { type Address, type Family, familyOf, type IpAddress } from '../address.ts'
import type { Host } from '../host.ts'
import { INADDR_ANY, INADDR_BROADCAST } from './constants.ts'

/** Host name or address, and port. `''` is every interface, `'<broadcast>'` the limited broadcast address. */
export type SocketName = readonly [host: string, port: number]

/** The address that a socket name means on this host: literals as they are, names looked up. */
export async function resolveName(host: Host, family: Family, name: SocketName, syscall: string): Promise<IpAddress> {
  const [where, port] = name
  if (!Number.isInteger(port) || port < 0 || port > 65535)
    throw new RangeError(`${syscall}: port ${port} is not an integer from 0 to 65535`)
  if (where === '') return { address: family === 6 ? '::' : INADDR_ANY, port }
  if (where === '<broadcast>' && family === 4) return { address: INADDR_BROADCAST, port }
  const [first] = await host.lookup(where, family)
  if (first === undefined) throw new SocketError('ENOTFOUND', 'getaddrinfo', { address: where })
  if (familyOf(first) !== family)
    throw new SocketError('EAFNOSUPPORT', syscall, { address: first, port, hint: `the socket is IPv${family}` })
  return { address: first, port }
}

export function socketName(at: Address): [string, number] {
  return at.path === undefined ? [at.address, at.port] : [at.path, 0]
}
