/**
 * One exchange as its transport sees it. HTTP/1.1 implements both halves for a place in a connection's pipeline (`h1/slot.ts`),
 * HTTP/2 for a stream (`h2/slot.ts`). The rules of replies stand above these interfaces, framing and order below.
 */

import type { Connection, ConnectionOwner } from '../../socket/host.ts'
import type { IncomingBody } from '../body/incoming.ts'
import type { PieceSink } from '../body/outgoing.ts'
import type { ClientGone } from '../errors.ts'
import type { Exchange } from '../exchange.ts'
import type { ExchangeState } from '../machine/state.ts'
import type { Lines } from '../machine/writer.ts'

/** What came: the head of a request and its body, as the exchange shows them. */
export interface RequestSource
  extends Pick<
    Exchange,
    | 'id'
    | 'method'
    | 'target'
    | 'path'
    | 'query'
    | 'version'
    | 'scheme'
    | 'authority'
    | 'local'
    | 'remote'
    | 'security'
    | 'protocol'
    | 'header'
    | 'fields'
  > {
  readonly body: IncomingBody
}

/** Where the reply goes. As a `PieceSink` it takes pieces once the head of a reply with a body is sent. */
export interface ReplySink extends PieceSink {
  /** What has been received and sent of the exchange, and what may be sent next. */
  readonly state: ExchangeState
  readonly gone: ClientGone | null
  reset(why?: Error): void
  /** An interim response; dropped for a client that would take it for the reply. */
  interim(status: number, fields: Lines): void
  /**
   * A whole reply.
   * @param said the Content-Length to state; -1 for none.
   * @param content null when there is none to send: HEAD, 204, 304.
   * @param length of the content in bytes of UTF-8.
   */
  whole(status: number, fields: Lines, said: number, content: string | Uint8Array | null, length: number): void
  /**
   * The head of a reply whose content follows.
   * @param said the Content-Length to state; -1 when only the end will tell.
   * @param content whether there is to be any: not for HEAD, 204, 304.
   */
  begin(status: number, fields: Lines, said: number, content: boolean): void
  /**
   * Ends HTTP here: `status` goes out, and what follows both ways is the owner's.
   * @throws HttpMisuse where the request is not through, or did not ask for it.
   */
  switch(status: 101 | 200, fields: Lines, owner: (connection: Connection) => ConnectionOwner): void
}

/** What the sink tells the exchange. */
export interface ReplyListener {
  /** The sink takes more again, after `ready` was false. */
  drained(): void
  /** Nobody waits for the reply any more. */
  left(why: ClientGone): void
}
