/**
 * Loss detection, apart from window arithmetic: what is lost, and when. It marks records of the scoreboard and tells
 * the congestion control; output does the sending. One instance serves one connection.
 */
import type { Nanos } from '../../base/clock.ts'
import type { CongestionControl } from '../congestion/congestion.ts'
import type { Episode } from './episode.ts'
import type { AckReport } from './report.ts'
import type { Scoreboard } from './scoreboard.ts'

export interface LossRecovery {
  readonly name: string
  readonly episode: Episode
  /** Whether an ACK that moves SND.UNA starts the retransmission timer again (RFC 6298 §5.3). */
  readonly restartsTimer: boolean
  /** An ACK has told something. */
  acknowledged(report: AckReport): void
  /** The retransmission timer has gone off. */
  timeout(now: Nanos): void
}

/** What a recovery works on. */
export interface Ground {
  readonly board: Scoreboard
  readonly congestion: CongestionControl
}

/** RFC 5681 §3.2. */
export const DUPLICATE_ACK_THRESHOLD = 3

/** RFC 5681 §3.1 and RFC 6582 §3.2 (4): everything out counts as lost, slow start begins again. */
export function recoverFromTimeout({ board, congestion }: Ground, episode: Episode, now: Nanos): void {
  const head = board.first
  if (head === undefined) return
  const again = head.transmissions > 1 && episode.phase === 'loss'
  congestion.timeout(board.outstanding, again, now)
  episode.timeout(board.end ?? head.end)
  // RFC 2018 §8: what the peer said it held is forgotten, it may have dropped it.
  board.forgetSacks()
  board.loseAll()
}
