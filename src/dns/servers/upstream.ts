/** A server that may be asked, and how: what exchanges, books and delegations name a server by. */
import { ipVersion } from '../../base/ip.ts'
import { portProblem } from '../../base/port.ts'
import { formatAddress, type IpAddress } from '../../socket/address.ts'
import { DnsError } from '../errors.ts'

/** `plain`: UDP, and TCP where that is too small. `tcp`: TCP from the start. */
export type UpstreamProtocol = 'plain' | 'tcp'

/** A server and the way in which it is asked. */
export interface Upstream {
  readonly address: IpAddress
  readonly protocol: UpstreamProtocol
  /** One for one server reached in one way: `192.0.2.1:53`, `tcp://192.0.2.1:53`. */
  readonly key: string
}

/** As programs give a server: by its address alone, or with the way in which it is asked. */
export type UpstreamLike = Upstream | IpAddress

/**
 * A server that a program has configured.
 * @throws DnsError `DNS_SETTING` for what is no IP address with a port: names must be looked up first.
 */
export function requireUpstream(given: UpstreamLike): Upstream {
  const { address, port } = 'protocol' in given ? given.address : given
  const problem =
    portProblem(port, 1) ??
    (ipVersion(String(address)) === 0 ? 'an IP address is wanted: look the name up first' : null)
  if (problem !== null)
    throw new DnsError('DNS_SETTING', `the DNS server ${address}:${port} cannot be asked: ${problem}`)
  return upstream(given)
}

/** The server at that address. */
export function upstream(at: UpstreamLike, protocol: UpstreamProtocol = 'plain'): Upstream {
  if ('protocol' in at) return at
  const key = formatAddress(at)
  return { address: at, protocol, key: protocol === 'plain' ? key : `${protocol}://${key}` }
}
