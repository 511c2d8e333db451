/** What a failed request says about whether it may be sent again. */
import { SocketError } from '../../../base/errors.ts'
import { RequestError } from '../../errors.ts'
import type { Outgoing } from '../send.ts'

/** Methods that do once what they do twice (RFC 9110 §9.2.2). */
const IDEMPOTENT: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS', 'TRACE', 'PUT', 'DELETE', 'QUERY'])

export function isIdempotent({ method, upgrade }: Outgoing): boolean {
  return IDEMPOTENT.has(method) && upgrade === undefined
}

/** Whether the body can be had a second time: a stream is gone when it has gone out. */
export function isReplayable({ body }: Outgoing): boolean {
  return body === null || typeof body === 'string' || body instanceof Uint8Array
}

/** The calls that make a connection: when one of these fails, nothing of a request has left. */
const CONNECTING: ReadonlySet<string> = new Set(['connect', 'getaddrinfo', 'socket', 'bind'])

/**
 * - `unsent`: the request has not left: whatever it is, it can be sent again.
 * - `unknown`: the server may have acted on it.
 * - `final`: sending it again would not help, or is not wanted.
 */
export type Outcome = 'unsent' | 'unknown' | 'final'

export function outcomeOf(error: unknown): Outcome {
  if (error instanceof SocketError) {
    if (error.code === 'ECANCELED') return 'final'
    return CONNECTING.has(error.syscall) ? 'unsent' : 'unknown'
  }
  if (!(error instanceof RequestError)) return 'final'
  if (error.reason === 'timeout' || error.reason === 'closed') return error.sent ? 'unknown' : 'unsent'
  return 'final'
}
