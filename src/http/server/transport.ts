/**
 * What a server and the connections of its clients ask of each other. HTTP/1.1 implements `ServerTransport` (`h1/connection.ts`);
 * whichever protocol a connection turns out to speak, the server drains, counts and aborts it in the same way.
 */
import type { Nanos } from '../../base/clock.ts'
import type { HttpLimits } from '../limits.ts'
import type { Output } from '../machine/output.ts'
import type { Deadlined } from '../sweep.ts'
import type { ExchangeServer, ServerExchange } from './exchange.ts'

/** One client's connection. */
export interface ServerTransport {
  /** What the connection waits for, and until when. */
  readonly patience: Deadlined
  /** The server is to be closed: what is idle goes at once, the rest after its reply. */
  drain(): void
  /** Resets the connection, whatever is under way. */
  abort(): void
}

/** What a transport needs of its server. */
export interface TransportServer extends ExchangeServer {
  readonly limits: HttpLimits
  readonly output: Output
  /** Whether a client that has ended its side is still waited upon. */
  readonly halfClose: boolean
  /** `Connection: keep-alive` and `Keep-Alive: timeout=…`. */
  readonly keepAlive: string
  /** Numbers the exchanges. */
  nextId(): number
  /** The Date line with its CRLF. */
  date(): string
  /** Has an exchange answered; whatever the handler throws, the call returns. */
  dispatch(exchange: ServerExchange): void
  /** A deadline was set. */
  noteDeadline(deadline: Nanos): void
  /** The connection is gone, or belongs to another protocol. */
  forget(transport: ServerTransport): void
}
