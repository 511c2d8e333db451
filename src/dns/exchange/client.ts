/**
 * Exchanges over a Host: a random ID, a fresh random source port and mixed case for each, EDNS with a way back for
 * servers that do not know it, TCP where UDP is too small or somebody is guessing. Equal questions share one.
 */
import type { Random } from '../../base/random.ts'
import { formatAddress } from '../../socket/address.ts'
import type { Host } from '../../socket/host.ts'
import { BoundedMap } from '../cache/bounded.ts'
import type { DnsExchangeEvent } from '../events.ts'
import { defaultExchangeLimits, type ExchangeLimits } from '../limits.ts'
import { edns } from '../message/edns.ts'
import { type Message, query } from '../message/message.ts'
import { RCODE, rcodeName, typeName } from '../message/types.ts'
import { mixedCase } from './case.ts'
import type { Exchange, ExchangeRequest, ExchangeResult } from './exchange.ts'
import { askOverTcp } from './tcp.ts'
import { askOverUdp } from './udp.ts'

export interface HostExchangeOptions {
  /** Mixed case in questions; default true. */
  readonly mixCase?: boolean
  readonly limits?: Partial<ExchangeLimits>
}

export class HostExchange implements Exchange {
  readonly #host: Host
  readonly #random: Random
  readonly #mixCase: boolean
  readonly #limits: ExchangeLimits
  readonly #underWay = new Map<string, Promise<ExchangeResult>>()
  readonly #withoutEdns: BoundedMap<number>
  readonly #caseless: BoundedMap<number>

  constructor(host: Host, options: HostExchangeOptions = {}) {
    this.#host = host
    this.#random = host.random.fork('dns exchange')
    this.#mixCase = options.mixCase ?? true
    this.#limits = { ...defaultExchangeLimits, ...options.limits }
    this.#withoutEdns = new BoundedMap(this.#limits.oddServers)
    this.#caseless = new BoundedMap(this.#limits.oddServers)
  }

  /** RFC 5452 §5: two equal questions open at once would double a forger's chances ("birthday"), so they are one. */
  ask(request: ExchangeRequest): Promise<ExchangeResult> {
    const { server, question, recursionDesired } = request
    const key = `${formatAddress(server)}/${recursionDesired}/${question.type}/${question.class}/${question.name.key}`
    const running = this.#underWay.get(key)
    if (running !== undefined) return running
    if (this.#underWay.size >= this.#limits.exchanges)
      return Promise.resolve({ kind: 'error', why: `more than ${this.#limits.exchanges} exchanges at once` })
    const exchange = this.#exchange(request).finally(() => this.#underWay.delete(key))
    this.#underWay.set(key, exchange)
    return exchange
  }

  async #exchange(request: ExchangeRequest): Promise<ExchangeResult> {
    const started = this.#host.clock.now()
    const run = new Run(request)
    // Whatever goes wrong below, the resolver above must hear of it: its client waits.
    const result = await this.#run(run).catch((error): ExchangeResult => ({ kind: 'error', why: String(error) }))
    this.#report(run, result, started)
    return result
  }

  async #run(run: Run): Promise<ExchangeResult> {
    const { request } = run
    const server = formatAddress(request.server)
    run.edns = !this.#isOdd(this.#withoutEdns, server)
    let { timeout } = request
    while (run.attempts < request.attempts) {
      run.attempts++
      const attempt = await askOverUdp(
        this.#host,
        request.server,
        this.#message(run, server),
        request.question.name,
        timeout,
        this.#limits,
      )
      if (attempt.kind === 'error') return attempt
      if (attempt.kind === 'timeout') timeout *= 2
      else if (attempt.kind === 'doubtful') {
        if (attempt.caseless) this.#remember(this.#caseless, server)
        return this.#overTcp(run, server)
      } else if (run.edns && dislikesEdns(attempt.message)) {
        // RFC 6891 §6.2.2, §7: without EDNS then, from now on; that attempt does not count.
        this.#remember(this.#withoutEdns, server)
        run.edns = false
        run.attempts--
      } else return attempt.message.tc ? this.#overTcp(run, server) : attempt
    }
    return { kind: 'timeout' }
  }

  async #overTcp(run: Run, server: string): Promise<ExchangeResult> {
    run.transport = 'tcp'
    run.attempts++
    const { question, server: at } = run.request
    const attempt = await askOverTcp(this.#host, at, this.#message(run, server), question.name, this.#limits)
    return attempt.kind === 'doubtful' ? { kind: 'error', why: 'what came over TCP is not the reply' } : attempt
  }

  #message(run: Run, server: string): Message {
    const { question, recursionDesired } = run.request
    const plain = !this.#mixCase || run.transport === 'tcp' || this.#isOdd(this.#caseless, server)
    return query(question.name, question.type, {
      id: this.#random.u32() >>> 16,
      rd: recursionDesired,
      question: [{ ...question, name: plain ? question.name : mixedCase(question.name, this.#random) }],
      edns: run.edns ? edns() : null,
    })
  }

  #isOdd(servers: BoundedMap<number>, server: string): boolean {
    const until = servers.get(server)
    return until !== undefined && until > this.#host.clock.now()
  }

  #remember(servers: BoundedMap<number>, server: string): void {
    servers.set(server, this.#host.clock.now() + this.#limits.oddMemory)
  }

  #report(run: Run, result: ExchangeResult, started: number): void {
    const { events, clock, name } = this.#host
    if (!events.on) return
    const { server, question } = run.request
    const event: DnsExchangeEvent = {
      type: 'dns.exchange',
      at: clock.now(),
      host: name,
      server: formatAddress(server),
      transport: run.transport,
      name: question.name.toString(),
      rrtype: typeName(question.type),
      rcode: result.kind === 'reply' ? rcodeName(result.message.rcode) : result.kind.toUpperCase(),
      started,
      attempts: run.attempts,
    }
    events.emit(event)
  }
}

/** One exchange on its way. */
class Run {
  readonly request: ExchangeRequest
  edns = true
  transport: 'udp' | 'tcp' = 'udp'
  attempts = 0

  constructor(request: ExchangeRequest) {
    this.request = request
  }
}

function dislikesEdns(message: Message): boolean {
  if (message.edns !== null) return message.rcode === RCODE.BADVERS
  return message.rcode === RCODE.FORMERR || message.rcode === RCODE.NOTIMP
}
