/** Joins the resolver's core to a machine: its clock, and exchanges with servers. */
import type { Nanos, Timer } from '../../base/clock.ts'
import type { Machine } from '../../base/machine.ts'
import type { IpAddress } from '../../socket/address.ts'
import type { Answer, Query } from '../answer/answer.ts'
import type { DnsStage } from '../events.ts'
import type { Exchange } from '../exchange/exchange.ts'
import type { Resolver, ResolverAction, ResolverEvent } from '../iterate/resolver.ts'
import { reportAnswer, reportPassed } from './report.ts'

/** What came of a question. */
export interface Resolved {
  readonly answer: Answer
  /** Whether it came out of the cache. */
  readonly cached: boolean
  /** Why it failed; '' when it did not. */
  readonly why: string
  /** Whether there was no room for the question. */
  readonly refused: boolean
}

type Waiting = (resolved: Resolved) => void

const NEVER: Nanos = Number.POSITIVE_INFINITY

/**
 * A resolver that runs: questions in, promises of answers out.
 * @example
 * const { answer, cached } = await driver.resolve({ name, type: TYPE.A, class: CLASS.IN })
 */
export class ResolverDriver {
  readonly resolver: Resolver
  readonly #machine: Machine
  readonly #exchange: Exchange
  readonly #stage: DnsStage
  readonly #waiting = new Map<number, Waiting>()
  #nextRequest = 1
  #wakeAt = NEVER
  #timer: Timer | null = null

  constructor(machine: Machine, resolver: Resolver, exchange: Exchange, stage: DnsStage) {
    this.resolver = resolver
    this.#machine = machine
    this.#exchange = exchange
    this.#stage = stage
  }

  /**
   * Calls `done` once, before it returns when the cache has the answer. Failures are answers with SERVFAIL.
   * @param client who asks, for policies; null for the program itself
   */
  ask(query: Query, done: Waiting, client: IpAddress | null = null): void {
    const request = this.#nextRequest++
    this.#waiting.set(request, done)
    // A client's mixed case is a secret between it and us: it goes back in the question and no further.
    this.#step({ kind: 'question', request, query: { ...query, name: query.name.lower() }, client })
  }

  /** The machine's time. */
  now(): Nanos {
    return this.#machine.clock.now()
  }

  resolve(query: Query): Promise<Resolved> {
    return new Promise((resolve) => this.ask(query, resolve))
  }

  /** Lets go of the connections that are kept. Questions that are under way come to their end. */
  close(): void {
    this.#exchange.close?.()
  }

  #step(event: ResolverEvent): void {
    for (const action of this.resolver.step(event, this.#machine.clock.now())) this.#perform(action)
    const { wakeAt } = this.resolver
    if (wakeAt !== this.#wakeAt) this.#arm(wakeAt)
  }

  #arm(wakeAt: Nanos): void {
    this.#timer?.cancel()
    this.#wakeAt = wakeAt
    this.#timer =
      wakeAt === NEVER
        ? null
        : this.#machine.clock.at(wakeAt, () => {
            this.#wakeAt = NEVER
            this.#step({ kind: 'wake' })
          })
  }

  #perform(action: ResolverAction): void {
    if (action.kind === 'answer') {
      const { request, query, answer, cached, why, refused } = action
      const done = this.#waiting.get(request)
      this.#waiting.delete(request)
      reportAnswer(this.#machine, this.#stage, query, answer, cached)
      done?.({ answer, cached, why, refused })
      return
    }
    const { exchange, server, query, recursionDesired, dnssecOk, timeout } = action
    reportPassed(this.#machine, this.#stage, query, server)
    const request = {
      upstream: server,
      question: query,
      recursionDesired,
      dnssecOk,
      checkingDisabled: query.checkingDisabled === true,
      timeout,
      overdue: () => this.#step({ kind: 'overdue', exchange }),
    }
    this.#exchange.ask(request).then((result) => {
      if (result.kind === 'reply') this.#step({ kind: 'reply', exchange, message: result.message, rtt: result.rtt })
      else this.#step({ kind: 'failure', exchange, cause: result.cause })
    })
  }
}
