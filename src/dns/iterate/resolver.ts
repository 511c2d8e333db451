/**
 * The resolver's core: questions in, exchanges with servers and answers out. It does no I/O and has no clock: what
 * happens is told to `step`, what is to be done comes back, and `wakeAt` says when it wants to be called if nothing
 * happens.
 */
import type { Nanos } from '../../base/clock.ts'
import type { Random } from '../../base/random.ts'
import type { IpAddress } from '../../socket/address.ts'
import { type Answer, answerOf, EDE, type Query } from '../answer/answer.ts'
import { DnsCache, queryKey } from '../cache/cache.ts'
import { aged } from '../cache/rrsets.ts'
import type { Message } from '../message/message.ts'
import { Name } from '../message/name.ts'
import { TYPE } from '../message/types.ts'
import { type Cause, ServerBook } from '../servers/book.ts'
import type { Upstream } from '../servers/upstream.ts'
import { localAnswer } from './policy.ts'
import { checkedSettings, defaultSettings, type ResolverSettings } from './settings.ts'
import type { Core } from './walk/core.ts'
import type { Candidate } from './walk/delegation.ts'
import { configuredZone } from './walk/find.ts'
import { type Asking, Frame } from './walk/frame.ts'
import { failed, type Outcome, Plan } from './walk/plan.ts'
import { noReply, reply } from './walk/react.ts'
import { type Step, walk } from './walk/walk.ts'

/** What the core is told. */
export type ResolverEvent =
  /** A client asks. `request` is the caller's number for it; `client` is for policies, null for the program itself. */
  | {
      readonly kind: 'question'
      readonly request: number
      readonly query: Query
      readonly client?: IpAddress | null
    }
  /** A server has replied, in time or late; `rtt` is the time its answer took, null when nobody can tell. */
  | { readonly kind: 'reply'; readonly exchange: number; readonly message: Message; readonly rtt: Nanos | null }
  /** A server has not replied in time. A `reply` or a `failure` of the same exchange follows. */
  | { readonly kind: 'overdue'; readonly exchange: number }
  /** There will be no reply that helps. */
  | { readonly kind: 'failure'; readonly exchange: number; readonly cause: Cause }
  /** `wakeAt` has come. */
  | { readonly kind: 'wake' }

/** What the core wants done. */
export type ResolverAction =
  | {
      readonly kind: 'ask'
      readonly exchange: number
      /** The client's question that it is for. */
      readonly client: Query
      readonly server: Upstream
      readonly query: Query
      readonly recursionDesired: boolean
      readonly dnssecOk: boolean
      /** How long to wait before it is overdue. */
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
      /** Whether the resolver had no room for the question: servers were not asked, or not to the end. */
      readonly refused: boolean
    }

/**
 * @example
 * const resolver = new Resolver(random)
 * let actions = resolver.step({ kind: 'question', request: 1, query }, now)
 * // Perform each: for an 'ask', put the question to its server and tell the outcome with the same number; for an
 * // 'answer', give it to the client of that request. Call `step({ kind: 'wake' }, now)` at `resolver.wakeAt`.
 * actions = resolver.step({ kind: 'reply', exchange: 1, message, rtt }, now)
 */
export class Resolver {
  readonly settings: ResolverSettings
  readonly cache: DnsCache
  readonly book: ServerBook
  readonly #core: Core
  /** In the order in which they were begun, which is that of their deadlines. */
  readonly #plans = new Map<string, Plan>()
  /** The plans that give way to new ones when all places are taken, in the same order. */
  readonly #hurried = new Set<Plan>()
  /** Questions that are with servers: those that are waited for, and those whose late reply would still teach. */
  readonly #exchanges = new Map<number, { readonly asking: Asking; readonly plan: Plan }>()
  #nextExchange = 1

  constructor(
    random: Random,
    settings: Partial<ResolverSettings> = {},
    shared: { readonly cache?: DnsCache; readonly book?: ServerBook } = {},
  ) {
    this.settings = checkedSettings({ ...defaultSettings, ...settings })
    const { limits } = this.settings
    this.cache = shared.cache ?? new DnsCache(limits)
    this.book = shared.book ?? new ServerBook(limits.book)
    this.#core = { settings: this.settings, cache: this.cache, book: this.book, random }
  }

  /** When it wants to be woken with a `wake` event; Infinity when there is nothing to wait for. */
  get wakeAt(): Nanos {
    if (this.#plans.size === 0) return Number.POSITIVE_INFINITY
    const [first] = this.#plans.values()
    return first!.deadline
  }

  /** Takes in what has happened, at `now`; answers what is to be done. Never throws on what servers send. */
  step(event: ResolverEvent, now: Nanos): ResolverAction[] {
    const actions: ResolverAction[] = []
    switch (event.kind) {
      case 'question':
        this.#question(event.request, event.query, event.client ?? null, now, actions)
        break
      case 'reply':
        this.#reply(event.exchange, event.message, event.rtt, now, actions)
        break
      case 'overdue':
        this.#missed(event.exchange, 'timeout', now, actions)
        break
      case 'failure':
        this.#missed(event.exchange, event.cause, now, actions)
        this.#exchanges.delete(event.exchange)
        break
      case 'wake':
        this.#wake(now, actions)
        break
    }
    return actions
  }

  /**
   * What policies and the cache know of the question, without asking anybody: the answer, or the servers of the deepest
   * zone above the name (RFC 1034 §4.3.2 step 4, "cached delegation"); undefined when nothing is known.
   */
  known(query: Query, now: Nanos): Answer | undefined {
    const answer = localAnswer(this.settings.policies, query) ?? this.cache.lookup(query, now)
    if (answer !== undefined) return answer
    for (let zone = query.name; ; zone = zone.parent()) {
      const ns = this.cache.rrsets.get(zone, TYPE.NS, query.class, now)
      if (ns !== undefined) {
        const addresses = ns.rrset.rdatas.flatMap((rdata) =>
          [TYPE.A, TYPE.AAAA].flatMap((type) => this.cache.rrsets.get(new Name(rdata), type, query.class, now) ?? []),
        )
        const additional = addresses.map((held) => aged(held, now))
        return answerOf({ authority: [aged(ns, now)], additional })
      }
      if (zone.isRoot) return undefined
    }
  }

  #question(request: number, asked: Query, client: IpAddress | null, now: Nanos, actions: ResolverAction[]): void {
    const query = this.#normal(asked)
    const local = localAnswer(this.settings.policies, query, client)
    const known = local ?? this.cache.lookup(query, now)
    if (known !== undefined) {
      actions.push({
        kind: 'answer',
        request,
        query,
        answer: known,
        cached: local === undefined,
        why: '',
        refused: false,
      })
      return
    }
    const limits = this.settings.limits.resolver
    const key = queryKey(query)
    const running = this.#plans.get(key)
    if (running !== undefined && running.waiting.length < limits.waitersPerPlan) running.waiting.push(request)
    else if (running === undefined && this.#makeRoom(now, actions)) this.#begin(key, request, query, now, actions)
    else {
      const { answer, why } = TOO_MANY
      actions.push({ kind: 'answer', request, query, answer, cached: false, why, refused: true })
    }
  }

  #begin(key: string, request: number, query: Query, now: Nanos, actions: ResolverAction[]): void {
    const { limits, patience, minimise } = this.settings
    const plan = new Plan(key, query, limits.resolver, now, now + patience)
    plan.waiting.push(request)
    plan.frames.push(new Frame(query, 'client', minimise))
    if (this.#plans.size - this.#hurried.size >= limits.resolver.plans / 2) this.#hurried.add(plan)
    this.#plans.set(key, plan)
    this.#advance(plan, now, actions)
  }

  /** Whether there is room for one more plan. When all places are taken, the oldest plan that has had its time is given up. */
  #makeRoom(now: Nanos, actions: ResolverAction[]): boolean {
    const { plans, hurry } = this.settings.limits.resolver
    if (this.#plans.size < plans) return true
    const [oldest] = this.#hurried
    if (oldest === undefined || oldest.begun + hurry > now) return false
    oldest.end(TOO_MANY)
    this.#answer(oldest, actions, true)
    return true
  }

  /** Who walks to the zone's own servers has no use for CD: nobody on the way checks. */
  #normal(query: Query): Query {
    if (query.checkingDisabled !== true) return query
    const forwarding = configuredZone(this.settings.zones, query.name)?.forwarding === true
    return forwarding ? query : { ...query, checkingDisabled: false }
  }

  #reply(exchange: number, message: Message, rtt: Nanos | null, now: Nanos, actions: ResolverAction[]): void {
    const open = this.#exchanges.get(exchange)
    if (open === undefined) return
    this.#exchanges.delete(exchange)
    const { plan, asking } = open
    this.book.replied(asking.candidate.server.key, asking.query.type, rtt, now)
    if (!isWelcome(plan, asking)) return
    asking.frame.stopWaiting()
    const outcome = reply(this.#core, asking, message, now)
    if (outcome !== null) this.#finish(plan, outcome, now)
    this.#advance(plan, now, actions)
  }

  /** The reply is not waited for any longer. */
  #missed(exchange: number, cause: Cause, now: Nanos, actions: ResolverAction[]): void {
    const open = this.#exchanges.get(exchange)
    if (open === undefined) return
    const { plan, asking } = open
    const { candidate, query, sent, timeouts, frame } = asking
    this.book.failed(candidate.server.key, query.type, cause, sent, timeouts, now)
    if (frame.asking !== asking) return
    frame.stopWaiting()
    noReply(this.#core, asking, cause, now)
    this.#advance(plan, now, actions)
  }

  /** Gives up what has taken too long. */
  #wake(now: Nanos, actions: ResolverAction[]): void {
    for (const plan of [...this.#plans.values()]) {
      if (plan.deadline > now) break
      this.#advance(plan, now, actions)
    }
  }

  /** Walks on until a server has to be asked or the client can be answered. */
  #advance(plan: Plan, now: Nanos, actions: ResolverAction[]): void {
    for (let frame = plan.frames.at(-1); frame !== undefined; frame = plan.frames.at(-1)) {
      if (now >= plan.deadline) {
        plan.frames.length = 1
        this.#finish(plan, failed('no answer within the time for one question'), now)
        break
      }
      const step = walk(this.#core, plan, frame, now)
      if (step.kind === 'done') this.#finish(plan, step.outcome, now)
      else if (step.kind === 'descend') plan.frames.push(step.frame)
      else {
        this.#askServer(plan, frame, step, now, actions)
        return
      }
    }
    this.#answer(plan, actions)
  }

  #askServer(plan: Plan, frame: Frame, step: Step & { kind: 'ask' }, now: Nanos, actions: ResolverAction[]): void {
    plan.setAsked()
    frame.wait(this.#ask(plan, frame, step, step.candidate, now, actions))
    if (step.beside === null) return
    this.book.tried(step.beside.server.key, step.query.type, now)
    this.#ask(plan, frame, step, step.beside, now, actions)
  }

  #ask(
    plan: Plan,
    frame: Frame,
    { query, recursionDesired }: Step & { kind: 'ask' },
    candidate: Candidate,
    now: Nanos,
    actions: ResolverAction[],
  ): Asking {
    const exchange = this.#nextExchange++
    const { leastTimeout, mostTimeout, dnssecOk } = this.settings
    const { server } = candidate
    const asking: Asking = {
      exchange,
      frame,
      delegation: frame.delegation!,
      query,
      candidate,
      recursionDesired,
      sent: now,
      timeouts: this.book.timeouts(server.key, query.type, now),
    }
    this.#exchanges.set(exchange, { asking, plan })
    const timeout = this.book.timeout(server.key, query.type, now, leastTimeout, mostTimeout)
    actions.push({
      kind: 'ask',
      exchange,
      client: plan.query,
      server,
      query,
      recursionDesired,
      dnssecOk,
      timeout,
    })
    return asking
  }

  /** Takes the top frame off and tells the one below, or notes the answer when there is none. */
  #finish(plan: Plan, outcome: Outcome, now: Nanos): void {
    const frame = plan.frames.pop()
    if (frame === undefined) return
    const below = plan.frames.at(-1)
    if (outcome.why !== '' && frame.purpose !== 'prime' && (outcome.lasting || below === undefined))
      this.cache.failures.add(queryKey(frame.query), now)
    if (below === undefined) {
      plan.end(outcome)
      return
    }
    if (frame.purpose !== 'address') return
    let found = false
    for (const set of outcome.answer.answer)
      if (set.type === TYPE.A || set.type === TYPE.AAAA)
        found = below.delegation?.addAddresses(frame.query.name, set, this.settings) || found
    if (!found && frame.sent > 0) plan.budget.vainTarget()
  }

  #answer(plan: Plan, actions: ResolverAction[], refused = false): void {
    const outcome = plan.outcome ?? failed('nothing was found out')
    const { query, asked, waiting } = plan
    plan.end(outcome)
    this.#plans.delete(plan.key)
    this.#hurried.delete(plan)
    const { answer, why } = outcome
    for (const request of waiting)
      actions.push({ kind: 'answer', request, query, answer, cached: !asked, why, refused })
  }
}

const TOO_MANY = failed('too many questions are under way', false, EDE.NOT_READY)

/**
 * Whether the reply still says what its frame wants to know: it is the one that is waited for, or it answers late, or
 * beside, what another server is being asked in the same words.
 */
function isWelcome(plan: Plan, asking: Asking): boolean {
  const { frame, delegation, query } = asking
  const waited = frame.asking
  if (plan.frames.at(-1) !== frame || waited === null) return false
  if (waited === asking) return true
  return frame.delegation === delegation && waited.query.type === query.type && waited.query.name.equals(query.name)
}
