/** How a resolver goes about it. What is not given is the safe and usual way. */
import { MILLISECOND, type Nanos, SECOND } from '../../base/clock.ts'
import type { IpAddress as Address } from '../../socket/address.ts'
import { defaultResolverLimits, type ResolverLimits } from '../limits.ts'
import { Name } from '../message/name.ts'
import { rootHints } from './hints.ts'
import type { AddressPolicy, Order } from './walk/delegation.ts'

/** A zone whose servers are configured, not found. */
export interface ConfiguredZone {
  readonly zone: Name
  readonly servers: readonly Address[]
  /** They are resolvers: everything under the zone is theirs to resolve, nothing is looked for further down. */
  readonly forwarding: boolean
}

export interface ResolverSettings extends AddressPolicy {
  readonly zones: readonly ConfiguredZone[]
  /** Ask the hinted root servers for the root servers before anything else (RFC 9609). */
  readonly prime: boolean
  /** QNAME minimisation, RFC 9156. */
  readonly minimise: boolean
  readonly order: Order
  /** Believe name servers that come with a positive answer, unasked (CVE-2025-11411). For the suites that want it. */
  readonly promiscuousAuthority: boolean
  readonly limits: ResolverLimits
  /** The shortest and the longest wait for one server's answer. */
  readonly leastTimeout: Nanos
  readonly mostTimeout: Nanos
  /** How often a server is asked over UDP in one exchange: 1, since another server is the better second try. */
  readonly attempts: number
  /** A question that has not been answered by then has failed: nobody waits longer. */
  readonly patience: Nanos
}

export const defaultSettings: ResolverSettings = {
  zones: [{ zone: Name.root, servers: rootHints, forwarding: false }],
  families: [4, 6],
  port: 53,
  allowLoopbackServers: false,
  prime: true,
  minimise: true,
  order: 'fastest',
  promiscuousAuthority: false,
  limits: defaultResolverLimits,
  leastTimeout: 200 * MILLISECOND,
  mostTimeout: 3 * SECOND,
  attempts: 1,
  patience: 20 * SECOND,
}
