/** Where a socket is: an IP address literal and a port, or a path of the file system. */
import { SocketError } from '../base/errors.ts'

/** The address of an IP socket. */
export interface IpAddress {
  /** An IPv4 or IPv6 literal in its canonical text form (RFC 5952), never a name; `%scope` may follow fe80::. */
  readonly address: string
  /** 0 to 65535; 0 asks the host to choose one. */
  readonly port: number
  readonly path?: undefined
}

/** The address of a Unix socket. */
export interface PathAddress {
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

/** `192.0.2.1:80`, `[2001:db8::1]:80`, `/run/app.sock`. */
export function formatAddress(at: Address): string {
  if (at.path !== undefined) return at.path
  return familyOf(at.address) === 6 ? `[${at.address}]:${at.port}` : `${at.address}:${at.port}`
}

/**
 * The address where only an IP address makes sense.
 * @throws SocketError EAFNOSUPPORT for a path.
 */
export function ipOf(at: Address, syscall: string): IpAddress {
  if (at.path === undefined) return at
  throw new SocketError('EAFNOSUPPORT', syscall, {
    address: at.path,
    hint: 'Unix sockets are not available on this host: give an IP address and a port',
  })
}

/** An address as an error names the place where something failed. */
export function placeOf(at: Address | null | undefined): { address?: string | undefined; port?: number | undefined } {
  if (at === null || at === undefined) return {}
  return at.path === undefined ? { address: at.address, port: at.port } : { address: at.path }
}
