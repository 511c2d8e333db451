/**
 * What a client and its connections ask of each other. HTTP/1.1 implements `ClientTransport` (`h1/connection.ts`); whichever
 * protocol a connection speaks, the pool fills, empties and closes it in the same way.
 */
import type { Nanos } from '../../base/clock.ts'
import type { Machine } from '../../base/machine.ts'
import type { HttpLimits } from '../limits.ts'
import type { Output } from '../machine/output.ts'
import type { Origin } from '../origin.ts'
import type { Deadlined } from '../sweep.ts'
import type { ClientExchange } from './exchange.ts'

/** A connection to an origin, or to the proxy before it. */
export interface ClientTransport extends Deadlined {
  readonly origin: Origin
  /** How many exchanges are under way. */
  readonly load: number
  /** Whether the transport carries many exchanges at once, and may be given more of them: another one is not needed then. */
  readonly multiplexes: boolean
  /** Whether the exchange may be sent now. */
  takes(exchange: ClientExchange): boolean
  send(exchange: ClientExchange): void
  /** Whether the transport has the exchange. */
  has(exchange: ClientExchange): boolean
  /** Gives an exchange up that is under way. */
  cancel(exchange: ClientExchange, error: Error): void
  /** There is nothing to send: the server may close the connection from now on without anybody noticing at once. */
  rest(): void
  /** Ends the connection in order, when nothing is under way. */
  close(): void
}

/** What a transport needs of its client. */
export interface TransportClient {
  readonly machine: Machine
  readonly limits: HttpLimits
  readonly output: Output
  /** How long an unused connection is kept. */
  readonly idleTime: Nanos
  /** How long a body may make no progress, either way. */
  readonly bodyTime: Nanos
  /** How long a server may take to say that it wants a body, before the body is sent to it all the same. */
  readonly continueTime: Nanos
  /** Requests that may be under way on one connection when this one is added. */
  depth(exchange: ClientExchange): number
  noteDeadline(deadline: Nanos): void
  /** The transport may take another request. */
  free(transport: ClientTransport): void
  /** The transport takes no more, and is to be forgotten. */
  gone(transport: ClientTransport): void
  /** Whether an exchange that the server has not looked at (RFC 9113 §8.7) is sent anew. */
  unprocessed(exchange: ClientExchange): boolean
  /** Whether the failed exchange is tried again on another connection. */
  retry(exchange: ClientExchange, error: Error): boolean
}
