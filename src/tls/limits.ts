/** Limits of TLS. Each can be set where a host or a client gets its TLS. */
import { type Duration, seconds } from '../base/duration.ts'

/** Limits of the handshakes of one host or client. */
export interface TlsLimits {
  /** How long a handshake may take. */
  readonly handshakeTime: Duration
  /** Handshakes under way at one time on a listener: each costs milliseconds of processor time. More are reset. */
  readonly handshakes: number
  /** Servers whose sessions a client remembers, to resume them. */
  readonly sessions: number
}

/** The defaults. */
export const TLS_LIMITS: TlsLimits = Object.freeze({
  // Two round trips and a signature: ten seconds are enough for a client behind a satellite, and few for a slow attacker.
  handshakeTime: seconds(10),
  // At some milliseconds each, 1,024 are some seconds of work that are waited for.
  handshakes: 1024,
  sessions: 256,
})
