/** A caching forwarder, as home routers have one: what its cache does not know, resolvers further up are asked. */
import { SECOND } from '../../base/clock.ts'
import type { IpAddress as Address } from '../../socket/address.ts'
import type { Host } from '../../socket/host.ts'
import type { ResolverSettings } from '../iterate/settings.ts'
import type { Order } from '../iterate/walk/delegation.ts'
import { Name } from '../message/name.ts'
import { type ResolverOptions, type ResolvingServer, serveResolving } from './serve.ts'

export interface ForwarderOptions extends Partial<Omit<ResolverOptions, 'hints'>> {
  /** The resolvers that are asked: the provider's, say. */
  readonly upstream: readonly Address[]
}

/** Serves as a forwarder. Rejects as `serveDns` does. */
export function serveForwarder(host: Host, options: ForwarderOptions): Promise<ResolvingServer> {
  const settings = { ...forwarding(options.upstream, 'fastest'), ...options.settings }
  return serveResolving(host, 'forwarder', options, settings)
}

/** The settings of a resolver that leaves all resolving to others. */
export function forwarding(servers: readonly Address[], order: Order): Partial<ResolverSettings> {
  if (servers.length === 0) throw new RangeError('forwarding: no server is given to forward to')
  return {
    zones: [{ zone: Name.root, servers, forwarding: true }],
    order,
    prime: false,
    minimise: false,
    allowLoopbackServers: true, // they are configured, not learnt
    // A resolver that has to go from the root down takes its time; asking it again at once helps nobody.
    leastTimeout: SECOND,
    mostTimeout: 5 * SECOND,
  }
}
