/** What goes wrong with getting certificates. What is wrong with a certificate itself is a `TlsError`. */

import type { Duration } from '../base/duration.ts'
import { CodedError } from '../base/errors.ts'

/** The `code` of a `CertificateError`. */
export type CertificateErrorCode =
  /** What the program asked for cannot be had: a name that no certificate can have, a missing solver. */
  | 'CERTIFICATE_SETTINGS'
  /** A file of the development authority, or of a store, is missing, damaged, or readable by others. */
  | 'CERTIFICATE_FILES'
  /** The authority refused, and says why in a problem document (RFC 8555 §6.7). */
  | 'ACME_REFUSED'
  /** The authority has too many requests of this client: `retryAfter` says when to come back. */
  | 'ACME_RATE_LIMITED'
  /** The authority looked for the answer to its challenge and did not find it. */
  | 'ACME_CHALLENGE_FAILED'
  /** What the server says is no ACME. */
  | 'ACME_MALFORMED'
  /** The order, or the server, took longer than it may. */
  | 'ACME_TIMEOUT'

/** More that is known of a failure. */
export interface CertificateErrorDetails {
  /** The error type of the authority without its prefix: `unauthorized`, `caa`, `rateLimited` (RFC 8555 §6.7). */
  readonly problem?: string
  /** When the authority wants to be asked again, counted from now. */
  readonly retryAfter?: Duration
  readonly cause?: unknown
}

/** A certificate could not be had, and why. */
export class CertificateError extends CodedError {
  override readonly name = 'CertificateError'
  override readonly code: CertificateErrorCode
  /** The authority's own word for it (RFC 8555 §6.7), without `urn:ietf:params:acme:error:`; null where it gave none. */
  readonly problem: string | null
  /** When the authority wants to be asked again; null where it does not say. */
  readonly retryAfter: Duration | null

  constructor(code: CertificateErrorCode, message: string, details: CertificateErrorDetails = {}) {
    super(message, details.cause === undefined ? {} : { cause: details.cause })
    this.code = code
    this.problem = details.problem ?? null
    this.retryAfter = details.retryAfter ?? null
  }
}
