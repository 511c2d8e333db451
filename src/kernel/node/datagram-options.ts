/** Options of a `dgram.Socket`: Node's own calls where they exist, the descriptor for the rest and for reading. */
import type { Socket } from 'node:dgram'
import { type Family, familyOf } from '../../socket/address.ts'
import { noSuchOption, OPTIONS, type OptionName, type OptionValue } from '../../socket/options.ts'
import { fromNode } from '../errors.ts'
import { requireMembership } from '../membership.ts'
import { getFromDescriptor, numberValue, requireOption, setOnDescriptor } from '../options.ts'
import { recall, remember } from './options.ts'
import type { NodeSettings } from './settings.ts'

export function setDatagramOption(
  settings: NodeSettings,
  socket: Socket,
  family: Family,
  name: OptionName,
  value: OptionValue,
): void {
  requireOption('setsockopt', 'datagram', family, name)
  const fd = descriptor(socket)
  try {
    if (settings.libc !== null && fd >= 0) setOnDescriptor(settings.libc, fd, family, name, value)
    else setWithoutLibc(socket, family, name, value)
  } catch (error) {
    throw fromNode(error, 'setsockopt')
  }
}

/** Node has one call for both families. */
const SAME: { readonly [name in OptionName]?: OptionName } = {
  IPV6_UNICAST_HOPS: 'IP_TTL',
  IPV6_MULTICAST_IF: 'IP_MULTICAST_IF',
  IPV6_MULTICAST_HOPS: 'IP_MULTICAST_TTL',
  IPV6_MULTICAST_LOOP: 'IP_MULTICAST_LOOP',
  IPV6_JOIN_GROUP: 'IP_ADD_MEMBERSHIP',
  IPV6_LEAVE_GROUP: 'IP_DROP_MEMBERSHIP',
}

const CALLS: { readonly [name in OptionName]?: (socket: Socket, value: number) => unknown } = {
  SO_BROADCAST: (socket, value) => socket.setBroadcast(value !== 0),
  SO_RCVBUF: (socket, value) => socket.setRecvBufferSize(value),
  SO_SNDBUF: (socket, value) => socket.setSendBufferSize(value),
  IP_TTL: (socket, value) => socket.setTTL(value),
  IP_MULTICAST_TTL: (socket, value) => socket.setMulticastTTL(value),
  IP_MULTICAST_LOOP: (socket, value) => socket.setMulticastLoopback(value !== 0),
}

function setWithoutLibc(socket: Socket, family: Family, asked: OptionName, value: OptionValue): void {
  const name = SAME[asked] ?? asked
  const call = CALLS[name]
  if (OPTIONS[name][2] === 'membership') setMembership(socket, name, value)
  else if (name === 'IP_MULTICAST_IF') socket.setMulticastInterface(interfaceOf(family, String(value)))
  else if (call !== undefined) call(socket, numberValue(name, value))
  else throw noSuchOption('setsockopt', asked)
  if (OPTIONS[name][2] !== 'membership') remember(socket, name, value)
}

function setMembership(socket: Socket, name: OptionName, value: OptionValue): void {
  const { group, interface: at } = requireMembership(name, value)
  const where = at === undefined ? undefined : interfaceOf(familyOf(group), at)
  if (name === 'IP_ADD_MEMBERSHIP') socket.addMembership(group, where)
  else socket.dropMembership(group, where)
}

/** Node wants the name of an interface behind an IPv6 address: `::%eth0`. */
function interfaceOf(family: Family, at: string): string {
  return family === 6 && !at.includes(':') ? `::%${at}` : at
}

export function getDatagramOption(
  settings: NodeSettings,
  socket: Socket,
  family: Family,
  asked: OptionName,
): OptionValue {
  requireOption('getsockopt', 'datagram', family, asked)
  const fd = descriptor(socket)
  if (settings.libc !== null && fd >= 0) return getFromDescriptor(settings.libc, fd, family, asked)
  const name = SAME[asked] ?? asked
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
