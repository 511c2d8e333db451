/** How a resolver goes about it. What is not given is the safe and usual way. */

import { MILLISECOND } from '../../base/clock.ts'
import { type Duration, ms, requireDuration, seconds } from '../../base/duration.ts'
import { DNS_LIMITS, type DnsLimits } from '../limits.ts'
import { Name } from '../message/name.ts'
import { requireUpstream } from '../servers/upstream.ts'
import { rootHints } from './hints.ts'
import type { Policy } from './policy.ts'
import type { AddressPolicy, ConfiguredZone, Order } from './walk/delegation.ts'

/** All that can be set of a resolver. */
export interface ResolverSettings extends AddressPolicy {
  readonly zones: readonly ConfiguredZone[]
  /** Asked in their order at each place that `Policy` names. */
  readonly policies: readonly Policy[]
  /** Ask the hinted root servers for the root servers before anything else (RFC 9609). */
  readonly prime: boolean
  /** QNAME minimisation, RFC 9156. */
  readonly minimise: boolean
  /** Ask for signatures (DO, RFC 3225) and keep them: without them a validator behind this resolver has nothing to check. */
  readonly dnssecOk: boolean
  readonly order: Order
  /** Believe name servers that come with a positive answer, unasked (CVE-2025-11411). For the suites that want it. */
  readonly promiscuousAuthority: boolean
  readonly limits: DnsLimits
  /** The shortest and the longest wait for one server's answer. */
  readonly leastTimeout: Duration
  readonly mostTimeout: Duration
  /** A question that has not been answered by then has failed: nobody waits longer. */
  readonly patience: Duration
}

/** A resolver that walks from the root servers of the Internet. */
export const defaultSettings: ResolverSettings = {
  zones: [{ zone: Name.root, servers: rootHints, forwarding: false }],
  policies: [],
  families: [4, 6],
  port: 53,
  allowLoopbackServers: false,
  prime: true,
  minimise: true,
  dnssecOk: true,
  order: 'fastest',
  promiscuousAuthority: false,
  limits: DNS_LIMITS,
  leastTimeout: ms(200),
  mostTimeout: seconds(3),
  patience: seconds(20),
}

/**
 * The settings, when they make sense.
 * @throws DnsError `DNS_SETTING` for a server that cannot be asked
 * @throws RangeError for a time that was meant in milliseconds
 */
export function checkedSettings(settings: ResolverSettings): ResolverSettings {
  for (const name of ['leastTimeout', 'mostTimeout', 'patience'] as const)
    requireDuration(name, settings[name], MILLISECOND)
  for (const { servers } of settings.zones) for (const server of servers) requireUpstream(server)
  return settings
}
