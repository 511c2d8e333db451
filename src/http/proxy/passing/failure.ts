/** What is answered where a request could not be passed on. */
import { CodedError, SocketError } from '../../../base/errors.ts'
import { BodyError, MessageRefused, RequestError } from '../../errors.ts'
import type { FieldLines } from '../../exchange.ts'
import { saysGone } from '../../reply/failure.ts'
import { reasonPhrase } from '../../status.ts'

/** Why a request was not passed on, or its reply not whole. */
export interface ProxyFailure {
  /** What the client is told: 400, 403, 404, 407, 413, 502, 503, 504, 508. */
  readonly status: number
  /** In words that tell a stranger nothing of the network behind. */
  readonly reason: string
  /** For whom runs the proxy: what has failed; null where the proxy has decided by itself. */
  readonly error: unknown
  /** More fields of the answer: Retry-After, Proxy-Authenticate. */
  readonly fields: FieldLines
}

export function failure(status: number, reason: string, error: unknown = null, fields: FieldLines = []): ProxyFailure {
  return { status, reason, error, fields }
}

/** No upstream can take the request now. */
export class NoUpstream extends CodedError {
  override readonly name = 'NoUpstream'
  override readonly code = 'HTTP_NO_UPSTREAM'
}

/** What an upstream's failure is for the client; null where it is the client who has gone. */
export function failureOf(error: unknown, gone: boolean): ProxyFailure | null {
  if (gone || saysGone(error)) return null
  if (error instanceof NoUpstream)
    return failure(503, 'no upstream can take the request now', error, ['Retry-After', '5'])
  if (error instanceof BodyError) return failure(error.status, error.message, error)
  if (error instanceof SocketError) {
    if (error.code === 'ETIMEDOUT' || error.code === 'ECANCELED')
      return failure(504, 'the upstream could not be reached in time', error)
    const asked = error.syscall === 'getaddrinfo'
    return failure(502, asked ? 'the name of the upstream was not found' : unreachable(error), error)
  }
  if (error instanceof MessageRefused && error.status !== 502) return failure(error.status, error.message, error)
  if (error instanceof MessageRefused)
    return failure(502, 'the upstream answered with something that is not HTTP', error)
  if (error instanceof CodedError && error.code.startsWith('TLS_'))
    return failure(502, 'the upstream could not be trusted', error)
  if (!(error instanceof RequestError)) return failure(502, 'the upstream could not be asked', error)
  switch (error.reason) {
    case 'timeout':
      if (!error.sent) return failure(504, 'the upstream could not be reached in time', error)
      return failure(504, 'the upstream did not answer in time', error)
    case 'full':
      return failure(503, 'too many requests wait for the upstream', error, ['Retry-After', '1'])
    case 'refused':
      return failure(502, 'the upstream answered with something that is not a reply', error)
    default:
      return failure(502, 'the upstream closed the connection before it had answered', error)
  }
}

function unreachable({ code, syscall }: SocketError): string {
  if (code === 'ECONNREFUSED') return 'the upstream refused the connection'
  return syscall === 'connect' ? 'the upstream could not be reached' : 'the connection to the upstream broke'
}

/** Whether nothing of the request has reached anybody: then it may go to another, whatever it is. */
export function neverSent(error: unknown): boolean {
  if (error instanceof NoUpstream) return true
  if (error instanceof SocketError) return error.syscall === 'connect' || error.syscall === 'getaddrinfo'
  if (error instanceof CodedError && error.code.startsWith('TLS_')) return true
  return error instanceof RequestError && !error.sent
}

/** Whether a failure speaks against the upstream that was asked. */
export function isUpstreamsFault(error: unknown): boolean {
  if (saysGone(error) || error instanceof BodyError || error instanceof NoUpstream) return false
  return !(error instanceof RequestError && (error.reason === 'aborted' || error.reason === 'full'))
}

/** The plain page of a failure. */
export function failurePage({ status, reason }: ProxyFailure): string {
  return `${status} ${reasonPhrase(status)}: ${reason}\n`
}
