/** struct sockaddr_in, sockaddr_in6 and sockaddr_un to and from `Address`. */
import { type Address, type Family, familyOf, type PathAddress } from '../socket/address.ts'
import type { Libc } from './libc.ts'

/** What a socket belongs to: a version of IP, or the Unix sockets of this machine. */
export type SocketFamily = Family | 'unix'

/** The families' numbers. */
export const DOMAIN = { 4: 2, 6: 10, unix: 1 } as const
/** sizeof(struct sockaddr_in), sizeof(struct sockaddr_in6). */
const LENGTH = { 4: 16, 6: 28 } as const
/** sizeof(sun_path). */
export const PATH_LENGTH = 108
/** Where sun_path begins. */
const PATH_AT = 2

const scratch = new Uint8Array(PATH_AT + PATH_LENGTH)
const encoder = new TextEncoder()
const decoder = new TextDecoder()

export function socketFamily(at: Address): SocketFamily {
  return at.path === undefined ? familyOf(at.address) : 'unix'
}

/** @param at with an address that has been found to be a literal, or a path that is short enough. */
export function encodeAddress(libc: Libc, at: Address): Uint8Array {
  if (at.path !== undefined) return encodePath(at.path)
  const family = familyOf(at.address)
  const bytes = new Uint8Array(LENGTH[family])
  const view = new DataView(bytes.buffer)
  view.setUint16(0, DOMAIN[family], true)
  view.setUint16(2, at.port)
  const [literal, scope] = at.address.split('%') as [string, string | undefined]
  libc.inet_pton(DOMAIN[family], literal, bytes.subarray(family === 4 ? 4 : 8))
  if (scope !== undefined) view.setUint32(24, Number(scope) || libc.if_nametoindex(scope), true)
  return bytes
}

/** A path ends with a NUL, an abstract name with the structure. */
function encodePath(path: string): Uint8Array {
  const name = encoder.encode(path)
  const end = path === '' || path.startsWith('\0') ? 0 : 1
  const bytes = new Uint8Array(PATH_AT + name.length + end)
  bytes[0] = DOMAIN.unix
  bytes.set(name, PATH_AT)
  return bytes
}

/** The name that getsockname(2) or getpeername(2) gives; null when the socket has none (any more). */
export function nameOf(libc: Libc, fd: number, which: 'getsockname' | 'getpeername'): Address | null {
  const length = new Uint32Array([scratch.length])
  if (libc[which](fd, scratch, length) < 0) return null
  return decodeAddress(libc, scratch, length[0])
}

/** The address that a socket has been bound to. @throws TypeError for what is no open socket. */
export function localOf(libc: Libc, fd: number): Address {
  const name = nameOf(libc, fd, 'getsockname')
  if (name === null) throw new TypeError(`descriptor ${fd} is not a socket`)
  return name
}

/** @param bytes a sockaddr_in, sockaddr_in6 or sockaddr_un. */
export function decodeAddress(libc: Libc, bytes: Uint8Array, length = bytes.length): Address {
  if (bytes[0] === DOMAIN.unix) return { path: decodePath(bytes.subarray(PATH_AT, Math.max(length, PATH_AT))) }
  const port = (bytes[2]! << 8) | bytes[3]!
  if (bytes[0] === DOMAIN[4]) return { address: `${bytes[4]}.${bytes[5]}.${bytes[6]}.${bytes[7]}`, port }
  const text = new Uint8Array(64)
  libc.inet_ntop(DOMAIN[6], bytes.subarray(8, 24), text, text.length)
  const scope = new DataView(bytes.buffer, bytes.byteOffset).getUint32(24, true)
  return { address: scope === 0 ? cString(text) : `${cString(text)}%${interfaceName(libc, scope)}`, port }
}

/** @param name what of sun_path the kernel has filled; none for a socket without a name. */
function decodePath(name: Uint8Array): PathAddress['path'] {
  const end = name[0] === 0 ? -1 : name.indexOf(0)
  return decoder.decode(end === -1 ? name : name.subarray(0, end))
}

/** `eth0`; the number where the interface is gone. */
export function interfaceName(libc: Libc, index: number): string {
  const name = new Uint8Array(16) // IF_NAMESIZE
  return libc.if_indextoname(index, name) === 0n ? String(index) : cString(name)
}

function cString(bytes: Uint8Array): string {
  return Buffer.from(bytes.subarray(0, bytes.indexOf(0))).toString('latin1')
}
