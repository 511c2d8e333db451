/** What TLS reports. */
import type { Nanos } from '../base/clock.ts'
import type { Event } from '../base/events.ts'
import type { Address } from '../socket/address.ts'

/** A connection is secure from now on. */
export interface TlsSecuredEvent extends Event {
  readonly type: 'tls.secured'
  readonly side: 'server' | 'client'
  readonly local: Address
  readonly remote: Address
  /** The name that the client asked for. */
  readonly serverName: string | null
  readonly version: string
  readonly cipher: string
  /** The application protocol that was agreed on. */
  readonly protocol: string | null
  /** Whether an earlier session was resumed. */
  readonly resumed: boolean
  /** How long the handshake took. */
  readonly took: Nanos
}

/** A handshake has failed. */
export interface TlsFailedEvent extends Event {
  readonly type: 'tls.failed'
  readonly side: 'server' | 'client'
  readonly local: Address
  readonly remote: Address
  readonly why: string
}

/** Whatever TLS reports, told apart by `type`. */
export type TlsEvent = TlsSecuredEvent | TlsFailedEvent
