/** What the owner of a connection (the IP stack) is told. */
import type { ErrorCode } from '../../base/errors.ts'
import type { TcpState } from './state.ts'

/**
 * Calls come at the end of `segmentArrived` and of `poll`, one after the other, and never from inside the owner's own
 * calls to the Tcb. The owner may call `send`, `consumed`, `shutdown`, `close` and `abort` from them, and has to call
 * `poll` afterwards.
 */
export interface TcbOwner {
  /** The connection has moved to another state. ESTABLISHED: it is open. TIME-WAIT: nothing will be told but the end. */
  onState(from: TcpState, to: TcpState): void
  /**
   * The next bytes of the stream, in order: views of the segment that carried them, so valid for as long as its memory
   * is. They count against the receive window until `consumed` is called for as many.
   */
  onData(bytes: Uint8Array): void
  /** The peer has finished sending, and all it sent has been delivered. */
  onEnd(): void
  /** There is room again, after `send` had taken less than it was given. */
  onDrain(): void
  /** The last call, once: the state is CLOSED and the owner forgets the Tcb. null after an orderly end or `abort`. */
  onClosed(error: ErrorCode | null): void
}
