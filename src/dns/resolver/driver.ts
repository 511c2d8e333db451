/** Joins the resolver's core to a host: its clock, and exchanges with servers. */
import type { Host } from '../../socket/host.ts'
import type { Answer, Query } from '../cache/cache.ts'
import type { DnsStage } from '../events.ts'
import type { Exchange } from '../exchange/exchange.ts'
import type { Resolver, ResolverAction, ResolverEvent } from '../iterate/resolver.ts'
import { reportAnswer, reportPassed } from './report.ts'

export interface Resolved {
  readonly answer: Answer
  /** Whether it came out of the cache. */
  readonly cached: boolean
  /** Why it failed; '' when it did not. */
  readonly why: string
}

type Waiting = (resolved: Resolved) => void

export class ResolverDriver {
  readonly resolver: Resolver
  readonly #host: Host
  readonly #exchange: Exchange
  readonly #stage: DnsStage
  readonly #waiting = new Map<number, Waiting>()
  #nextRequest = 1

  constructor(host: Host, resolver: Resolver, exchange: Exchange, stage: DnsStage) {
    this.resolver = resolver
    this.#host = host
    this.#exchange = exchange
    this.#stage = stage
  }

  /** Calls `done` once, before it returns when the cache has the answer. Failures are answers with SERVFAIL. */
  ask(query: Query, done: Waiting): void {
    const request = this.#nextRequest++
    this.#waiting.set(request, done)
    // A client's mixed case is a secret between it and us: it goes back in the question and no further.
    this.#step({ kind: 'question', request, query: { ...query, name: query.name.lower() } })
  }

  resolve(query: Query): Promise<Resolved> {
    return new Promise((resolve) => this.ask(query, resolve))
  }

  #step(event: ResolverEvent): void {
    for (const action of this.resolver.step(event, this.#host.clock.now())) this.#perform(action)
  }

  #perform(action: ResolverAction): void {
    if (action.kind === 'answer') {
      const { request, query, answer, cached, why } = action
      const done = this.#waiting.get(request)
      this.#waiting.delete(request)
      reportAnswer(this.#host, this.#stage, query, answer, cached)
      done?.({ answer, cached, why })
      return
    }
    const { exchange, server, query, recursionDesired, timeout } = action
    reportPassed(this.#host, this.#stage, query, server)
    const { attempts } = this.resolver.settings
    this.#exchange.ask({ server, question: query, recursionDesired, timeout, attempts }).then((result) => {
      if (result.kind === 'reply') this.#step({ kind: 'reply', exchange, message: result.message, rtt: result.rtt })
      else this.#step({ kind: result.kind, exchange })
    })
  }
}
