/**
 * Plays a scenario against the resolver's core, as Unbound's fake_event.c does against Unbound's: no socket, no time
 * but the scenario's, upstream replies from the ranges at once.
 */
import { SECOND } from '../../../src/base/clock.ts'
import { canonicalIp } from '../../../src/base/ip.ts'
import { SeededRandom } from '../../../src/base/random.ts'
import { DnsCache } from '../../../src/dns/cache/cache.ts'
import { Resolver, type ResolverAction } from '../../../src/dns/iterate/resolver.ts'
import { edns } from '../../../src/dns/message/edns.ts'
import { type Message, message } from '../../../src/dns/message/message.ts'
import { RCODE } from '../../../src/dns/message/types.ts'
import { respond, respondEmpty } from '../../../src/dns/resolver/respond.ts'
import { UNKNOWN_RTT } from '../../../src/dns/servers/book.ts'
import { type Mode, mismatch } from './compare.ts'
import { type Configuration, configure } from './configure.ts'
import type { Entry } from './entry.ts'
import type { Scenario, Step } from './scenario.ts'

type Ask = Extract<ResolverAction, { kind: 'ask' }>

interface Pending {
  readonly ask: Ask
  readonly message: Message
}

const MAX_ROUNDS = 5000

/** '' when the scenario passes, else why it does not. */
export function play(scenario: Scenario, mode: Mode): string {
  return new Player(scenario, mode).run()
}

class Player {
  readonly #scenario: Scenario
  readonly #mode: Mode
  readonly #configuration: Configuration
  readonly #resolver: Resolver
  readonly #pending: Pending[] = []
  readonly #answers: Message[] = []
  readonly #clients = new Map<number, Message>()
  #seconds = 0
  #at = 0

  constructor(scenario: Scenario, mode: Mode) {
    this.#scenario = scenario
    this.#mode = mode
    this.#configuration = configure(scenario.config)
    const { settings, cacheLimits } = this.#configuration
    this.#resolver = new Resolver(new SeededRandom('rpl'), settings, new DnsCache(cacheLimits))
  }

  run(): string {
    for (let round = 0; round < MAX_ROUNDS; round++) {
      const step = this.#scenario.steps[this.#at]
      if (step === undefined) return this.#leftOver()
      const why = this.#turn(step)
      if (why !== '') return `step ${step.number}: ${why}`
    }
    return `more than ${MAX_ROUNDS} rounds`
  }

  #leftOver(): string {
    const pending = this.#pending.at(-1)
    if (pending !== undefined) return `at the end a question to ${pending.ask.server.address} is still open`
    return this.#answers.length > 0 ? 'at the end an answer to the client is unchecked' : ''
  }

  #turn(step: Step): string {
    const { entry } = step
    if (step.kind === 'CHECK_OUT_QUERY' && entry !== null) {
      const i = this.#pending.findIndex((pending) => mismatch(entry, pending.message, this.#mode) === '')
      if (i >= 0) {
        this.#at++
        if (entry.adjust.has('copy_id')) this.#reply(i, entry)
        return ''
      }
    }
    const answer = this.#answers[0]
    if (step.kind === 'CHECK_ANSWER' && entry !== null && answer !== undefined) {
      this.#answers.shift()
      this.#at++
      return mismatch(entry, answer, this.#mode)
    }
    return this.#replyFromRanges(step.number) ? '' : this.#do(step)
  }

  /** Answers the newest open question that an active range has a reply for. */
  #replyFromRanges(number: number): boolean {
    for (let i = this.#pending.length - 1; i >= 0; i--) {
      const { ask, message: asked } = this.#pending[i]!
      for (const range of this.#scenario.ranges.toReversed()) {
        if (number < range.from || number > range.to) continue
        const here =
          range.addresses.length === 0 || range.addresses.some((ip) => canonicalIp(ip) === ask.server.address)
        const entry = here
          ? range.entries.find((candidate) => mismatch(candidate, asked, this.#mode) === '')
          : undefined
        if (entry === undefined) continue
        this.#reply(i, entry)
        return true
      }
    }
    return false
  }

  #do(step: Step): string {
    if (step.kind === 'QUERY' && step.entry !== null) {
      this.#at++
      if (step.entry.nonsense) this.#answers.push(message({ qr: true, rd: true, rcode: RCODE.FORMERR }))
      else this.#query(step.number, step.entry.message)
      return ''
    }
    if (step.kind === 'CHECK_ANSWER') return `no answer yet${this.#openQuestion()}`
    if (step.kind === 'CHECK_OUT_QUERY') return `no such question to a server${this.#openQuestion()}`
    this.#at++
    if (step.kind === 'REPLY' && step.entry !== null) {
      if (this.#pending.length === 0) return 'no open question to reply to'
      this.#reply(this.#pending.length - 1, step.entry)
    } else if (step.kind === 'TIMEOUT' || step.kind === 'ERROR') {
      const pending = this.#pending.pop()
      if (pending === undefined) return 'no open question to fail'
      const kind = step.kind === 'TIMEOUT' ? 'timeout' : 'error'
      this.#take(this.#resolver.step({ kind, exchange: pending.ask.exchange }, this.#now()))
    } else if (step.kind === 'TIME_PASSES' && step.words[0] === 'ELAPSE') this.#seconds += Number(step.words[1])
    else if (step.kind !== 'TRAFFIC' && step.kind !== 'NOTHING') return `STEP ${step.kind} is not implemented`
    return ''
  }

  #openQuestion(): string {
    const open = this.#pending.at(-1)
    if (open === undefined) return ''
    const { name, type } = open.ask.query
    return ` (${open.ask.server.address} has been asked ${name} type ${type} and the scenario has no reply)`
  }

  #now(): number {
    return this.#seconds * SECOND
  }

  #query(request: number, query: Message): void {
    const question = query.question[0]
    if (question === undefined) {
      this.#answers.push(respondEmpty(query, RCODE.FORMERR))
      return
    }
    if (!query.rd && !this.#configuration.snoop) {
      this.#answers.push(respondEmpty(query, RCODE.REFUSED))
      return
    }
    this.#clients.set(request, query)
    this.#take(this.#resolver.step({ kind: 'question', request, query: question }, this.#now()))
  }

  #reply(i: number, entry: Entry): void {
    const [pending] = this.#pending.splice(i, 1)
    const { exchange } = pending!.ask
    if (entry.nonsense) {
      this.#take(this.#resolver.step({ kind: 'error', exchange }, this.#now()))
      return
    }
    const question = entry.adjust.has('copy_query') ? pending!.message.question : entry.message.question
    const reply = { ...entry.message, question }
    this.#take(this.#resolver.step({ kind: 'reply', exchange, message: reply, rtt: UNKNOWN_RTT }, this.#now()))
  }

  #take(actions: readonly ResolverAction[]): void {
    for (const action of actions) {
      if (action.kind === 'ask') {
        const { query, recursionDesired } = action
        this.#pending.push({
          ask: action,
          message: message({ question: [query], rd: recursionDesired, edns: edns() }),
        })
      } else {
        const query = this.#clients.get(action.request)!
        this.#answers.push(respond(query, action.answer, { minimal: this.#configuration.minimalResponses }))
      }
    }
  }
}
