/**
 * Plays a scenario against the resolver, as Unbound's fake_event.c does against Unbound's: from the octets of a
 * client's query to those of its reply, with no socket, no time but the scenario's, and replies of servers out of the
 * ranges at once.
 */
import { type Clock, MILLISECOND, type Nanos, SECOND, type Timer } from '../../../src/base/clock.ts'
import { silent } from '../../../src/base/events.ts'
import { canonicalIp } from '../../../src/base/ip.ts'
import type { Machine } from '../../../src/base/machine.ts'
import { SeededRandom } from '../../../src/base/random.ts'
import type { Exchange, ExchangeRequest, ExchangeResult } from '../../../src/dns/exchange/exchange.ts'
import { judge } from '../../../src/dns/exchange/judge.ts'
import { answerOctets } from '../../../src/dns/front/octets.ts'
import type { Responder } from '../../../src/dns/front/responder.ts'
import { Resolver } from '../../../src/dns/iterate/resolver.ts'
import { decode, MessageFault } from '../../../src/dns/message/decode.ts'
import { edns } from '../../../src/dns/message/edns.ts'
import { encode } from '../../../src/dns/message/encode.ts'
import { type Message, query } from '../../../src/dns/message/message.ts'
import { TYPE } from '../../../src/dns/message/types.ts'
import { ResolverDriver } from '../../../src/dns/resolver/driver.ts'
import { resolvingResponder } from '../../../src/dns/resolver/serve.ts'
import { UNKNOWN_RTT } from '../../../src/dns/servers/book.ts'
import { type Mode, mismatch } from './compare.ts'
import { type Configuration, configure } from './configure.ts'
import { type Entry, replyOctets } from './entry.ts'
import type { Scenario, Step } from './scenario.ts'

/** A question that is with a server. */
interface Pending {
  readonly request: ExchangeRequest
  readonly message: Message
  readonly transport: 'udp' | 'tcp'
  readonly done: (result: ExchangeResult) => void
}

/** What a client was answered. */
interface Answered {
  readonly client: string
  readonly message: Message
}

const MAX_ROUNDS = 5000

/** '' when the scenario passes, else why it does not. */
export function play(scenario: Scenario, mode: Mode): Promise<string> {
  return new Player(scenario, mode).run()
}

/** A clock that stands still until it is moved. */
class ScenarioClock implements Clock {
  #now: Nanos = 0
  readonly #timers: { readonly when: Nanos; readonly run: () => void }[] = []

  now(): Nanos {
    return this.#now
  }

  wallMillis(): number {
    return this.#now / MILLISECOND
  }

  at(when: Nanos, run: () => void): Timer {
    const timer = { when, run }
    this.#timers.push(timer)
    return {
      cancel: () => {
        const at = this.#timers.indexOf(timer)
        if (at >= 0) this.#timers.splice(at, 1)
      },
    }
  }

  hold<T>(work: Promise<T>): Promise<T> {
    return work
  }

  /** Moves on, and runs what was due, the earliest first. */
  pass(time: Nanos): void {
    this.#now += time
    for (;;) {
      const due = this.#timers.filter(({ when }) => when <= this.#now).sort((a, b) => a.when - b.when)[0]
      if (due === undefined) return
      this.#timers.splice(this.#timers.indexOf(due), 1)
      due.run()
    }
  }
}

class Player implements Exchange {
  readonly #scenario: Scenario
  readonly #mode: Mode
  readonly #clock = new ScenarioClock()
  readonly #resolver: Resolver
  readonly #configuration: Configuration
  readonly #responder: Responder
  readonly #pending: Pending[] = []
  readonly #answers: Answered[] = []
  #at = 0
  #id = 1

  constructor(scenario: Scenario, mode: Mode) {
    this.#scenario = scenario
    this.#mode = mode
    this.#configuration = configure(scenario.config)
    const { settings, minimalResponses, access } = this.#configuration
    const random = new SeededRandom('rpl')
    const machine: Machine = { name: 'rpl', clock: this.#clock, random, events: silent }
    this.#resolver = new Resolver(random, settings)
    const driver = new ResolverDriver(machine, this.#resolver, this, 'resolver')
    this.#responder = resolvingResponder(driver, {
      minimal: minimalResponses,
      mayAsk: ({ address }) => access(address) !== 'refuse',
      mayLook: ({ address }) => access(address) === 'snoop',
      explained: this.#configuration.explained,
    })
  }

  async run(): Promise<string> {
    for (let round = 0; round < MAX_ROUNDS; round++) {
      await settled()
      const step = this.#scenario.steps[this.#at]
      if (step === undefined) return this.#leftOver()
      const why = this.#turn(step)
      if (why !== '') return `step ${step.number}: ${why}`
    }
    return `more than ${MAX_ROUNDS} rounds`
  }

  /** The exchange with servers: the question waits for the scenario. */
  ask(request: ExchangeRequest): Promise<ExchangeResult> {
    const { question, recursionDesired, checkingDisabled, dnssecOk, upstream } = request
    const message = query(question.name, question.type, {
      id: this.#id++ & 0xffff,
      question: [question],
      rd: recursionDesired,
      cd: checkingDisabled,
      edns: edns({ dnssecOk }),
    })
    const transport = upstream.protocol === 'tcp' ? 'tcp' : 'udp'
    return new Promise((done) => this.#pending.push({ request, message, transport, done }))
  }

  #leftOver(): string {
    const pending = this.#pending.at(-1)
    if (pending !== undefined) return `at the end a question to ${pending.request.upstream.key} is still open`
    return this.#answers.length > 0 ? 'at the end an answer to the client is unchecked' : ''
  }

  #turn(step: Step): string {
    const { entry } = step
    if (step.kind === 'CHECK_OUT_QUERY' && entry !== null) {
      const i = this.#pending.findLastIndex(
        ({ message, transport }) => mismatch(entry, message, this.#mode, transport) === '',
      )
      if (i >= 0) {
        this.#at++
        if (entry.adjust.has('copy_id')) this.#reply(i, entry)
        return ''
      }
    }
    if (step.kind === 'CHECK_ANSWER' && entry !== null && this.#answers.length > 0) return this.#check(step, entry)
    return this.#replyFromRanges(step.number) ? '' : this.#do(step)
  }

  /** One of the answers must be the one that is wanted. */
  #check(step: Step, entry: Entry): string {
    const client = addressIn(step)
    const mine = this.#answers.filter((answered) => client === null || answered.client === client)
    const found = mine.find(({ message }) => mismatch(entry, message, this.#mode) === '')
    if (found === undefined) {
      const [first] = mine
      return first === undefined ? `no answer to ${client}` : mismatch(entry, first.message, this.#mode)
    }
    this.#answers.splice(this.#answers.indexOf(found), 1)
    this.#at++
    return ''
  }

  /** Answers the newest open question that an active range has a reply for. */
  #replyFromRanges(number: number): boolean {
    for (let i = this.#pending.length - 1; i >= 0; i--) {
      const { request, message, transport } = this.#pending[i]!
      const { address } = request.upstream.address
      for (const range of this.#scenario.ranges.toReversed()) {
        if (number < range.from || number > range.to) continue
        const here = range.addresses.length === 0 || range.addresses.some((ip) => canonicalIp(ip) === address)
        const entry = here
          ? range.entries.find((candidate) => mismatch(candidate, message, this.#mode, transport) === '')
          : undefined
        if (entry === undefined) continue
        this.#reply(i, entry)
        return true
      }
    }
    return false
  }

  #do(step: Step): string {
    const { entry } = step
    if (step.kind === 'CHECK_ANSWER') return `no answer yet${this.#openQuestion()}`
    if (step.kind === 'CHECK_OUT_QUERY') return `no such question to a server${this.#openQuestion()}`
    this.#at++
    switch (step.kind) {
      case 'QUERY':
        if (entry !== null) this.#query(entry, addressIn(step) ?? '127.0.0.1')
        return ''
      case 'REPLY':
        if (this.#pending.length === 0) return 'no open question to reply to'
        if (entry !== null) this.#reply(this.#pending.length - 1, entry)
        return ''
      case 'TIMEOUT':
      case 'ERROR': {
        const cause = step.kind === 'TIMEOUT' ? 'timeout' : 'unreachable'
        const pending = this.#pending.pop()
        pending?.done({ kind: 'failure', cause, why: step.kind })
        return pending === undefined ? 'no open question to fail' : ''
      }
      case 'TIME_PASSES':
        if (step.words[0] !== 'ELAPSE') return `TIME_PASSES ${step.words[0]} is not implemented`
        this.#clock.pass(Number(step.words[1]) * SECOND)
        return ''
      case 'INFRA_RTT': {
        const [address = '', , millis] = step.words
        for (const type of [TYPE.A, TYPE.AAAA, TYPE.NS])
          this.#resolver.book.replied(`${address}:53`, type, Number(millis) * MILLISECOND, this.#clock.now())
        return ''
      }
      case 'TRAFFIC':
      case 'NOTHING':
        return ''
      default:
        return `STEP ${step.kind} is not implemented`
    }
  }

  #openQuestion(): string {
    const open = this.#pending.at(-1)
    if (open === undefined) return ''
    const { name, type } = open.request.question
    return ` (${open.request.upstream.key} has been asked ${name} type ${type} and the scenario has no reply)`
  }

  #query(entry: Entry, client: string): void {
    const octets = entry.raw ?? encode({ ...entry.message, id: this.#id++ & 0xffff })
    const transport = entry.match.has('TCP') ? 'tcp' : 'udp'
    const from = { address: { address: client, port: 5353 }, transport } as const
    const answered = (reply: unknown) => {
      const message = reply instanceof Uint8Array ? decode(reply) : null
      if (message !== null && !(message instanceof MessageFault)) this.#answers.push({ client, message })
    }
    const reply = answerOctets(this.#responder, octets, from)
    if (reply instanceof Promise) reply.then(answered)
    else answered(reply)
  }

  #reply(i: number, entry: Entry): void {
    const [pending] = this.#pending.splice(i, 1)
    const { message, request, done } = pending!
    const judgement = judge(replyOctets(entry, message), message, request.question.name)
    if (judgement.kind === 'reply' || judgement.kind === 'caseless')
      done({ kind: 'reply', message: judgement.message, rtt: UNKNOWN_RTT })
    else
      done({ kind: 'failure', cause: judgement.kind === 'malformed' ? 'malformed' : 'mismatched', why: judgement.kind })
  }
}

/** Lets everything happen that happens by itself. */
function settled(): Promise<void> {
  return new Promise((done) => setImmediate(done))
}

function addressIn({ words }: Step): string | null {
  const at = words.indexOf('ADDRESS')
  return at < 0 ? null : (words[at + 1] ?? null)
}
