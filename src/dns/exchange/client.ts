/**
 * Exchanges over a Host: a random ID, a fresh random source port and mixed case for each, EDNS with a way back for
 * servers that do not know it, TCP where UDP is too small or somebody is guessing. Equal questions share one.
 */
import type { Nanos } from '../../base/clock.ts'
import type { Random } from '../../base/random.ts'
import type { Host } from '../../socket/host.ts'
import type { DnsExchangeEvent } from '../events.ts'
import { type ExchangeLimits, limitGroup } from '../limits.ts'
import { edns } from '../message/edns.ts'
import { type Message, query } from '../message/message.ts'
import { RCODE, rcodeName, typeName } from '../message/types.ts'
import { ServerBook } from '../servers/book.ts'
import { mixedCase } from './case.ts'
import type { Exchange, ExchangeRequest, ExchangeResult } from './exchange.ts'
import { Streams } from './streams.ts'
import { type Attempt, askOverUdp, type StreamAttempt } from './udp.ts'

/** How servers are asked. */
export interface HostExchangeOptions {
  /** Mixed case in questions; default true. */
  readonly mixCase?: boolean
  readonly limits?: Partial<ExchangeLimits>
  /** What is known of servers; default a book of its own. */
  readonly book?: ServerBook
}

/** One exchange on its way, with all who wait for it. */
interface Running {
  readonly result: Promise<ExchangeResult>
  readonly overdue: (() => void)[]
}

/**
 * The exchange over the sockets of a host.
 * @example
 * const result = await new HostExchange(host).ask({
 *   upstream: upstream({ address: '192.0.2.53', port: 53 }),
 *   question: { name: Name.parse('example.org.'), type: TYPE.A, class: CLASS.IN },
 *   recursionDesired: true, dnssecOk: false, checkingDisabled: false, timeout: seconds(2),
 * })
 */
export class HostExchange implements Exchange {
  readonly #host: Host
  readonly #random: Random
  readonly #mixCase: boolean
  readonly #limits: ExchangeLimits
  readonly #book: ServerBook
  readonly #streams: Streams
  readonly #underWay = new Map<string, Running>()
  /** Exchanges past their time-out that still listen, the oldest first: how each is given up. */
  readonly #late = new Set<() => void>()

  constructor(host: Host, options: HostExchangeOptions = {}) {
    this.#host = host
    this.#random = host.random.fork('dns exchange')
    this.#mixCase = options.mixCase ?? true
    this.#limits = limitGroup('exchange', options.limits)
    this.#book = options.book ?? new ServerBook()
    this.#streams = new Streams(host, this.#limits)
  }

  /** RFC 5452 §5: two equal questions open at once would double a forger's chances ("birthday"), so they are one. */
  ask(request: ExchangeRequest): Promise<ExchangeResult> {
    const key = keyOf(request)
    const running = this.#underWay.get(key)
    if (running !== undefined) {
      if (request.overdue !== undefined) running.overdue.push(request.overdue)
      return running.result
    }
    if (this.#underWay.size >= this.#limits.exchanges) {
      const why = `more than ${this.#limits.exchanges} exchanges at once`
      return Promise.resolve({ kind: 'failure', cause: 'local', why })
    }
    const run = new Run(request)
    const result = this.#exchange(run, key).finally(() => this.#leave(key, run))
    this.#underWay.set(key, { result, overdue: run.overdue })
    return result
  }

  /** Closes the connections that are kept. */
  close(): void {
    this.#streams.close()
  }

  #leave(key: string, run: Run): void {
    if (this.#underWay.get(key)?.overdue === run.overdue) this.#underWay.delete(key)
  }

  async #exchange(run: Run, key: string): Promise<ExchangeResult> {
    const started = this.#host.clock.now()
    // Whatever goes wrong below, the resolver above must hear of it: its client waits.
    const result = await this.#run(run, key).catch(
      (error): ExchangeResult => ({ kind: 'failure', cause: 'local', why: String(error) }),
    )
    this.#report(run, result, started)
    return result
  }

  async #run(run: Run, key: string): Promise<ExchangeResult> {
    const { upstream } = run.request
    run.edns = !this.#book.lacks(upstream.key, 'edns', this.#host.clock.now())
    if (upstream.protocol === 'tcp') return this.#overTcp(run)
    for (;;) {
      const attempt = await this.#overUdp(run, key)
      if (attempt.kind === 'failure') return attempt
      if (attempt.kind === 'doubtful') {
        if (attempt.caseless) this.#book.setLacks(upstream.key, 'mixed case', this.#host.clock.now())
        return this.#overTcp(run)
      }
      if (!this.#dislikesEdns(run, attempt.message)) return attempt.message.tc ? this.#overTcp(run) : attempt
    }
  }

  /** RFC 6891 §6.2.2, §7: whether it is to be asked once more without EDNS, and is so from now on. */
  #dislikesEdns(run: Run, message: Message): boolean {
    const { rcode } = message
    const dislikes = message.edns === null ? rcode === RCODE.FORMERR || rcode === RCODE.NOTIMP : rcode === RCODE.BADVERS
    if (!run.edns || !dislikes) return false
    this.#book.setLacks(run.request.upstream.key, 'edns', this.#host.clock.now())
    run.edns = false
    return true
  }

  async #overUdp(run: Run, key: string): Promise<Attempt> {
    run.attempts++
    const { upstream, question, timeout } = run.request
    let listening: (() => void) | null = null
    const overdue = (giveUp: () => void) => {
      // Whoever asks the same again asks anew: this one may never be answered.
      this.#leave(key, run)
      listening = giveUp
      this.#late.add(giveUp)
      const [oldest] = this.#late
      if (oldest !== undefined && this.#late.size > this.#limits.lateReplies) {
        this.#late.delete(oldest)
        oldest()
      }
      for (const tell of run.overdue.splice(0)) tell()
    }
    const attempt = await askOverUdp(this.#host, {
      server: upstream.address,
      query: this.#query(run, upstream.key, 'udp'),
      name: question.name,
      timeout,
      limits: this.#limits,
      ...(run.overdue.length > 0 && { overdue }),
    })
    if (listening !== null) this.#late.delete(listening)
    return attempt
  }

  async #overTcp(run: Run): Promise<ExchangeResult> {
    const { upstream, question } = run.request
    const now = this.#host.clock.now()
    run.transport = 'tcp'
    if (upstream.protocol === 'plain' && this.#book.lacks(upstream.key, 'tcp', now))
      return { kind: 'failure', cause: 'unreachable', why: 'no connection to the server could be made lately' }
    for (;;) {
      run.attempts++
      const attempt = await this.#streams.ask({
        upstream,
        query: (isTaken) => this.#query(run, upstream.key, 'tcp', isTaken),
        name: question.name,
        deadline: now + this.#limits.streamTime,
      })
      if (attempt.kind === 'reply' && this.#dislikesEdns(run, attempt.message)) continue
      return this.#judged(run, attempt)
    }
  }

  #judged({ request: { upstream } }: Run, attempt: StreamAttempt): ExchangeResult {
    if (attempt.kind === 'failure') {
      if (attempt.cause === 'unreachable') this.#book.setLacks(upstream.key, 'tcp', this.#host.clock.now())
      return attempt
    }
    // RFC 2181 §9: over TCP there is room for all of it, so what says that it was cut off is not the answer.
    if (attempt.message.tc) return { kind: 'failure', cause: 'truncated', why: 'the reply is cut off even over TCP' }
    return attempt
  }

  #query(run: Run, server: string, transport: 'udp' | 'tcp', isTaken?: (id: number) => boolean): Message {
    const { question, recursionDesired, dnssecOk, checkingDisabled } = run.request
    const plain =
      !this.#mixCase || transport === 'tcp' || this.#book.lacks(server, 'mixed case', this.#host.clock.now())
    let id = this.#random.u32() >>> 16
    while (isTaken?.(id) === true) id = this.#random.u32() >>> 16
    return query(question.name, question.type, {
      id,
      rd: recursionDesired,
      cd: checkingDisabled,
      question: [{ ...question, name: plain ? question.name : mixedCase(question.name, this.#random) }],
      edns: run.edns ? edns({ udpSize: this.#limits.udpSize, dnssecOk }) : null,
    })
  }

  #report(run: Run, result: ExchangeResult, started: Nanos): void {
    const { events, clock, name } = this.#host
    if (!events.on) return
    const { upstream, question } = run.request
    const event: DnsExchangeEvent = {
      type: 'dns.exchange',
      at: clock.now(),
      host: name,
      server: upstream.key,
      transport: run.transport,
      name: question.name.toString(),
      rrtype: typeName(question.type),
      rcode: result.kind === 'reply' ? rcodeName(result.message.rcode) : '',
      failure: result.kind === 'failure' ? result.cause : '',
      started,
      attempts: run.attempts,
    }
    events.emit(event)
  }
}

/** One exchange on its way. */
class Run {
  readonly request: ExchangeRequest
  readonly overdue: (() => void)[]
  edns = true
  transport: 'udp' | 'tcp' = 'udp'
  attempts = 0

  constructor(request: ExchangeRequest) {
    this.request = request
    this.overdue = request.overdue === undefined ? [] : [() => request.overdue?.()]
  }
}

function keyOf({ upstream, question, recursionDesired, dnssecOk, checkingDisabled }: ExchangeRequest): string {
  const flags = `${recursionDesired ? 'r' : ''}${dnssecOk ? 'd' : ''}${checkingDisabled ? 'c' : ''}`
  return `${upstream.key}/${flags}/${question.type}/${question.class}/${question.name.key}`
}
