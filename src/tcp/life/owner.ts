/** What the owner of a connection (the IP stack) is told. */
import type { ErrorCode } from '../../base/errors.ts'
import type { TcpState } from './state.ts'

/**
 * Calls come at the end of `segmentArrived` and of `poll`, one after the other, and never from inside the owner's own
 * calls to the Tcb. The owner may call `send`, `read`, `shutdown`, `close` and `abort` from them, and has to call `poll`
 * afterwards. What can be read, and whether the peer has ended, it sees for itself: `Tcb.readable`, `Tcb.ended`.
 */
export interface TcbOwner {
  /** The connection has moved to another state. ESTABLISHED: it is open. TIME-WAIT: nothing will be told but the end. */
  onState(from: TcpState, to: TcpState): void
  /** The last call, once: the state is CLOSED and the owner forgets the Tcb. null after an orderly end or `abort`. */
  onClosed(error: ErrorCode | null): void
}
