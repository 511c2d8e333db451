import { type Nanos, SECOND } from '../../base/clock.ts'

/** What one exchange may cost. */
export interface ExchangeLimits {
  /** Datagrams on the question's own socket that are not its reply before TCP is used: somebody is guessing. */
  readonly mismatches: number
  /** Time for a TCP exchange, connecting included: a server that answers by the octet holds nobody up. */
  readonly tcpTimeout: Nanos
  /** Tries for a random source port before the host chooses. */
  readonly portTries: number
  /** Servers remembered as without EDNS, or as changing the case of names. */
  readonly oddServers: number
  /** How long they are. */
  readonly oddMemory: Nanos
  /** Exchanges under way at once; more wait for nothing and fail. */
  readonly exchanges: number
}

export const defaultExchangeLimits: ExchangeLimits = {
  mismatches: 10,
  tcpTimeout: 5 * SECOND,
  portTries: 3,
  oddServers: 5_000,
  oddMemory: 900 * SECOND,
  exchanges: 5_000,
}
