/** Limits of how certificates are had from an authority. */
import { type Duration, hours, minutes, seconds } from '../base/duration.ts'

/** Limits of an ACME client. Each can be set where certificates are managed. */
export interface CertificateLimits {
  /** The largest answer of the authority that is read. A chain of certificates is some kilobytes long. */
  readonly answerBytes: number
  /** How often a request is sent again because the authority did not like its nonce (RFC 8555 §6.5). */
  readonly nonceTries: number
  /** Nonces that are kept for later requests: each answer brings one. */
  readonly nonces: number
  /** How long the authority may take for one answer. */
  readonly answerTime: Duration
  /** How long one order may take, from the first request to the certificate. */
  readonly orderTime: Duration
  /** The shortest and longest pause between two looks at whether the authority is done, whatever the authority asks for. */
  readonly pollTime: Duration
  readonly longestPollTime: Duration
  /** The pause after a first failure; it doubles with every further one. */
  readonly retryTime: Duration
  /** The longest pause after failures, and after which the plan of a renewal is looked at again. */
  readonly longestRetryTime: Duration
  /** Names in one certificate. */
  readonly names: number
}

/** The defaults. */
export const CERTIFICATE_LIMITS: CertificateLimits = Object.freeze({
  answerBytes: 256 * 1024,
  nonceTries: 4,
  nonces: 16,
  answerTime: seconds(30),
  // Authorities look at a challenge from several places, and DNS takes its time.
  orderTime: minutes(10),
  pollTime: seconds(1),
  longestPollTime: seconds(30),
  // Let's Encrypt allows five failed validations of a name in an hour.
  retryTime: minutes(15),
  longestRetryTime: hours(24),
  // What Let's Encrypt allows.
  names: 100,
})
