/** Where a socket is: an IP address literal and a port. */

export interface Address {
  /** An IPv4 or IPv6 literal in its canonical text form (RFC 5952), never a name; `%scope` may follow fe80::. */
  readonly address: string
  /** 0 to 65535; 0 asks the host to choose one. */
  readonly port: number
}

export type Family = 4 | 6

export function familyOf(address: string): Family {
  return address.includes(':') ? 6 : 4
}

/** `192.0.2.1:80`, `[2001:db8::1]:80`. */
export function formatAddress(at: Address): string {
  return familyOf(at.address) === 6 ? `[${at.address}]:${at.port}` : `${at.address}:${at.port}`
}
