/** Addresses as programs give them, checked. */
import { SocketError } from '../../base/errors.ts'
import { type Ip4, ipVersion, parseIp4 } from '../../base/ip.ts'
import type { Address } from '../../socket/address.ts'

/** @throws SocketError EAFNOSUPPORT for IPv6, which this stack does not have yet; EINVAL for what is no literal. */
export function ipv4Of(at: Address, syscall: string): Ip4 {
  const address = parseIp4(at.address)
  if (address >= 0) return address
  const detail = { address: at.address, port: at.port }
  if (ipVersion(at.address) === 6)
    throw new SocketError('EAFNOSUPPORT', syscall, { ...detail, hint: 'this stack has IPv4 only' })
  throw new SocketError('EINVAL', syscall, { ...detail, hint: 'an IP literal is wanted; names go through host.lookup' })
}

/** @throws SocketError EINVAL when it is no port. */
export function portOf(at: Address, syscall: string): number {
  if (Number.isInteger(at.port) && at.port >= 0 && at.port <= 65_535) return at.port
  throw new SocketError('EINVAL', syscall, { address: at.address, port: at.port, hint: 'a port is 0 to 65535' })
}
