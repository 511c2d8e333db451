/** Values of socket options as setsockopt(2) and getsockopt(2) have them. */
import { SocketError } from '../base/errors.ts'
import { formatIp4, ipVersion } from '../base/ip.ts'
import { u32 } from '../base/octets.ts'
import { type Linger, OPTIONS, type OptionName, type OptionValue } from '../socket/options.ts'
import type { Libc } from './libc.ts'
import { interfaceNumber, membershipBytes } from './membership.ts'
import { interfaceName, type SocketFamily } from './sockaddr.ts'
import { readTcpInfo, TCP_INFO_LENGTH } from './tcp-info.ts'

const AF_INET = 2
/** IFNAMSIZ, and TCP_CA_NAME_MAX. */
const NAME_LENGTH = 16

/** @throws SocketError EINVAL for a value that is not of the option's kind. */
export function encodeValue(libc: Libc, family: SocketFamily, name: OptionName, value: OptionValue): Uint8Array {
  switch (OPTIONS[name][2]) {
    case 'linger':
      return lingerBytes(name, value)
    case 'text':
      return new TextEncoder().encode(`${textValue(name, value)}\0`)
    case 'interface':
      return interfaceBytes(libc, family, textValue(name, value))
    case 'membership':
      return membershipBytes(libc, name, value)
    default:
      return words(numberOf(name, value))
  }
}

/** How much room the option's value needs. */
export function valueLength(name: OptionName): number {
  switch (OPTIONS[name][2]) {
    case 'linger':
      return 8
    case 'credentials':
      return 12
    case 'text':
      return NAME_LENGTH
    case 'info':
      return TCP_INFO_LENGTH
    default:
      return 4
  }
}

export function decodeValue(libc: Libc, family: SocketFamily, name: OptionName, bytes: Uint8Array): OptionValue {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
  switch (OPTIONS[name][2]) {
    case 'linger':
      return { on: view.getInt32(0, true) !== 0, seconds: view.getInt32(4, true) }
    case 'text':
      return new TextDecoder('latin1').decode(bytes).replace(/\0.*$/s, '')
    case 'info':
      return readTcpInfo(bytes)
    case 'credentials':
      return { pid: view.getInt32(0, true), uid: view.getUint32(4, true), gid: view.getUint32(8, true) }
    case 'interface': {
      if (family === 4) return formatIp4(u32(bytes, 0))
      const index = view.getInt32(0, true)
      return index === 0 ? '' : interfaceName(libc, index)
    }
    default:
      // Some are one byte long for the kernel (IP_MULTICAST_TTL).
      return bytes.length >= 4 ? view.getInt32(0, true) : bytes[0]!
  }
}

function words(...values: readonly number[]): Uint8Array {
  return new Uint8Array(Int32Array.from(values).buffer)
}

function numberOf(name: OptionName, value: OptionValue): number {
  if (typeof value === 'number' && Number.isInteger(value) && Math.abs(value) <= 0x7fff_ffff) return value
  throw wrong(name, 'a whole number', value)
}

function textValue(name: OptionName, value: OptionValue): string {
  if (typeof value === 'string' && value.length < NAME_LENGTH * 4 && !value.includes('\0')) return value
  throw wrong(name, 'a text', value)
}

function lingerBytes(name: OptionName, value: OptionValue): Uint8Array {
  const linger = value as Linger
  if (typeof value !== 'object' || typeof linger.on !== 'boolean' || !Number.isInteger(linger.seconds))
    throw wrong(name, '{ on, seconds }', value)
  return words(linger.on ? 1 : 0, linger.seconds)
}

/** struct ip_mreqn for IPv4, where an address says it too; the number for IPv6. '' is the host's choice. */
function interfaceBytes(libc: Libc, family: SocketFamily, at: string): Uint8Array {
  if (family === 6) return words(at === '' ? 0 : interfaceNumber(libc, at))
  const bytes = new Uint8Array(12)
  if (ipVersion(at) === 4) libc.inet_pton(AF_INET, at, bytes.subarray(4))
  else if (at !== '') bytes.set(words(interfaceNumber(libc, at)), 8)
  return bytes
}

function wrong(name: OptionName, wanted: string, value: OptionValue): SocketError {
  return new SocketError('EINVAL', 'setsockopt', { hint: `${name} takes ${wanted}, not ${JSON.stringify(value)}` })
}
