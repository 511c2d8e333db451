/** What a handler or a client is told when a message does not come out as it should. Each has a `code` to compare. */
import { CodedError } from '../base/errors.ts'
import type { Verdict } from './verdict.ts'

/** The body cannot be read whole, or not as asked. `status` is what a server may answer. */
export class BodyError extends CodedError {
  override readonly name: string = 'BodyError'
  /** `HTTP_BODY_REFUSED`, `HTTP_BODY_TOO_LARGE` or `HTTP_CLIENT_GONE`. */
  override readonly code: string
  /** What a server may answer: 400, 413 or 415. */
  readonly status: number

  constructor(status: number, message: string, code = 'HTTP_BODY_REFUSED') {
    super(message)
    this.status = status
    this.code = code
  }
}

/** A body is longer than its reader or the server allows. */
export class BodyTooLarge extends BodyError {
  override readonly name = 'BodyTooLarge'
  /** The limit that was passed, in bytes. */
  readonly limit: number

  constructor(limit: number, where = 'the limit given to bytes() or text(), or limits.bodyBytes') {
    super(413, `body is longer than ${limit} bytes (set by ${where})`, 'HTTP_BODY_TOO_LARGE')
    this.limit = limit
  }
}

/**
 * The client has gone before the exchange was complete: the reason of `exchange.signal`, and why bodies end and
 * `ready()` rejects. It is nobody's fault here, so a server does not report it.
 */
export class ClientGone extends BodyError {
  override readonly name = 'ClientGone'

  constructor(message: string, cause?: unknown) {
    super(400, message, 'HTTP_CLIENT_GONE')
    if (cause !== undefined) this.cause = cause
  }
}

/** A WebSocket has ended, or is about to, while somebody waited to send: why `ready()` rejects. It is nobody's fault here. */
export class WebSocketGone extends CodedError {
  override readonly name = 'WebSocketGone'
  override readonly code = 'HTTP_WEBSOCKET_GONE'

  /** @param how it ended; null while it is closing. */
  constructor(how: { readonly code: number; readonly failure: string } | null) {
    const why = how === null ? 'is closing' : `has ended (${how.failure === '' ? `code ${how.code}` : how.failure})`
    super(`the WebSocket ${why}: nothing more can be sent`)
  }
}

/** The peer sent what is no HTTP message, or what could be read in two ways. */
export class MessageRefused extends CodedError {
  override readonly name = 'MessageRefused'
  override readonly code = 'HTTP_MESSAGE_REFUSED'
  /** The status that a server answers to the message; 502 for a response. */
  readonly status: number
  /** Byte offset within the head or the body's framing. */
  readonly at: number

  constructor(verdict: Verdict) {
    super(verdict.toString())
    this.status = verdict.status
    this.at = verdict.at
  }
}

/**
 * Why a request failed:
 * - `timeout`: no progress in time.
 * - `closed`: the connection or the client was closed first.
 * - `refused`: the server's messages make no reply: a switch that nobody asked for, too many interim responses.
 * - `aborted`: the caller gave the request up, or its body failed.
 * - `tunnel`: the proxy did not open a tunnel.
 * - `full`: too many requests wait for the origin.
 * - `redirects`: a redirect could not be followed.
 * - `circuit`: the origin has failed too often, and is left alone for a while.
 */
export type RequestFailure = 'timeout' | 'closed' | 'refused' | 'aborted' | 'tunnel' | 'full' | 'redirects' | 'circuit'

/** A client's request has failed for a reason of HTTP (the socket's own failures stay `SocketError`s). */
export class RequestError extends CodedError {
  override readonly name: string = 'RequestError'
  /** `HTTP_TIMEOUT`, `HTTP_CLOSED`, …: the reason in capitals. */
  override readonly code: string
  /** What happened, in one word: for programs to decide by. */
  readonly reason: RequestFailure
  /** Whether any of the request may have reached the server. Where not, it can be sent again, whatever it is. */
  readonly sent: boolean

  constructor(reason: RequestFailure, message: string, cause?: unknown, sent = true) {
    super(message, cause === undefined ? {} : { cause })
    this.reason = reason
    this.sent = sent
    this.code = `HTTP_${reason.toUpperCase()}`
  }
}

/** What of a call was wrong. */
export type MisuseCode =
  | 'HTTP_INVALID_ARGUMENT'
  | 'HTTP_INVALID_FIELD'
  | 'HTTP_INVALID_STATUS'
  | 'HTTP_INVALID_LENGTH'
  | 'HTTP_INVALID_TRAILER'
  | 'HTTP_INVALID_METHOD'
  | 'HTTP_INVALID_TARGET'
  | 'HTTP_INVALID_URL'
  | 'HTTP_INVALID_BODY'
  | 'HTTP_INVALID_COOKIE'
  | 'HTTP_INVALID_CHARACTER'
  | 'HTTP_ALREADY_ANSWERED'
  | 'HTTP_BODY_ENDED'
  | 'HTTP_BODY_IN_USE'
  | 'HTTP_CANNOT_UPGRADE'
  | 'HTTP_INVALID_CLOSE'
  | 'HTTP_INVALID_PROTOCOL'

/** The program asked for what cannot be sent or done. Nothing of it has reached the network. */
export class HttpMisuse extends CodedError {
  override readonly name = 'HttpMisuse'
  /** What of the call was wrong: for programs to decide by. */
  override readonly code: MisuseCode

  constructor(code: MisuseCode, message: string) {
    super(message)
    this.code = code
  }
}
