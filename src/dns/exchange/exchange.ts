/**
 * The seam between deciding and doing: one question to one server, complete. Above it nobody knows of IDs, ports,
 * retries, EDNS or TCP; below it nobody knows why the question is asked.
 */
import type { Nanos } from '../../base/clock.ts'
import type { IpAddress as Address } from '../../socket/address.ts'
import type { Message, Question } from '../message/message.ts'

export interface ExchangeRequest {
  readonly server: Address
  readonly question: Question
  readonly recursionDesired: boolean
  /** How long to wait for the first attempt; each further one waits twice as long. */
  readonly timeout: Nanos
  /** Attempts over UDP. */
  readonly attempts: number
}

export type ExchangeResult =
  /** The server's own reply to that question. `rtt` is the time the last attempt took. */
  | { readonly kind: 'reply'; readonly message: Message; readonly rtt: Nanos }
  | { readonly kind: 'timeout' }
  /** It cannot be reached, or what it sends is no DNS. */
  | { readonly kind: 'error'; readonly why: string }

export interface Exchange {
  /** Never rejects. */
  ask(request: ExchangeRequest): Promise<ExchangeResult>
}
