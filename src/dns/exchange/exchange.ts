/**
 * The seam between deciding and doing: one question to one server, complete. Above it nobody knows of IDs, ports,
 * retries, EDNS or TCP; below it nobody knows why the question is asked.
 */
import type { Nanos } from '../../base/clock.ts'
import type { Message, Question } from '../message/message.ts'
import type { Cause } from '../servers/book.ts'
import type { Upstream } from '../servers/upstream.ts'

/** One question for one server. */
export interface ExchangeRequest {
  readonly upstream: Upstream
  readonly question: Question
  /** The RD bit: the server is to resolve for us. */
  readonly recursionDesired: boolean
  /** The DO bit (RFC 3225): signatures are wanted. */
  readonly dnssecOk: boolean
  /** The CD bit (RFC 4035 §3.2.2): what fails the server's check of signatures is wanted all the same. */
  readonly checkingDisabled: boolean
  /** How long to wait before it is a time-out. */
  readonly timeout: Nanos
  /**
   * Called once when the time-out has passed and a late reply is still listened for: whoever waits may try elsewhere.
   * Without it there is no listening on.
   */
  overdue?(): void
}

/** What became of it. */
export type ExchangeResult =
  /** The server's own reply to that question; `rtt` is the time it took, null where that cannot be told. */
  | { readonly kind: 'reply'; readonly message: Message; readonly rtt: Nanos | null }
  | { readonly kind: 'failure'; readonly cause: Cause; readonly why: string }

/** Whoever asks servers: `HostExchange` over sockets, a script in tests. */
export interface Exchange {
  /** Never rejects. */
  ask(request: ExchangeRequest): Promise<ExchangeResult>
  /** Lets go of what is kept for further questions: connections that are idle. */
  close?(): void
}
