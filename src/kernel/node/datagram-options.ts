/** Options of a `dgram.Socket`: Node's own calls where they exist, the descriptor for the rest and for reading. */
import type { Socket } from 'node:dgram'
import { SocketError } from '../../base/errors.ts'
import { type Family, familyOf } from '../../socket/address.ts'
import { type Membership, noSuchOption, type OptionName, type OptionValue } from '../../socket/options.ts'
import { fromNode } from '../errors.ts'
import { getFromDescriptor, numberValue, requireOption, setOnDescriptor } from '../options.ts'
import type { NodeSettings } from './driver.ts'
import { recall, remember } from './options.ts'

export function setDatagramOption(
  settings: NodeSettings,
  socket: Socket,
  family: Family,
  name: OptionName,
  value: OptionValue,
): void {
  if (name === 'IP_ADD_MEMBERSHIP' || name === 'IP_DROP_MEMBERSHIP') {
    setMembership(socket, name, value)
    return
  }
  requireOption('setsockopt', 'datagram', name)
  const number = numberValue(name, value)
  const fd = descriptor(socket)
  try {
    if (settings.libc !== null && fd >= 0) setOnDescriptor(settings.libc, fd, family, name, number)
    else setWithoutLibc(socket, name, number)
  } catch (error) {
    throw fromNode(error, 'setsockopt')
  }
}

function setWithoutLibc(socket: Socket, name: OptionName, value: number): void {
  if (name === 'SO_BROADCAST') socket.setBroadcast(value !== 0)
  else if (name === 'SO_RCVBUF') socket.setRecvBufferSize(value)
  else if (name === 'SO_SNDBUF') socket.setSendBufferSize(value)
  else if (name === 'IP_TTL') socket.setTTL(value)
  else if (name === 'IP_MULTICAST_TTL') socket.setMulticastTTL(value)
  else if (name === 'IP_MULTICAST_LOOP') socket.setMulticastLoopback(value !== 0)
  else throw noSuchOption('setsockopt', name)
  remember(socket, name, value)
}

function setMembership(socket: Socket, name: OptionName, value: OptionValue): void {
  const membership = value as Membership
  if (typeof value !== 'object' || typeof membership.group !== 'string')
    throw new SocketError('EINVAL', 'setsockopt', { hint: `${name} takes { group, interface? }` })
  const { group, interface: at } = membership
  // Node wants the scope of an IPv6 group behind an address: `::%eth0`.
  const where = at !== undefined && familyOf(group) === 6 && !at.includes(':') ? `::%${at}` : at
  try {
    if (name === 'IP_ADD_MEMBERSHIP') socket.addMembership(group, where)
    else socket.dropMembership(group, where)
  } catch (error) {
    throw fromNode(error, 'setsockopt')
  }
}

export function getDatagramOption(
  settings: NodeSettings,
  socket: Socket,
  family: Family,
  name: OptionName,
): OptionValue {
  requireOption('getsockopt', 'datagram', name)
  const fd = descriptor(socket)
  if (settings.libc !== null && fd >= 0) return getFromDescriptor(settings.libc, fd, family, name)
  if (name === 'SO_RCVBUF') return socket.getRecvBufferSize()
  if (name === 'SO_SNDBUF') return socket.getSendBufferSize()
  return recall(socket, name)
}

/** The descriptor, which dgram keeps behind a symbol; -1 when a later Node hides it elsewhere. */
function descriptor(socket: Socket): number {
  const key = Object.getOwnPropertySymbols(socket).find((symbol) => symbol.description === 'state symbol')
  if (key === undefined) return -1
  const state = (socket as unknown as Record<symbol, { handle?: { fd?: number } | null }>)[key]
  return state?.handle?.fd ?? -1
}
