/** Where a socket is: an IP address literal and a port, or a path of the file system. */
import { SocketError } from '../base/errors.ts'
import { ipVersion } from '../base/ip.ts'
import { portProblem } from '../base/port.ts'

/** The address of an IP socket. */
export interface IpAddress {
  /** An IPv4 or IPv6 literal in its canonical text form (RFC 5952), never a name; `%scope` may follow fe80::. */
  readonly address: string
  /** 0 to 65535; 0 asks the host to choose one. */
  readonly port: number
  readonly path?: undefined
}

/** The address of a Unix socket: unix(7). */
export interface PathAddress {
  /**
   * A path of the file system, at most 107 octets; a name in Linux's abstract name space when it begins with `\\0`; ''
   * for a socket that has no name, as most clients.
   */
  readonly path: string
  readonly address?: undefined
  readonly port?: undefined
}

/** Where something listens or is connected: an IP socket or a Unix socket. */
export type Address = IpAddress | PathAddress

/** The version of IP. */
export type Family = 4 | 6

/** The family of an IP literal. */
export function familyOf(address: string): Family {
  return address.includes(':') ? 6 : 4
}

/** `192.0.2.1:80`, `[2001:db8::1]:80`, `/run/app.sock`, `@name` for an abstract one, `unnamed`. */
export function formatAddress(at: Address): string {
  if (at.path !== undefined) return at.path === '' ? 'unnamed' : pathText(at.path)
  return familyOf(at.address) === 6 ? `[${at.address}]:${at.port}` : `${at.address}:${at.port}`
}

/**
 * The address where only an IP address makes sense.
 * @throws SocketError EAFNOSUPPORT for a path.
 */
export function ipOf(at: Address, syscall: string): IpAddress {
  if (at.path === undefined) return at
  throw new SocketError('EAFNOSUPPORT', syscall, {
    address: pathText(at.path),
    hint: 'Unix sockets are not available on this host: give an IP address and a port',
  })
}

/** An address as an error names the place where something failed. */
export function placeOf(at: Address | null | undefined): { address?: string | undefined; port?: number | undefined } {
  if (at === null || at === undefined) return {}
  return at.path === undefined ? { address: at.address, port: at.port } : { address: pathText(at.path) }
}

/** Abstract names as ss(8) and systemd write them. */
function pathText(path: string): string {
  return path.startsWith('\0') ? `@${path.slice(1)}` : path
}

/**
 * An address from a command line or a configuration file: `127.0.0.1:80`, `[::1]:80`, `8080` (every IPv4 interface),
 * `unix:/run/app.sock`, `unix:@name` for an abstract one.
 * @throws SocketError EINVAL
 */
export function parseAddress(text: string): Address {
  if (text.startsWith('unix:')) {
    const path = text.slice(5)
    if (path !== '' && path !== '@') return { path: path.startsWith('@') ? `\0${path.slice(1)}` : path }
  } else {
    const [, v6, v4 = '0.0.0.0', digits] = /^(?:\[([^\]]*)\]:|([^:]*):)?(\d{1,5})$/.exec(text) ?? []
    const address = v6 ?? v4
    const port = Number(digits)
    if (ipVersion(address) === (v6 === undefined ? 4 : 6) && portProblem(port) === null) return { address, port }
  }
  throw new SocketError('EINVAL', 'listen', {
    hint: `'${text}' is not an address: write 127.0.0.1:8080, [::1]:8080, 8080 or unix:/run/app.sock`,
  })
}
