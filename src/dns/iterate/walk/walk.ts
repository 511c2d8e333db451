/**
 * One frame's next step: out of the cache, to a server, or first to a question that must be answered before.
 * Decides and does no I/O; what servers reply is dealt with in `react.ts`.
 */
import type { Nanos } from '../../../base/clock.ts'
import type { Random } from '../../../base/random.ts'
import { formatAddress } from '../../../socket/address.ts'
import { type DnsCache, type Query, queryKey } from '../../cache/cache.ts'
import { type Seconds, secondsAt } from '../../cache/time.ts'
import { Name } from '../../message/name.ts'
import type { Rrset } from '../../message/record.ts'
import { CLASS, RCODE, TYPE } from '../../message/types.ts'
import type { ServerBook } from '../../servers/book.ts'
import type { ConfiguredZone, ResolverSettings } from '../settings.ts'
import { type Candidate, canonicalServer, choose, ServerSet } from './delegation.ts'
import { deeper, minimised } from './minimise.ts'
import {
  current,
  type Frame,
  failed,
  isMinimised,
  frame as newFrame,
  type Outcome,
  type Plan,
  succeeded,
} from './plan.ts'

/** What all plans of a resolver share. */
export interface Core {
  readonly settings: ResolverSettings
  readonly cache: DnsCache
  readonly servers: ServerBook
  readonly random: Random
}

export type Step =
  | { readonly kind: 'ask'; readonly query: Query; readonly candidate: Candidate; readonly recursionDesired: boolean }
  /** Another question first. */
  | { readonly kind: 'descend'; readonly frame: Frame }
  | { readonly kind: 'done'; readonly outcome: Outcome }

export function walk(core: Core, plan: Plan, frame: Frame, now: Nanos): Step {
  for (;;) {
    const known = fromCache(core, frame, now)
    if (known !== null) return { kind: 'done', outcome: known }
    if (frame.servers === null) {
      const first = priming(core, plan, frame, now)
      if (first !== null) return { kind: 'descend', frame: first }
      frame.servers = findServers(core, current(frame), now)
    }
    const { servers } = frame
    if (servers === null) return { kind: 'done', outcome: failed(`no servers are known for ${frame.name}`) }
    const query = servers.forwarding
      ? current(frame)
      : minimised(frame.minimise, current(frame), servers.zone, core.settings.limits)
    if (isMinimised(frame, query) && core.cache.find(query, now)?.rcode === RCODE.NOERROR) {
      frame.minimise = deeper(frame.minimise, query)
      continue
    }
    const step = askSomebody(core, plan, frame, servers, query, now)
    if (step !== null) return step
    if (addParentSide(core, servers, frame.query.class, now)) continue
    if (frame.empty !== null)
      return {
        kind: 'done',
        outcome: succeeded(frame, core.cache.store(current(frame), frame.empty, now, servers.until)),
      }
    const above = askAbove(core, servers, current(frame), now)
    if (above === null)
      return { kind: 'done', outcome: failed(`no server of ${servers.zone} answers for ${frame.name}`) }
    frame.servers = above
  }
}

/** The outcome when the cache has the answer, or knows that there is none to be had; follows aliases it knows. */
function fromCache(core: Core, frame: Frame, now: Nanos): Outcome | null {
  for (;;) {
    const query = current(frame)
    const answer = core.cache.find(query, now)
    if (answer !== undefined) return succeeded(frame, answer)
    const alias = core.cache.alias(query, now)
    if (alias === undefined) {
      return frame.purpose !== 'prime' && core.cache.failures.has(queryKey(query), now)
        ? failed(`${frame.name} has just failed`, false)
        : null
    }
    const circle = follow(core, frame, alias.rrsets, alias.target)
    if (circle !== null) return circle
  }
}

/** Goes on with the name that an alias leads to; an outcome when it leads nowhere. */
export function follow(core: Core, frame: Frame, rrsets: readonly Rrset[], target: Name): Outcome | null {
  if (frame.seen.has(target.key)) return failed(`the aliases of ${frame.query.name} run in a circle`)
  if (frame.seen.size > core.settings.limits.aliases)
    return failed(`${frame.query.name} has more than ${core.settings.limits.aliases} aliases`)
  frame.seen.add(target.key)
  frame.chain.push(...rrsets)
  frame.name = target
  frame.servers = null
  frame.sent = 0
  frame.referrals = 0
  frame.empties = 0
  frame.empty = null
  frame.minimise = { ...frame.minimise, off: !core.settings.minimise, known: 0 }
  return null
}

/** The frame that asks the root for its servers, when nobody has done so and the way leads from the root. */
function priming(core: Core, plan: Plan, frame: Frame, now: Nanos): Frame | null {
  if (plan.primed || frame.purpose === 'prime' || !core.settings.prime) return null
  const configured = configuredZone(core.settings.zones, frame.name)
  if (configured === undefined || configured.forwarding || !configured.zone.isRoot) return null
  if (core.cache.rrsets.get(Name.root, TYPE.NS, CLASS.IN, now) !== undefined) return null
  plan.primed = true
  return newFrame({ name: Name.root, type: TYPE.NS, class: CLASS.IN }, 'prime', false)
}

/** The servers of the deepest zone above (or at) the name that are known: by delegation or by configuration. */
function findServers(core: Core, query: Query, now: Nanos): ServerSet | null {
  const { limits, zones } = core.settings
  const configured = configuredZone(zones, query.name)
  if (configured?.forwarding) return configuredServers(configured, limits)
  // RFC 4035 §3.1.4.1: DS records live above the cut.
  let zone = query.type === TYPE.DS && !query.name.isRoot ? query.name.parent() : query.name
  for (;;) {
    if (configured?.zone.equals(zone) && !zone.isRoot) return configuredServers(configured, limits)
    const delegated = delegatedServers(core, zone, query.class, now)
    if (delegated !== null) return delegated
    if (zone.isRoot) break
    zone = zone.parent()
  }
  return configured === undefined ? null : configuredServers(configured, limits)
}

function delegatedServers(core: Core, zone: Name, rrclass: number, now: Nanos): ServerSet | null {
  const held = core.cache.rrsets.get(zone, TYPE.NS, rrclass, now)
  if (held === undefined || held.delegatedUntil <= secondsAt(now)) return null
  const servers = new ServerSet(zone, held.delegatedUntil, core.settings.limits)
  servers.addNames(held.rrset)
  servers.addCached(core.cache.rrsets, core.settings, rrclass, now)
  return servers.isUseless ? null : servers
}

/** The deepest configured zone that the name lies in. */
function configuredZone(zones: readonly ConfiguredZone[], name: Name): ConfiguredZone | undefined {
  let deepest: ConfiguredZone | undefined
  for (const zone of zones)
    if (name.isUnder(zone.zone) && (deepest === undefined || zone.zone.isUnder(deepest.zone))) deepest = zone
  return deepest
}

const FOREVER: Seconds = Number.POSITIVE_INFINITY

function configuredServers(configured: ConfiguredZone, limits: ResolverSettings['limits']): ServerSet {
  const servers = new ServerSet(configured.zone, FOREVER, limits, configured.forwarding)
  servers.fresh = true // nobody above has a say in it
  for (const server of configured.servers) servers.addServer(canonicalServer(server))
  return servers
}

/** A question to a server or, where none can be asked, for a server's address; null when there is nobody left. */
function askSomebody(core: Core, plan: Plan, frame: Frame, servers: ServerSet, query: Query, now: Nanos): Step | null {
  const { limits, order } = core.settings
  const candidate = choose(servers, query.type, core.servers, order, core.random, now)
  if (candidate !== null) return ask(plan, frame, query, candidate, servers.forwarding)
  const { budget, frames } = plan
  if (frames.length < limits.depth) {
    const target = servers.nextTarget(core.settings, (name) => isOnTheWay(frames, name))
    // Past the budget the names are left alone; what is known from the parent zone may still do.
    if (target !== null && budget.target()) {
      return {
        kind: 'descend',
        frame: newFrame({ ...target, class: frame.query.class }, 'address', core.settings.minimise),
      }
    }
  }
  // A server that would only answer as a resolver is let: better than nothing.
  for (const last of servers.candidates.values())
    if (!last.spent && isRecursive(core, servers, last, query.type, now)) return ask(plan, frame, query, last, true)
  return null
}

function isRecursive(core: Core, servers: ServerSet, { address }: Candidate, type: number, now: Nanos): boolean {
  const at = formatAddress(address)
  return core.servers.lameness(servers.zone, at, type, now) === 'recursive' && !core.servers.isSilent(at, type, now)
}

function ask(plan: Plan, frame: Frame, query: Query, candidate: Candidate, recursionDesired: boolean): Step {
  const { limits } = plan.budget
  if (frame.sent >= limits.queriesPerName)
    return { kind: 'done', outcome: failed(`${frame.name} took more than ${limits.queriesPerName} questions`) }
  if (!plan.budget.query())
    return {
      kind: 'done',
      outcome: failed(`more than ${limits.upstreamQueries} questions for ${plan.query.name}`, false),
    }
  frame.sent++
  candidate.tries++
  return { kind: 'ask', query, candidate, recursionDesired }
}

/** Whether an address of that name is already being looked for further down the stack: that would be a circle. */
function isOnTheWay(frames: readonly Frame[], name: Name): boolean {
  return frames.some(({ query }) => (query.type === TYPE.A || query.type === TYPE.AAAA) && query.name.equals(name))
}

/** The servers above, to say anew who serves the zone, where what the cache knew of it leads nowhere. */
function askAbove(core: Core, servers: ServerSet, query: Query, now: Nanos): ServerSet | null {
  if (servers.fresh || servers.forwarding || servers.zone.isRoot) return null
  const { rrsets } = core.cache
  const known = rrsets.get(servers.zone, TYPE.NS, query.class, now, 'parent') !== undefined
  if (known && !servers.lacksGlue(rrsets, query.class, now)) return null
  const above = findServers(core, { ...query, name: servers.zone.parent(), type: TYPE.NS }, now)
  if (above !== null) above.fresh = true
  return above
}

/** The last resort but one: what the parent zone says of the zone's servers, where the zone's own word leads nowhere. */
function addParentSide(core: Core, servers: ServerSet, rrclass: number, now: Nanos): boolean {
  if (servers.parentSide || servers.forwarding) return false
  servers.parentSide = true
  const { rrsets } = core.cache
  const held = rrsets.get(servers.zone, TYPE.NS, rrclass, now, 'parent')
  const names = held !== undefined && held.delegatedUntil > secondsAt(now) && servers.addNames(held.rrset)
  const addresses = servers.addCached(rrsets, core.settings, rrclass, now, 'parent')
  return names || addresses
}
