/** Names to addresses by a host's own configuration: literals, `localhost`, a hosts file as data, then a resolver. */
import { SocketError } from '../../base/errors.ts'
import { canonicalIp, ipVersion } from '../../base/ip.ts'
import { type Family, familyOf } from '../../socket/address.ts'

/** The DNS floor provides one. Rejects with ENOTFOUND or EAI_AGAIN. */
export type Resolver = (name: string, family?: Family) => Promise<readonly string[]>

/** Name → address or addresses, as /etc/hosts would say it. */
export type HostsFile = { readonly [name: string]: string | readonly string[] }

export async function lookup(
  name: string,
  family: Family | undefined,
  hosts: HostsFile,
  resolver: Resolver | null,
): Promise<readonly string[]> {
  const suits = (address: string) => family === undefined || familyOf(address) === family
  const wanted = name.replace(/\.$/, '').toLowerCase()
  const found = ipVersion(name) === 0 ? known(wanted, hosts) : [canonicalIp(name)!]
  const suitable = found?.filter(suits) ?? []
  if (suitable.length > 0) return suitable
  const resolved = found === undefined && resolver !== null ? await resolver(name, family) : []
  if (resolved.length > 0) return resolved
  throw new SocketError('ENOTFOUND', 'getaddrinfo', {
    address: name,
    hint: found === undefined ? 'neither the hosts entries nor a resolver know it' : `it has no IPv${family} address`,
  })
}

function known(name: string, hosts: HostsFile): readonly string[] | undefined {
  const entry = Object.entries(hosts).find(([each]) => each.toLowerCase() === name)?.[1]
  if (entry !== undefined) return typeof entry === 'string' ? [entry] : entry
  // RFC 6761 §6.3: localhost and names under it never reach a resolver.
  if (name === 'localhost' || name.endsWith('.localhost')) return ['127.0.0.1']
  return undefined
}
