/**
 * Window arithmetic, and nothing else: what was lost is decided in `loss/`, which tells the algorithm what happened.
 * Everything is in bytes. One instance serves one connection.
 */
import type { Nanos } from '../../base/clock.ts'
import type { AckReport } from '../loss/report.ts'

/**
 * The congestion control of one connection: it says how much may be out (`cwnd`), and is told what happens to what is.
 * @example
 * // A window that never changes, as `TCP_CONGESTION: 'fixed'` of every connection of a simulated machine.
 * const fixed: CongestionFactory = ({ cwnd, ssthresh }) => ({
 *   name: 'fixed',
 *   cwnd,
 *   ssthresh,
 *   pacingRate: Number.POSITIVE_INFINITY,
 *   acknowledged() {},
 *   recover() {},
 *   recovered() {},
 *   timeout() {},
 *   idle() {},
 *   narrow() {},
 * })
 * internet().host('a', { tcp: { algorithms: { fixed }, congestion: 'fixed' } })
 */
export interface CongestionControl {
  /** As TCP_CONGESTION knows it. */
  readonly name: string
  /** The congestion window in bytes, at least one segment. */
  readonly cwnd: number
  /** The slow start threshold in bytes; Infinity until the first loss. */
  readonly ssthresh: number
  /** Bytes a second that segments are spread out to; Infinity: they leave as soon as the windows let them. */
  readonly pacingRate: number

  /** An ACK has told something of what was sent. Comes before the loss recovery draws its conclusions from it. */
  acknowledged(report: AckReport): void
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
}

/** What an algorithm begins with: the handshake's result, or where another algorithm stood that it takes over from. */
export interface CongestionStart {
  /** Sender's segment size in bytes. */
  readonly mss: number
  /** In bytes. */
  readonly cwnd: number
  readonly ssthresh: number
}

/** Makes the congestion control of one connection. */
export type CongestionFactory = (start: CongestionStart) => CongestionControl
