/**
 * Options of Node's sockets. With FFI everything goes to the descriptor; without it Node's own calls serve, and
 * what they lack is refused.
 */
import type { Server, Socket } from 'node:net'
import type { Address } from '../../socket/address.ts'
import { noSuchOption, type OptionName, type OptionValue } from '../../socket/options.ts'
import { closedSocket, getFromDescriptor, numberValue, requireOption, setOnDescriptor } from '../options.ts'
import { socketFamily } from '../sockaddr.ts'
import type { NodeSettings } from './settings.ts'

/** The descriptor behind one of Node's handles; -1 where there is none (any more). */
export function descriptor(holder: Socket | Server): number {
  const handle = (holder as unknown as { _handle?: { fd?: number } | null })._handle
  return handle?.fd ?? -1
}

export function setStreamOption(
  settings: NodeSettings,
  holder: Socket | Server,
  at: Address,
  name: OptionName,
  value: OptionValue,
): void {
  requireOption('setsockopt', 'stream', socketFamily(at), name)
  if (settings.libc === null) {
    setWithoutLibc(holder, name, value)
    return
  }
  const fd = descriptor(holder)
  if (fd < 0) throw closedSocket('setsockopt', name)
  setOnDescriptor(settings.libc, fd, socketFamily(at), name, value)
}

/** Without FFI: what was set, so that it can be read back. */
const remembered = new WeakMap<object, Map<OptionName, OptionValue>>()

export function remember(holder: object, name: OptionName, value: OptionValue): void {
  const options = remembered.get(holder) ?? new Map<OptionName, OptionValue>()
  remembered.set(holder, options.set(name, value))
}

/** An accepted connection has what its listener had. */
export function inherit(from: object, to: object): void {
  const options = remembered.get(from)
  if (options !== undefined) remembered.set(to, new Map(options))
}

/** @throws SocketError ENOPROTOOPT when it was never set: Node cannot read options. */
export function recall(holder: object, name: OptionName): OptionValue {
  const value = remembered.get(holder)?.get(name)
  if (value === undefined) throw noSuchOption('getsockopt', name)
  return value
}

function setWithoutLibc(holder: Socket | Server, name: OptionName, value: OptionValue): void {
  if ('setNoDelay' in holder && name === 'TCP_NODELAY') holder.setNoDelay(numberValue(name, value) !== 0)
  else if ('setKeepAlive' in holder && name === 'SO_KEEPALIVE') holder.setKeepAlive(numberValue(name, value) !== 0)
  else throw noSuchOption('setsockopt', name)
  remember(holder, name, numberValue(name, value))
}

export function getStreamOption(
  settings: NodeSettings,
  holder: Socket | Server,
  at: Address,
  name: OptionName,
): OptionValue {
  requireOption('getsockopt', 'stream', socketFamily(at), name)
  if (settings.libc === null) return recall(holder, name)
  const fd = descriptor(holder)
  if (fd < 0) throw closedSocket('getsockopt', name)
  return getFromDescriptor(settings.libc, fd, socketFamily(at), name)
}
