/** Where the root is: the one thing that a resolver must be told. */
import type { IpAddress } from '../../socket/address.ts'

/**
 * The root servers a to m, IPv4 and IPv6, as IANA publishes them (https://www.internic.net/domain/named.root, version
 * 2024041801). They are only the way in: the resolver asks one of them for the list of the day (RFC 9609).
 */
const ROOT_SERVERS: readonly (readonly [ipv4: string, ipv6: string])[] = [
  ['198.41.0.4', '2001:503:ba3e::2:30'],
  ['170.247.170.2', '2801:1b8:10::b'],
  ['192.33.4.12', '2001:500:2::c'],
  ['199.7.91.13', '2001:500:2d::d'],
  ['192.203.230.10', '2001:500:a8::e'],
  ['192.5.5.241', '2001:500:2f::f'],
  ['192.112.36.4', '2001:500:12::d0d'],
  ['198.97.190.53', '2001:500:1::53'],
  ['192.36.148.17', '2001:7fe::53'],
  ['192.58.128.30', '2001:503:c27::2:30'],
  ['193.0.14.129', '2001:7fd::1'],
  ['199.7.83.42', '2001:500:9f::42'],
  ['202.12.27.33', '2001:dc3::35'],
]

/** Both addresses of each root server, port 53. */
export const rootHints: readonly IpAddress[] = ROOT_SERVERS.flat().map((address) => ({ address, port: 53 }))
