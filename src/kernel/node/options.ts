/**
 * Options of Node's sockets. With koffi everything goes to the descriptor; without it Node's own calls serve, and
 * what they lack is refused.
 */
import type { Server, Socket } from 'node:net'
import { SocketError } from '../../base/errors.ts'
import { type Address, familyOf } from '../../socket/address.ts'
import { noSuchOption, type OptionName, type OptionValue } from '../../socket/options.ts'
import { getFromDescriptor, numberValue, requireOption, setOnDescriptor } from '../options.ts'
import type { NodeSettings } from './driver.ts'

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
  requireOption('setsockopt', 'stream', name)
  const fd = descriptor(holder)
  if (fd < 0) throw new SocketError('EBADF', 'setsockopt', { hint: `${name} on a socket that is closed` })
  if (settings.libc !== null) setOnDescriptor(settings.libc, fd, familyOf(at.address), name, value)
  else setWithoutLibc(holder, name, value)
}

function setWithoutLibc(holder: Socket | Server, name: OptionName, value: OptionValue): void {
  if ('setNoDelay' in holder && name === 'TCP_NODELAY') holder.setNoDelay(numberValue(name, value) !== 0)
  else if ('setKeepAlive' in holder && name === 'SO_KEEPALIVE') holder.setKeepAlive(numberValue(name, value) !== 0)
  else throw noSuchOption('setsockopt', name)
}

export function getStreamOption(
  settings: NodeSettings,
  holder: Socket | Server,
  at: Address,
  name: OptionName,
): OptionValue {
  requireOption('getsockopt', 'stream', name)
  const fd = descriptor(holder)
  if (fd < 0) throw new SocketError('EBADF', 'getsockopt', { hint: `${name} on a socket that is closed` })
  if (settings.libc === null) throw noSuchOption('getsockopt', name) // Node can set two of them, and read none
  return getFromDescriptor(settings.libc, fd, familyOf(at.address), name)
}
