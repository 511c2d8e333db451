/** struct sockaddr_in and sockaddr_in6 to and from `Address`. */
import { familyOf, type IpAddress } from '../socket/address.ts'
import type { Libc } from './libc.ts'

const AF_INET = 2
const AF_INET6 = 10
/** sizeof(struct sockaddr_in), sizeof(struct sockaddr_in6). */
const LENGTH = { 4: 16, 6: 28 } as const

/** @param at with an address that has been found to be a literal. */
export function encodeAddress(libc: Libc, at: IpAddress): Uint8Array {
  const family = familyOf(at.address)
  const bytes = new Uint8Array(LENGTH[family])
  const view = new DataView(bytes.buffer)
  view.setUint16(0, family === 4 ? AF_INET : AF_INET6, true)
  view.setUint16(2, at.port)
  const [literal, scope] = at.address.split('%') as [string, string | undefined]
  libc.inet_pton(family === 4 ? AF_INET : AF_INET6, literal, bytes.subarray(family === 4 ? 4 : 8))
  if (scope !== undefined) view.setUint32(24, Number(scope) || libc.if_nametoindex(scope), true)
  return bytes
}

/** The name that getsockname(2) or getpeername(2) gives; empty when the socket has none (any more). */
export function nameOf(libc: Libc, fd: number, which: 'getsockname' | 'getpeername'): IpAddress {
  const length = new Uint32Array([scratch.length])
  if (libc[which](fd, scratch, length) < 0) return { address: '', port: 0 }
  return decodeAddress(libc, scratch)
}

const scratch = new Uint8Array(LENGTH[6])

/** @param bytes a sockaddr_in or sockaddr_in6. */
export function decodeAddress(libc: Libc, bytes: Uint8Array): IpAddress {
  const port = (bytes[2]! << 8) | bytes[3]!
  if (bytes[0] === AF_INET) return { address: `${bytes[4]}.${bytes[5]}.${bytes[6]}.${bytes[7]}`, port }
  const text = new Uint8Array(64)
  libc.inet_ntop(AF_INET6, bytes.subarray(8, 24), text, text.length)
  const scope = new DataView(bytes.buffer, bytes.byteOffset).getUint32(24, true)
  return { address: scope === 0 ? cString(text) : `${cString(text)}%${interfaceName(libc, scope)}`, port }
}

/** `eth0`; the number where the interface is gone. */
export function interfaceName(libc: Libc, index: number): string {
  const name = new Uint8Array(16) // IF_NAMESIZE
  return libc.if_indextoname(index, name) === null ? String(index) : cString(name)
}

function cString(bytes: Uint8Array): string {
  return Buffer.from(bytes.subarray(0, bytes.indexOf(0))).toString('latin1')
}
