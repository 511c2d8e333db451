/**
 * One request and its reply, as a handler sees them: the seam between the HTTP machine and whatever answers.
 * `server.ts` makes exchanges from connections, `memory.ts` from a platform `Request`, and neither the framework
 * nor a proxy can tell which. A handler may answer synchronously; nothing here needs a promise.
 */

import type { Machine } from '../base/machine.ts'
import type { Address } from '../socket/address.ts'

/** Field lines in order, flat: name, value, name, value. Values are ISO-8859-1 strings (RFC 9110 §5.5). */
export type FieldLines = readonly string[]

export interface Exchange {
  /** Where it is handled: the clock, the randomness and the event log of that machine. */
  readonly machine: Machine
  /** Counts the exchanges of one server: events of one request carry it. */
  readonly id: number
  /** The method as sent; methods are case-sensitive (RFC 9110 §9.1). */
  readonly method: string
  /** The request target as received: `/a%20b?x=1`, `*`, `http://…/`, `host:port` (RFC 9112 §3.2). */
  readonly target: string
  /** The target's path, still percent-encoded, without query; `*` for `OPTIONS *`; empty for CONNECT. */
  readonly path: string
  /** The query without its `?`, still encoded; empty when there is none. */
  readonly query: string
  /** 'HTTP/1.1' or 'HTTP/1.0'. */
  readonly version: string
  /** Scheme of the effective request URI. */
  readonly scheme: 'http' | 'https'
  /** The effective authority: Host, or the absolute target's own (RFC 9112 §3.3). */
  readonly authority: string
  readonly local: Address
  readonly remote: Address
  /** The field's value, lines joined with `, ` (RFC 9110 §5.3); the name in lower case. Undefined when absent. */
  header(name: string): string | undefined
  /** All field lines as received. */
  fields(): FieldLines
  readonly body: RequestBody
  /** Aborted when the client goes away before the reply is complete. Made on first use. */
  readonly signal: AbortSignal

  /** Whether a final status has been sent. */
  readonly answered: boolean
  /**
   * The whole reply at once: the fast way. Framing, Date and Connection are the server's; a Content-Length that is
   * given must be right. Strings go out as UTF-8. For HEAD the length is kept and the body not sent.
   * @throws TypeError for a status, name or value that could not be framed (CR, LF, NUL, above U+00FF).
   */
  reply(status: number, fields: FieldLines, body: string | Uint8Array | null): void
  /** Starts a reply whose body comes in pieces: chunked, unless a Content-Length is among the fields. */
  start(status: number, fields: FieldLines): ReplyBody
  /** An interim response: 100, 102, 103 (RFC 9110 §15.2). */
  inform(status: number, fields: FieldLines): void
  /** Breaks the connection off (or the stream, where several share one). */
  abort(): void
}

export interface ReplyBody {
  /** Takes the bytes; false above the high-water mark, then `onDrain` follows. */
  write(bytes: Uint8Array | string): boolean
  /** Set by the handler. */
  onDrain: (() => void) | null
  /** Ends the body, with trailer fields where the framing allows them. */
  end(trailers?: FieldLines): void
}

/** The body of a request. Unread bodies are drained up to a limit, then the connection is closed. */
export interface RequestBody {
  /** From Content-Length; null when chunked. 0 when there is none. */
  readonly length: number | null
  /** Field lines after a chunked body; complete when the body has ended. */
  readonly trailers: FieldLines
  /**
   * Pushes the body; bytes are valid during the call only. At most one reader.
   * `end` gets null at the true end, or the reason why it will not come.
   */
  read(sink: { data(bytes: Uint8Array): void; end(error: Error | null): void }): void
  pause(): void
  resume(): void
  /** The whole body, refused with a `BodyTooLarge` error (status 413) past `limit` bytes. */
  bytes(limit?: number): Promise<Uint8Array>
  /** The whole body as text, by the charset of Content-Type (UTF-8 when absent). */
  text(limit?: number): Promise<string>
  stream(): ReadableStream<Uint8Array>
}

/** Answers exchanges. A promise is awaited only to learn of its failure, which becomes a 500. */
export type Handler = (exchange: Exchange) => void | Promise<void>
