/** What is reported about certificates. */
import type { Event } from '../base/events.ts'

/** The authority has signed a certificate. */
export interface CertificateObtainedEvent extends Event {
  readonly type: 'certificates.obtained'
  readonly names: readonly string[]
  readonly authority: string
  /** Milliseconds since 1970. */
  readonly validUntil: number
}

/** A certificate could not be had; `nextTry` is when it is tried again, milliseconds since 1970. */
export interface CertificateFailedEvent extends Event {
  readonly type: 'certificates.failed'
  readonly names: readonly string[]
  readonly authority: string
  readonly why: string
  readonly nextTry: number
}

/** Whatever is reported about certificates, told apart by `type`. */
export type CertificateEvent = CertificateObtainedEvent | CertificateFailedEvent
