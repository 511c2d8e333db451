/**
 * Window arithmetic, and nothing else: what was lost and what may be in flight is decided in `recovery/`, which tells
 * the algorithm what happened. Everything is in bytes.
 */
import type { Nanos } from '../../base/clock.ts'

export interface CongestionControl {
  /** As TCP_CONGESTION knows it. */
  readonly name: string
  /** The congestion window in bytes, at least one segment. */
  readonly cwnd: number
  /** The slow start threshold in bytes; Infinity until the first loss. */
  readonly ssthresh: number

  /** New data was acknowledged outside fast recovery while the window was what held the sender back. */
  acknowledged(bytes: number, now: Nanos): void
  /** A loss was found: fast recovery begins with `flight` bytes outstanding. */
  recover(flight: number, now: Nanos): void
  /** Fast recovery is over; `flight` bytes are still outstanding. */
  recovered(flight: number, now: Nanos): void
  /** The retransmission timer went off. `again`: for data that it had already sent again. */
  timeout(flight: number, again: boolean, now: Nanos): void
  /** Nothing has been sent for longer than a time-out: what the window says of the path is old. */
  idle(now: Nanos): void
  /** The path has turned out to take shorter segments only: nothing else is new. */
  narrow(mss: number): void
  /** The handshake is done: the segment size is known, and what to begin with. */
  resize(mss: number, initialWindow: number): void
}
