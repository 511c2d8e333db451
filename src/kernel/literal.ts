/** Addresses as programs give them, checked before a driver sees them. */
import { SocketError } from '../base/errors.ts'
import { ipVersion } from '../base/ip.ts'
import { portProblem } from '../base/port.ts'
import { type Address, type IpAddress, ipOf, type PathAddress, placeOf } from '../socket/address.ts'
import { PATH_LENGTH } from './sockaddr.ts'

/** @throws SocketError EINVAL for what is no address and port, EAFNOSUPPORT for a path. */
export function requireLiteral(syscall: string, at: Address): IpAddress {
  requireObject(syscall, at)
  const ip = ipOf(at, syscall)
  const { address, port } = ip
  const literal = typeof address === 'string' && ipVersion(address) !== 0
  const hint = literal ? portProblem(port) : 'an IP address is wanted: look the name up first'
  if (hint === null) return ip
  throw new SocketError('EINVAL', syscall, { address: String(address), port: literal ? undefined : port, hint })
}

/** An IP address and port, or a path. @throws SocketError EINVAL, ENAMETOOLONG */
export function requireAddress(syscall: string, at: Address): Address {
  requireObject(syscall, at)
  return at.path === undefined ? requireLiteral(syscall, at) : requirePath(syscall, at)
}

/** @throws SocketError EINVAL, ENAMETOOLONG for what cannot be the path of a socket. */
export function requirePath(syscall: string, at: PathAddress): PathAddress {
  requireObject(syscall, at)
  const { path } = at
  if (typeof path !== 'string' || path === '' || path === '\0' || path.includes('\0', 1))
    throw new SocketError('EINVAL', syscall, {
      hint: `the path of a socket is a text that is not empty, with a NUL at most as its first character, not ${JSON.stringify(path)}`,
    })
  // A file's path needs its NUL; an abstract name has its own at the front.
  const length = new TextEncoder().encode(path).length + (path.startsWith('\0') ? 0 : 1)
  if (length <= PATH_LENGTH) return at
  const hint = `the path has ${length - 1} octets, and a socket's may have ${PATH_LENGTH - 1}: use a shorter one, or chdir to its directory and give a relative path`
  throw new SocketError('ENAMETOOLONG', syscall, { ...placeOf(at), hint })
}

function requireObject(syscall: string, at: unknown): void {
  if (typeof at === 'object' && at !== null) return
  const given = typeof at === 'string' ? `the string '${at}'` : String(at)
  throw new SocketError('EINVAL', syscall, { hint: `an address is { address, port } or { path }, not ${given}` })
}
