/** Addresses as programs give them, checked. */
import { SocketError } from '../../base/errors.ts'
import { type Ip4, ipVersion, parseIp4 } from '../../base/ip.ts'
import { portProblem } from '../../base/port.ts'
import { type Address, ipOf } from '../../socket/address.ts'

/** @throws SocketError EAFNOSUPPORT for IPv6, which this stack does not have yet; EINVAL for what is no literal. */
export function ipv4Of(at: Address, syscall: string): Ip4 {
  const { address: text, port } = ipOf(at, syscall)
  const address = parseIp4(text)
  if (address >= 0) return address
  const detail = { address: text, port }
  if (ipVersion(text) === 6)
    throw new SocketError('EAFNOSUPPORT', syscall, { ...detail, hint: 'this stack has IPv4 only' })
  throw new SocketError('EINVAL', syscall, { ...detail, hint: 'an IP literal is wanted; names go through host.lookup' })
}

/** @throws SocketError EINVAL when it is no port. */
export function portOf(at: Address, syscall: string): number {
  const { address, port } = ipOf(at, syscall)
  const hint = portProblem(port)
  if (hint === null) return port
  throw new SocketError('EINVAL', syscall, { address, hint })
}
