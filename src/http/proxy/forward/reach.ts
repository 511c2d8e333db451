/** Where a forward proxy goes for its clients, and where not: what a stranger asks for must not lead into the house. */
import { SocketError } from '../../../base/errors.ts'
import { ipVersion } from '../../../base/ip.ts'
import { type Address, formatAddress } from '../../../socket/address.ts'
import { AddressSet } from '../../../socket/address-set.ts'
import { HostDecorator } from '../../../socket/decorate.ts'
import type { Connection, ConnectOptions, Host } from '../../../socket/host.ts'
import { HttpMisuse } from '../../errors.ts'
import { isAuthority } from '../../machine/target.ts'

/**
 * Addresses that are not everybody's (IANA's special-purpose registries of RFC 6890): loopback, private, link-local (the
 * metadata services of clouds), shared, documentation, benchmarks, multicast, reserved; and those that carry an IPv4 address
 * inside (6to4, Teredo, NAT64), behind which any of the others could be.
 */
export const SPECIAL_ADDRESSES: readonly string[] = Object.freeze([
  ...['0.0.0.0/8', '10.0.0.0/8', '100.64.0.0/10', '127.0.0.0/8', '169.254.0.0/16', '172.16.0.0/12', '192.0.0.0/24'],
  ...['192.0.2.0/24', '192.88.99.0/24', '192.168.0.0/16', '198.18.0.0/15', '198.51.100.0/24', '203.0.113.0/24'],
  ...['224.0.0.0/4', '240.0.0.0/4'],
  // Of IPv6 only 2000::/3 is routed; within it these are not.
  ...['::/3', '4000::/2', '8000::/1', '2001::/23', '2001:db8::/32', '2002::/16', '3fff::/20'],
])

/** Whom a client may reach through the proxy. */
export interface ReachOptions {
  /** `example.com`, or `.example.com` for it and all names below; default every name. Addresses are written as they are. */
  readonly hosts?: readonly string[]
  /** Default 80 and 443. */
  readonly ports?: readonly number[]
  /**
   * Prefixes that may be reached although they are not everybody's: `['10.20.0.0/16']`. By default nothing in this machine, in
   * private networks or at the link can be reached, whichever name leads there.
   */
  readonly dangerouslyReach?: readonly string[]
}

/** Why a client does not get where it wants to; thrown by `resolve` too. */
export class Unreachable extends SocketError {
  constructor(name: string) {
    super('EACCES', 'getaddrinfo', { address: name, hint: 'the proxy does not go there' })
  }
}

/** A host from which only those addresses are connected to that may be: whichever way a name or a literal has led there. */
class GuardedHost extends HostDecorator {
  readonly #allows: (address: string) => boolean

  constructor(of: Host, allows: (address: string) => boolean) {
    super(of)
    this.#allows = allows
  }

  override async connect(to: Address, options?: ConnectOptions): Promise<Connection> {
    if (to.path !== undefined || !this.#allows(to.address)) throw new Unreachable(formatAddress(to))
    return super.connect(to, options)
  }
}

/** The rules, ready to be asked. */
export class Reach {
  /** To connect by: nothing that is not to be reached is reached by it. */
  readonly host: Host
  readonly #hosts: readonly string[] | null
  readonly #ports: ReadonlySet<number>
  readonly #special = new AddressSet('forwardProxy()', SPECIAL_ADDRESSES)
  readonly #reached: AddressSet

  /** @throws HttpMisuse and RangeError for rules that cannot be meant. */
  constructor(host: Host, options: ReachOptions) {
    const { hosts, ports = [80, 443], dangerouslyReach = [] } = options
    this.host = new GuardedHost(host, (address) => this.#allows(address))
    for (const name of hosts ?? [])
      if (!isAuthority(name.replace(/^\./, '')) || /:\d+$/.test(name.replace(/\[.*\]/, '')))
        throw new HttpMisuse(
          'HTTP_INVALID_ARGUMENT',
          `forwardProxy(): hosts has names like example.com or .example.com, not ${JSON.stringify(name)}`,
        )
    for (const port of ports)
      if (!Number.isInteger(port) || port < 1 || port > 65_535)
        throw new RangeError(`forwardProxy(): ports has numbers from 1 to 65535, not ${port}`)
    this.#hosts = hosts === undefined ? null : hosts.map((name) => plain(name))
    this.#ports = new Set(ports)
    this.#reached = new AddressSet('forwardProxy(): dangerouslyReach', dangerouslyReach)
  }

  /** Why a client may not go there, in words; '' where it may as far as the name tells. */
  objection(name: string, port: number): string {
    if (!this.#ports.has(port)) return `port ${port} is not reached through this proxy`
    const asked = plain(name)
    const listed = this.#hosts?.some((own) =>
      own.startsWith('.') ? asked.endsWith(own) || asked === own.slice(1) : asked === own,
    )
    return listed === false ? 'this host is not reached through this proxy' : ''
  }

  /**
   * The addresses of a name that may be reached; `Unreachable` where there are none. That nothing else is connected to, whatever
   * happens to the name meanwhile, is `host`'s to see to.
   */
  readonly resolve = async (name: string): Promise<readonly string[]> => {
    const all = await this.host.lookup(name)
    const allowed = all.filter((address) => this.#allows(address))
    if (allowed.length === 0) throw new Unreachable(name)
    return allowed
  }

  #allows(address: string): boolean {
    // What is not read as an address here is read somehow further on: nobody knows where it leads.
    if (ipVersion(address.replace(/%.*$/, '')) === 0) return false
    return !this.#special.hasIp(address) || this.#reached.hasIp(address)
  }
}

/** In lower case, without the final dot and the brackets of an IPv6 literal. */
function plain(name: string): string {
  return name
    .toLowerCase()
    .replace(/^\[|\]$/g, '')
    .replace(/\.$/, '')
}
