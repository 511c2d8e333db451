/**
 * The resolver's core: questions in, exchanges with servers and answers out. It does no I/O and has no clock: what
 * happens is told to `step`, what is to be done comes back.
 */
import type { Nanos } from '../../base/clock.ts'
import type { Random } from '../../base/random.ts'
import { type IpAddress as Address, formatAddress } from '../../socket/address.ts'
import { type Answer, DnsCache, type Query, queryKey } from '../cache/cache.ts'
import type { Message } from '../message/message.ts'
import { TYPE } from '../message/types.ts'
import { ServerBook } from '../servers/book.ts'
import { defaultSettings, type ResolverSettings } from './settings.ts'
import { failed, frame as newFrame, plan as newPlan, type Outcome, type Plan } from './walk/plan.ts'
import { noReply, reply } from './walk/react.ts'
import { type Core, walk } from './walk/walk.ts'

export type ResolverEvent =
  /** A client asks. `request` is the caller's number for it. */
  | { readonly kind: 'question'; readonly request: number; readonly query: Query }
  /** A server has replied; `rtt` is the time its answer took, of the last attempt. */
  | { readonly kind: 'reply'; readonly exchange: number; readonly message: Message; readonly rtt: Nanos }
  /** A server has not replied in time. */
  | { readonly kind: 'timeout'; readonly exchange: number }
  /** It cannot be reached, or makes no sense. */
  | { readonly kind: 'error'; readonly exchange: number }

export type ResolverAction =
  | {
      readonly kind: 'ask'
      readonly exchange: number
      /** The client's question that it is for. */
      readonly client: Query
      readonly server: Address
      readonly query: Query
      readonly recursionDesired: boolean
      /** How long to wait for the first attempt. */
      readonly timeout: Nanos
    }
  | {
      readonly kind: 'answer'
      readonly request: number
      readonly query: Query
      readonly answer: Answer
      /** Whether it came out of the cache alone. */
      readonly cached: boolean
      /** Why it failed; '' when it did not. */
      readonly why: string
    }

export class Resolver {
  readonly settings: ResolverSettings
  readonly cache: DnsCache
  readonly servers: ServerBook
  readonly #core: Core
  readonly #plans = new Map<string, Plan>()
  readonly #exchanges = new Map<number, Plan>()
  #nextExchange = 1

  constructor(random: Random, settings: Partial<ResolverSettings> = {}, cache: DnsCache = new DnsCache()) {
    this.settings = { ...defaultSettings, ...settings }
    this.cache = cache
    this.servers = new ServerBook(cache.limits)
    this.#core = { settings: this.settings, cache, servers: this.servers, random }
  }

  /** Takes in what has happened, at `now`; answers what is to be done. Never throws on what servers send. */
  step(event: ResolverEvent, now: Nanos): ResolverAction[] {
    const actions: ResolverAction[] = []
    const plan =
      event.kind === 'question' ? this.#question(event.request, event.query, now, actions) : this.#react(event, now)
    if (plan !== undefined) this.#advance(plan, now, actions)
    return actions
  }

  /** The plan that is new for the question; none when it joins another's or is refused. */
  #question(request: number, query: Query, now: Nanos, actions: ResolverAction[]): Plan | undefined {
    const known = this.cache.lookup(query, now)
    if (known !== undefined) {
      actions.push({ kind: 'answer', request, query, answer: known, cached: true, why: '' })
      return undefined
    }
    const { limits, patience } = this.settings
    const key = queryKey(query)
    const running = this.#plans.get(key)
    const full =
      running === undefined ? this.#plans.size >= limits.plans : running.waiting.length >= limits.waitersPerPlan
    if (full) {
      actions.push({ kind: 'answer', request, query, answer: failed('').answer, cached: false, why: 'too busy' })
      return undefined
    }
    if (running !== undefined) {
      running.waiting.push(request)
      return undefined
    }
    const plan = newPlan(key, query, limits, now + patience)
    plan.waiting.push(request)
    plan.frames.push(newFrame(query, 'client', this.settings.minimise))
    this.#plans.set(key, plan)
    return plan
  }

  #react(event: Exclude<ResolverEvent, { kind: 'question' }>, now: Nanos): Plan | undefined {
    const plan = this.#exchanges.get(event.exchange)
    const frame = plan?.frames.at(-1)
    const asking = frame?.asking
    this.#exchanges.delete(event.exchange)
    if (plan === undefined || frame === undefined || asking?.exchange !== event.exchange) return undefined
    frame.asking = null
    const server = formatAddress(asking.candidate.address)
    if (event.kind === 'reply') {
      this.servers.answered(server, asking.query.type, event.rtt, now)
      const outcome = reply(this.#core, frame, asking, event.message, now)
      if (outcome !== null) this.#finish(plan, outcome, now)
    } else {
      // Unreachable or silent: either way others are the better choice for a while.
      this.servers.timedOut(server, asking.query.type, now)
      if (event.kind === 'error') asking.candidate.spent = true
      noReply(this.#core, frame, asking, now)
    }
    return plan
  }

  /** Walks on until a server has to be asked or the client can be answered. */
  #advance(plan: Plan, now: Nanos, actions: ResolverAction[]): void {
    for (let frame = plan.frames.at(-1); frame !== undefined; frame = plan.frames.at(-1)) {
      if (now >= plan.deadline) {
        plan.frames.length = 1
        this.#finish(plan, failed(`no answer within the time for one question`), now)
        break
      }
      const step = walk(this.#core, plan, frame, now)
      if (step.kind === 'done') this.#finish(plan, step.outcome, now)
      else if (step.kind === 'descend') plan.frames.push(step.frame)
      else {
        const exchange = this.#nextExchange++
        const { query, candidate, recursionDesired } = step
        frame.asking = { exchange, query, candidate, recursionDesired }
        plan.asked = true
        this.#exchanges.set(exchange, plan)
        const { leastTimeout, mostTimeout } = this.settings
        const server = candidate.address
        const timeout = this.servers.timeout(formatAddress(server), query.type, now, leastTimeout, mostTimeout)
        actions.push({ kind: 'ask', exchange, client: plan.query, server, query, recursionDesired, timeout })
        return
      }
    }
    this.#answer(plan, actions)
  }

  /** Takes the top frame off and tells the one below, or notes the answer when there is none. */
  #finish(plan: Plan, outcome: Outcome, now: Nanos): void {
    const frame = plan.frames.pop()
    if (frame === undefined) return
    const below = plan.frames.at(-1)
    if (outcome.why !== '' && frame.purpose !== 'prime' && (outcome.lasting || below === undefined))
      this.cache.failures.add(queryKey(frame.query), now)
    if (below === undefined) {
      plan.outcome = outcome
      return
    }
    if (frame.purpose !== 'address') return
    let found = false
    for (const set of outcome.answer.answer)
      if (set.type === TYPE.A || set.type === TYPE.AAAA)
        found = below.servers?.addAddresses(frame.query.name, set, this.settings) || found
    if (!found && frame.sent > 0) plan.budget.vainTarget()
  }

  #answer(plan: Plan, actions: ResolverAction[]): void {
    const outcome = plan.outcome ?? failed('nothing was found out')
    const { query, asked, waiting } = plan
    this.#plans.delete(plan.key)
    for (const request of waiting)
      actions.push({ kind: 'answer', request, query, answer: outcome.answer, cached: !asked, why: outcome.why })
  }
}
