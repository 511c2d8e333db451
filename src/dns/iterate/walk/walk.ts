/**
 * One frame's next step: out of the cache, to a server, or first to a question that must be answered before.
 * Decides and does no I/O; what servers reply is dealt with in `react.ts`.
 */
import type { Nanos } from '../../../base/clock.ts'
import { EDE, type Query } from '../../answer/answer.ts'
import { queryKey } from '../../cache/cache.ts'
import { Name } from '../../message/name.ts'
import type { Rrset } from '../../message/record.ts'
import { CLASS, RCODE, TYPE } from '../../message/types.ts'
import { localAnswer, mayBeAsked } from '../policy.ts'
import type { Core } from './core.ts'
import { type Candidate, type Choice, choose, type Delegation, restedBefore } from './delegation.ts'
import { addParentSide, configuredZone, findAbove, findServers } from './find.ts'
import { Frame } from './frame.ts'
import { deeper, minimised } from './minimise.ts'
import { failed, type Outcome, type Plan, succeeded } from './plan.ts'

/** What a frame needs next. */
export type Step =
  | {
      readonly kind: 'ask'
      readonly query: Query
      readonly candidate: Candidate
      readonly recursionDesired: boolean
      /** Another that is asked the same, to see whether it answers again; nobody waits for it. */
      readonly beside: Candidate | null
    }
  /** Another question first. */
  | { readonly kind: 'descend'; readonly frame: Frame }
  | { readonly kind: 'done'; readonly outcome: Outcome }

/** The frame's next step. */
export function walk(core: Core, plan: Plan, frame: Frame, now: Nanos): Step {
  for (;;) {
    const known = fromCache(core, frame, now)
    if (known !== null) return { kind: 'done', outcome: known }
    if (frame.delegation === null) {
      const first = priming(core, plan, frame, now)
      if (first !== null) return { kind: 'descend', frame: first }
      frame.turnTo(findServers(core, frame.current, now, frame.passed))
    }
    const { delegation } = frame
    if (delegation === null) return { kind: 'done', outcome: failed(`no servers are known for ${frame.name}`) }
    const query = delegation.forwarding
      ? frame.current
      : minimised(frame.minimise, frame.current, delegation.zone, core.settings.limits.resolver)
    if (frame.isMinimised(query) && core.cache.find(query, now)?.rcode === RCODE.NOERROR) {
      frame.narrow(deeper(frame.minimise, query))
      continue
    }
    const step = askSomebody(core, plan, frame, delegation, query, now) ?? withoutServers(core, frame, delegation, now)
    if (step !== null) return step
  }
}

/** What to do when nobody of the delegation is left to ask; null to go on with other servers. */
function withoutServers(core: Core, frame: Frame, delegation: Delegation, now: Nanos): Step | null {
  if (delegation.configured?.first === true) {
    frame.passOver(delegation.configured)
    return null
  }
  if (addParentSide(core, delegation, frame.query.class, now)) return null
  if (frame.empty !== null) {
    const answer = core.cache.store(frame.current, frame.empty, now, delegation.until)
    return { kind: 'done', outcome: succeeded(frame, answer) }
  }
  const above = findAbove(core, delegation, frame.current, now)
  if (above === null) {
    const why = `no server of ${delegation.zone} answers for ${frame.name}`
    return { kind: 'done', outcome: failed(why, true, EDE.NO_REACHABLE_AUTHORITY) }
  }
  frame.turnTo(above)
  return null
}

/** The outcome when policy or cache has the answer, or knows that there is none to be had; follows aliases it knows. */
function fromCache(core: Core, frame: Frame, now: Nanos): Outcome | null {
  for (;;) {
    const query = frame.current
    const local = frame.delegation === null ? localAnswer(core.settings.policies, query) : undefined
    const answer = local ?? core.cache.find(query, now)
    if (answer !== undefined) return succeeded(frame, answer)
    const alias = core.cache.alias(query, now)
    if (alias === undefined) {
      return frame.purpose !== 'prime' && core.cache.failures.has(queryKey(query), now)
        ? failed(`${frame.name} has just failed`, false, EDE.CACHED_ERROR)
        : null
    }
    const circle = follow(core, frame, alias.rrsets, alias.target)
    if (circle !== null) return circle
  }
}

/** Goes on with the name that an alias leads to; an outcome when it leads nowhere. */
export function follow(core: Core, frame: Frame, rrsets: readonly Rrset[], target: Name): Outcome | null {
  const { aliases } = core.settings.limits.answer
  if (frame.hasSeen(target)) return failed(`the aliases of ${frame.query.name} run in a circle`)
  if (frame.aliases >= aliases) return failed(`${frame.query.name} has more than ${aliases} aliases`)
  frame.follow(rrsets, target, core.settings.minimise)
  return null
}

/** The frame that asks the root for its servers, when nobody has done so and the way leads from the root. */
function priming(core: Core, plan: Plan, frame: Frame, now: Nanos): Frame | null {
  if (plan.primed || frame.purpose === 'prime' || !core.settings.prime) return null
  const configured = configuredZone(core.settings.zones, frame.name, frame.passed)
  if (configured === undefined || configured.forwarding || !configured.zone.isRoot) return null
  if (core.cache.rrsets.get(Name.root, TYPE.NS, CLASS.IN, now) !== undefined) return null
  plan.setPrimed()
  return new Frame({ name: Name.root, type: TYPE.NS, class: CLASS.IN }, 'prime', false, frame.passed)
}

/** A question to a server or, where none can be asked, for a server's address; null when there is nobody left. */
function askSomebody(
  core: Core,
  plan: Plan,
  frame: Frame,
  delegation: Delegation,
  query: Query,
  now: Nanos,
): Step | null {
  const { limits, order, policies, minimise } = core.settings
  const allowed = ({ server }: Candidate) => mayBeAsked(policies, delegation.zone, server)
  const choice: Choice = { type: query.type, book: core.book, order, random: core.random, allowed, now }
  const candidate = choose(delegation, choice)
  if (candidate !== null) {
    const beside = restedBefore(delegation, candidate, choice)
    return ask(plan, frame, query, candidate, delegation.forwarding, beside)
  }
  const { budget, frames } = plan
  if (frames.length < limits.resolver.depth) {
    const target = delegation.nextTarget(core.settings, (name) => isOnTheWay(frames, name))
    // Past the budget the names are left alone; what is known from the parent zone may still do.
    if (target !== null && budget.target()) {
      const query = { ...target, class: frame.query.class }
      return { kind: 'descend', frame: new Frame(query, 'address', minimise, frame.passed) }
    }
  }
  // A server that would only answer as a resolver is let: better than nothing.
  for (const last of delegation.candidates.values())
    if (!last.spent && allowed(last) && isRecursive(core, delegation, last, query.type, now))
      return ask(plan, frame, query, last, true)
  return null
}

function isRecursive(core: Core, { zone }: Delegation, { server }: Candidate, type: number, now: Nanos): boolean {
  return core.book.lameness(zone, server.key, type, now) === 'recursive' && !core.book.isSilent(server.key, type, now)
}

function ask(
  plan: Plan,
  frame: Frame,
  query: Query,
  candidate: Candidate,
  recursionDesired: boolean,
  beside: Candidate | null = null,
): Step {
  const { limits } = plan.budget
  if (frame.sent >= limits.queriesPerName)
    return { kind: 'done', outcome: failed(`${frame.name} took more than ${limits.queriesPerName} questions`) }
  if (!plan.budget.query()) {
    const why = `more than ${limits.upstreamQueries} questions for ${plan.query.name}`
    return { kind: 'done', outcome: failed(why, false) }
  }
  frame.countQuestion()
  candidate.ask()
  return {
    kind: 'ask',
    query,
    candidate,
    recursionDesired,
    beside: beside !== null && plan.budget.query() ? beside : null,
  }
}

/** Whether an address of that name is already being looked for further down the stack: that would be a circle. */
function isOnTheWay(frames: readonly Frame[], name: Name): boolean {
  return frames.some(({ query }) => (query.type === TYPE.A || query.type === TYPE.AAAA) && query.name.equals(name))
}
