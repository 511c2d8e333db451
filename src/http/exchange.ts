/**
 * One request and its reply, as a handler sees them: the seam between the HTTP machine and whatever answers.
 * `server/` makes exchanges from connections, `platform/memory.ts` from a platform `Request`, and neither the framework
 * nor a proxy can tell which. A handler may answer synchronously; nothing here needs a promise.
 */

import type { Machine } from '../base/machine.ts'
import type { Address } from '../socket/address.ts'
import type { Connection, ConnectionOwner, FileSource, Security } from '../socket/host.ts'

/** Field lines in order, flat: name, value, name, value. Values are ISO-8859-1 strings (RFC 9110 §5.5). */
export type FieldLines = readonly string[]

/** One request and its reply. */
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
  /** `HTTP/2`, `HTTP/1.1` or `HTTP/1.0`. */
  readonly version: string
  /** Scheme of the effective request URI: an absolute target's own, else that of the connection. */
  readonly scheme: 'http' | 'https'
  /** The effective authority: Host, or the absolute target's own (RFC 9112 §3.3). */
  readonly authority: string
  /** The address that the request came in on. */
  readonly local: Address
  /** The client's address: a proxy's, where one stands before the server. */
  readonly remote: Address
  /** What is known of the client where the connection is encrypted: its certificate, the name that it asked for; else null. */
  readonly security: Security | null
  /**
   * The protocol that the request asks to switch to: the Upgrade field of HTTP/1.1 (RFC 9110 §7.8), which `upgrade(101, …)`
   * grants, or `:protocol` of an extended CONNECT in HTTP/2 (RFC 8441 §4), which `upgrade(200, …)` grants. As sent; null
   * where the request asks for none.
   */
  readonly protocol: string | null
  /** The field's value, lines joined with `, ` (RFC 9110 §5.3); the name in lower case. Undefined when absent. */
  header(name: string): string | undefined
  /** All field lines as received. */
  fields(): FieldLines
  /** The body of the request; empty where it has none. */
  readonly body: RequestBody
  /**
   * Aborted, with a `ClientGone` as its reason, when the client goes away before the reply is complete: by a reset, or
   * by ending its side (unless the server serves those on, option `halfClose`). Made on first use. While the
   * server holds the client back (a body that nobody reads, requests behind this one) a leave is seen only when
   * reading goes on.
   */
  readonly signal: AbortSignal
  /** Aborted when the server begins to close: long polls and event streams end then, of themselves. */
  readonly draining: AbortSignal

  /** Whether the handler has given its final reply. */
  readonly answered: boolean
  /**
   * The whole reply at once: the fast way. Framing, Date and Connection are the server's; a Content-Length that is
   * given must be right. Strings go out as UTF-8. For HEAD the length is kept and the body not sent; 204, 205 and 304
   * have no body, whatever is given.
   * @throws HttpMisuse for a status, name or value that could not be framed (CR, LF, NUL, above U+00FF), and for a
   * second reply.
   */
  reply(status: number, fields: FieldLines, body: string | Uint8Array | null): void
  /**
   * Starts a reply whose body comes in pieces: chunked, unless a Content-Length is among the fields.
   * @throws HttpMisuse as `reply` does.
   */
  start(status: number, fields: FieldLines): ReplyBody
  /** An interim response: 100, 102, 103 (RFC 9110 §15.2). @throws HttpMisuse after the final reply. */
  inform(status: number, fields: FieldLines): void
  /**
   * Ends HTTP on this connection (or stream): sends `status` and hands what follows, both ways, to the owner that
   * `owner` makes. 101 with an Upgrade field for a request that asks to upgrade, 200 for CONNECT (RFC 9110 §7.8).
   * `owner` is called once `status` has been written, and may write at once; the owner first gets what the client has
   * sent already. What `owner` throws resets the connection.
   * @throws HttpMisuse `HTTP_CANNOT_UPGRADE` where the request does not ask for it, its body is not read, or other
   * requests are under way on the connection; nothing is sent then, and the exchange can be answered otherwise.
   * @example
   * exchange.upgrade(101, ['Upgrade', 'echo'], (connection) => new Echo(connection))
   */
  upgrade(status: 101 | 200, fields: FieldLines, owner: (connection: Connection) => ConnectionOwner): void
  /** Breaks the connection off (or the stream, where several share one). */
  abort(): void
}

/** A body on its way out, piece by piece. */
export interface BodyWriter {
  /**
   * Takes the bytes; false above the high-water mark, and when nobody is left to read.
   * @throws HttpMisuse after `end`.
   */
  write(bytes: Uint8Array | string): boolean
  /**
   * Resolves when more may be written: at once below the high-water mark. Rejects when nobody is left to read: with
   * `ClientGone` on a server, so that a loop of `write` and `ready` ends with its client.
   * @example
   * for await (const piece of source) if (!body.write(piece)) await body.ready()
   */
  ready(): Promise<void>
  /**
   * Called when more may be written, after `write` has answered false. Not called once nobody is left to read: whoever
   * waits by it must look at `signal` too, which `ready` does by itself.
   */
  onDrain: (() => void | Promise<void>) | null
  /** Ends the body, with trailer fields where the framing allows them. @throws HttpMisuse for fields that may not be trailers. */
  end(trailers?: FieldLines): void
}

/** The body of a reply on its way out. */
export interface ReplyBody extends BodyWriter {
  /**
   * Has the network take part of a file as the next `length` bytes, without reading it here (sendfile(2)); resolves when it
   * has them, and rejects when it will not. Null where that cannot be: over HTTP/2, behind TLS, without a Content-Length, out
   * of turn. The file is to be read and written then.
   */
  sendFile?(file: FileSource, offset: number, length: number): Promise<void> | null
}

/** Who reads a body. What either call throws, or rejects with, ends the exchange that the body belongs to. */
export interface BodySink {
  /**
   * A piece of the body. The bytes are valid until the call returns: the memory is used again then, also when a promise
   * is returned. After a promise the next piece comes when the promise has settled.
   */
  data(bytes: Uint8Array): void | Promise<void>
  /** The last call: null at the true end, or the reason why the rest will not come. */
  end(error: Error | null): void | Promise<void>
}

/** The body of a message that comes in: of a request to a server, of a reply to a client. */
export interface MessageBody {
  /** From Content-Length; null when only the end will tell. 0 when there is none. */
  readonly length: number | null
  /** Field lines after a chunked body; complete when the body has ended. */
  readonly trailers: FieldLines
  /** Pushes the body. At most one reader. @throws HttpMisuse when there is one already. */
  read(sink: BodySink): void
  /** Holds the body back, and with it the peer; for readers of `read`. */
  pause(): void
  /** Lets the body go on after `pause`. */
  resume(): void
  /** The whole body, refused with a `BodyTooLarge` error (status 413) past `limit` bytes; default `limits.bodyBytes`. */
  bytes(limit?: number): Promise<Uint8Array>
  /** The whole body as text, by the charset of Content-Type (UTF-8 when absent). */
  text(limit?: number): Promise<string>
  /** The body as a stream of the platform, as fast as that is read. Instead of `read`. */
  stream(): ReadableStream<Uint8Array>
  /**
   * Throws away what still comes. Where that would be much, or nobody knows how much (past `limits.drainBytes`), the
   * connection is closed instead.
   */
  discard(): void
}

/** The body of a request. Unread bodies are drained up to a limit, then the connection is closed. */
export type RequestBody = MessageBody

/** Answers exchanges. A promise is awaited only to learn of its failure, which becomes a 500. */
export type Handler = (exchange: Exchange) => void | Promise<void>
