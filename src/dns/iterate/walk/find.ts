/** Which servers are to be asked for a name: those of the deepest zone that is known, by delegation or configuration. */
import type { Nanos } from '../../../base/clock.ts'
import type { Query } from '../../answer/answer.ts'
import { type Seconds, secondsAt } from '../../cache/time.ts'
import type { ResolverLimits } from '../../limits.ts'
import type { Name } from '../../message/name.ts'
import { TYPE } from '../../message/types.ts'
import type { Core } from './core.ts'
import { type ConfiguredZone, canonicalServer, Delegation } from './delegation.ts'

const FOREVER: Seconds = Number.POSITIVE_INFINITY
const NONE: ReadonlySet<ConfiguredZone> = new Set()

/**
 * The servers of the deepest zone above (or at) the name that are known.
 * @param passed configured zones that do not count.
 * @param fresh whether nobody further up is to be asked about what is found.
 */
export function findServers(
  core: Core,
  query: Query,
  now: Nanos,
  passed: ReadonlySet<ConfiguredZone> = NONE,
  fresh = false,
): Delegation | null {
  const { limits, zones } = core.settings
  const configured = configuredZone(zones, query.name, passed)
  if (configured?.forwarding) return configuredServers(configured, limits.resolver)
  // RFC 4035 §3.1.4.1: DS records live above the cut.
  let zone = query.type === TYPE.DS && !query.name.isRoot ? query.name.parent() : query.name
  for (;;) {
    if (configured?.zone.equals(zone) && !zone.isRoot) return configuredServers(configured, limits.resolver)
    const delegated = delegatedServers(core, zone, query.class, now, fresh)
    if (delegated !== null) return delegated
    if (zone.isRoot) break
    zone = zone.parent()
  }
  return configured === undefined ? null : configuredServers(configured, limits.resolver)
}

function delegatedServers(core: Core, zone: Name, rrclass: number, now: Nanos, fresh: boolean): Delegation | null {
  const held = core.cache.rrsets.get(zone, TYPE.NS, rrclass, now)
  if (held === undefined || held.delegatedUntil <= secondsAt(now)) return null
  const delegation = new Delegation(zone, held.delegatedUntil, core.settings.limits.resolver, { fresh })
  delegation.addNames(held.rrset)
  delegation.addCached(core.cache.rrsets, core.settings, rrclass, now)
  return delegation.isUseless ? null : delegation
}

/** The deepest configured zone that the name lies in. */
export function configuredZone(
  zones: readonly ConfiguredZone[],
  name: Name,
  passed: ReadonlySet<ConfiguredZone> = NONE,
): ConfiguredZone | undefined {
  let deepest: ConfiguredZone | undefined
  for (const zone of zones)
    if (name.isUnder(zone.zone) && !passed.has(zone) && (deepest === undefined || zone.zone.isUnder(deepest.zone)))
      deepest = zone
  return deepest
}

function configuredServers(configured: ConfiguredZone, limits: ResolverLimits): Delegation {
  const delegation = new Delegation(configured.zone, FOREVER, limits, { configured })
  for (const server of configured.servers) delegation.addServer(canonicalServer(server))
  for (const name of configured.names ?? []) delegation.addName(name)
  return delegation
}

/** The servers above, to say anew who serves the zone, where what the cache knew of it leads nowhere. */
export function findAbove(core: Core, delegation: Delegation, query: Query, now: Nanos): Delegation | null {
  if (delegation.fresh || delegation.forwarding || delegation.zone.isRoot) return null
  const { rrsets } = core.cache
  const known = rrsets.get(delegation.zone, TYPE.NS, query.class, now, 'parent') !== undefined
  if (known && !delegation.lacksGlue(rrsets, query.class, now)) return null
  return findServers(core, { ...query, name: delegation.zone.parent(), type: TYPE.NS }, now, NONE, true)
}

/** The last resort but one: what the parent zone says of the zone's servers, where the zone's own word leads nowhere. */
export function addParentSide(core: Core, delegation: Delegation, rrclass: number, now: Nanos): boolean {
  if (delegation.forwarding || !delegation.takeParentSide()) return false
  const { rrsets } = core.cache
  const held = rrsets.get(delegation.zone, TYPE.NS, rrclass, now, 'parent')
  const names = held !== undefined && held.delegatedUntil > secondsAt(now) && delegation.addNames(held.rrset)
  const addresses = delegation.addCached(rrsets, core.settings, rrclass, now, 'parent')
  return names || addresses
}
