/** Addresses as programs give them, checked before a driver sees them. */
import { SocketError } from '../base/errors.ts'
import { ipVersion } from '../base/ip.ts'
import { portProblem } from '../base/port.ts'
import { type Address, type IpAddress, ipOf } from '../socket/address.ts'

/** @throws SocketError EINVAL for what is no address and port, EAFNOSUPPORT for a path. */
export function requireLiteral(syscall: string, at: Address): IpAddress {
  if (typeof at !== 'object' || at === null) {
    const given = typeof at === 'string' ? `the string '${at as string}'` : String(at)
    throw new SocketError('EINVAL', syscall, { hint: `an address is { address, port }, not ${given}` })
  }
  const ip = ipOf(at, syscall)
  const { address, port } = ip
  const literal = typeof address === 'string' && ipVersion(address) !== 0
  const hint = literal ? portProblem(port) : 'an IP address is wanted: look the name up first'
  if (hint === null) return ip
  throw new SocketError('EINVAL', syscall, { address: String(address), port: literal ? undefined : port, hint })
}
