/** What this machine's sockets report. Packets are the kernel's own affair; `internet()` and `stackHost()` show those. */
import type { Nanos } from '../base/clock.ts'
import type { ErrorCode } from '../base/errors.ts'
import type { Event } from '../base/events.ts'
import type { Address } from '../socket/address.ts'

/** A socket listens, or a datagram socket is bound. */
export interface KernelBoundEvent extends Event {
  readonly type: 'kernel.bound'
  readonly transport: 'tcp' | 'udp' | 'unix'
  readonly local: Address
}

/** A connection was taken off a listener's queue. */
export interface KernelAcceptedEvent extends Event {
  readonly type: 'kernel.accepted'
  readonly local: Address
  readonly remote: Address
}

/** A connection was opened. */
export interface KernelConnectedEvent extends Event {
  readonly type: 'kernel.connected'
  readonly local: Address
  readonly remote: Address
  /** From the call to the end of the handshake. */
  readonly took: Nanos
}

/** Opening something has failed. */
export interface KernelFailedEvent extends Event {
  readonly type: 'kernel.failed'
  readonly syscall: string
  /** What was asked for. */
  readonly address: Address
  readonly code: ErrorCode
}

/** Whatever this machine's sockets report, told apart by `type`. */
export type KernelEvent = KernelBoundEvent | KernelAcceptedEvent | KernelConnectedEvent | KernelFailedEvent
