/** What a handler or a client is told when a message does not come out as it should. */

/** The body will not come whole, or cannot be read as asked. `status` is what a server may answer. */
export class BodyError extends Error {
  override readonly name: string = 'BodyError'
  readonly status: number

  constructor(status: number, message: string) {
    super(message)
    this.status = status
  }
}

/** A body is longer than its reader or the server allows. */
export class BodyTooLarge extends BodyError {
  override readonly name = 'BodyTooLarge'
  readonly limit: number

  constructor(limit: number, where = 'the limit given to bytes() or text(), or limits.bodyBytes') {
    super(413, `body is longer than ${limit} bytes (set by ${where})`)
    this.limit = limit
  }
}

/** The peer sent what is no HTTP message, or what could be read in two ways. */
export class MessageRefused extends Error {
  override readonly name = 'MessageRefused'
  /** The status that a server answers to it; 502 for a response. */
  readonly status: number
  /** Byte offset within the head or the body's framing. */
  readonly at: number

  constructor(status: number, why: string, at: number) {
    super(`${why} at byte ${at}`)
    this.status = status
    this.at = at
  }
}

export type RequestFailure = 'timeout' | 'closed' | 'refused' | 'aborted' | 'tunnel' | 'full'

/** A client's request has failed for a reason of HTTP (the socket's own failures stay `SocketError`s). */
export class RequestError extends Error {
  override readonly name = 'RequestError'
  readonly reason: RequestFailure

  constructor(reason: RequestFailure, message: string, cause?: unknown) {
    super(message, cause === undefined ? {} : { cause })
    this.reason = reason
  }
}
