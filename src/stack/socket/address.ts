/** Addresses as programs give them, checked, and the network layer of their family. */
import { SocketError } from '../../base/errors.ts'
import { type Ip, isUnspecified, parseIp } from '../../base/ip6.ts'
import { portProblem } from '../../base/port.ts'
import { type Address, ipOf } from '../../socket/address.ts'
import type { Layers, NetworkLayer } from '../net/layer.ts'

/** An address that the stack has a layer for. */
export interface Located {
  readonly ip: Ip
  readonly layer: NetworkLayer
}

/** @throws SocketError EAFNOSUPPORT for a family that the stack does not have; EINVAL for what is not an IP literal. */
export function locate(layers: Layers, at: Address, syscall: string): Located {
  const { address: text, port } = ipOf(at, syscall)
  const ip = parseIp(text)
  const detail = { address: text, port }
  if (ip === null)
    throw new SocketError('EINVAL', syscall, { ...detail, hint: 'give an IP address; names go through host.lookup' })
  const layer = layers.of(ip)
  if (layer === null) throw new SocketError('EAFNOSUPPORT', syscall, { ...detail, hint: 'this stack has IPv4 only' })
  return { ip, layer }
}

/** A peer. As on Linux, 0.0.0.0 as a destination is this host. */
export function locatePeer(layers: Layers, at: Address, syscall: string): Located {
  const { ip, layer } = locate(layers, at, syscall)
  return { ip: isUnspecified(ip) ? layer.loopback : ip, layer }
}

/** @throws SocketError EINVAL when it is not a port. */
export function portOf(at: Address, syscall: string): number {
  const { address, port } = ipOf(at, syscall)
  const hint = portProblem(port)
  if (hint === null) return port
  throw new SocketError('EINVAL', syscall, { address, hint })
}

/** @throws SocketError EINVAL when it is not the port of a peer. */
export function peerPortOf(at: Address, syscall: string): number {
  const port = portOf(at, syscall)
  if (port !== 0) return port
  const { address } = ipOf(at, syscall)
  throw new SocketError('EINVAL', syscall, { address, port, hint: 'no peer has port 0' })
}

/** The words for RFC 1122 §3.2.1.3 (g). */
export const LOOPBACK_STAYS = 'a socket bound to a loopback address reaches this host only'
