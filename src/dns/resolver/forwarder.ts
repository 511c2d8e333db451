/** A caching forwarder, as home routers have one: what its cache does not know, resolvers further up are asked. */
import { seconds } from '../../base/duration.ts'
import type { Host } from '../../socket/host.ts'
import { DnsError } from '../errors.ts'
import type { ResolverSettings } from '../iterate/settings.ts'
import type { Order } from '../iterate/walk/delegation.ts'
import { Name } from '../message/name.ts'
import type { UpstreamLike } from '../servers/upstream.ts'
import { specialNames } from './local/special.ts'
import { type ResolverOptions, type ResolvingServer, serveResolving } from './serve.ts'

/** How a forwarder is set up. */
export interface ForwarderOptions extends Partial<Omit<ResolverOptions, 'hints'>> {
  /** The resolvers that are asked: the provider's, say. */
  readonly upstream: readonly UpstreamLike[]
}

/**
 * Serves as a forwarder. Rejects as `serveDns` does.
 * @throws DnsError `DNS_SETTING` when no upstream server is given.
 * @example
 * await serveForwarder(host, { upstream: [{ address: '192.0.2.53', port: 53 }], at: { address: '127.0.0.1', port: 53 } })
 */
export function serveForwarder(host: Host, options: ForwarderOptions): Promise<ResolvingServer> {
  const settings = { ...forwarding(options.upstream, 'fastest'), ...options.settings }
  return serveResolving(host, 'forwarder', options, settings)
}

/** The settings of a resolver that leaves all resolving to others. @throws DnsError `DNS_SETTING` without a server. */
export function forwarding(servers: readonly UpstreamLike[], order: Order): Partial<ResolverSettings> {
  if (servers.length === 0)
    throw new DnsError('DNS_SETTING', '`upstream` is empty: a forwarder needs at least one DNS server to ask')
  return {
    zones: [{ zone: Name.root, servers, forwarding: true }],
    // The zones of RFC 6303 are left to the resolvers further up: they may know the names of a private network.
    policies: [specialNames()],
    order,
    prime: false,
    minimise: false,
    allowLoopbackServers: true, // they are configured, not learnt
    // A resolver that has to go from the root down takes its time, and its late replies are taken too: the time is that
    // after which the question, or the reply, is more likely lost.
    leastTimeout: seconds(1),
    mostTimeout: seconds(2),
  }
}
