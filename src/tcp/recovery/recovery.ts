/**
 * Loss detection, apart from window arithmetic: what is lost, and when. It marks records of the scoreboard and tells
 * the congestion control; output does the sending.
 */
import type { Nanos } from '../../base/clock.ts'
import { add, gt } from '../sequence.ts'
import type { Tcb } from '../tcb.ts'

/**
 * As in Linux's tcpi_ca_state. open: no trouble. disorder: duplicate ACKs, too few to act. recovery: fast recovery.
 * loss: after a time-out, until what was out then is acknowledged.
 */
export type RecoveryPhase = 'open' | 'disorder' | 'recovery' | 'loss'

export interface LossRecovery {
  readonly name: string
  /** RFC 6582 §3.2 (3): in fast recovery only the first partial ACK restarts the retransmission timer. */
  readonly impatient: boolean
  /**
   * An acceptable ACK has been processed.
   * @param acked how far SND.UNA has moved
   * @param duplicate whether it is a duplicate ACK as RFC 5681 §2 defines it
   * @param news bytes that SACK blocks newly report
   */
  acknowledged(tcb: Tcb, acked: number, duplicate: boolean, news: number, now: Nanos): void
  /** The retransmission timer has gone off. */
  timeout(tcb: Tcb, now: Nanos): void
}

/** RFC 5681 §3.2. */
export const DUPLICATE_ACK_THRESHOLD = 3

/**
 * Without losses `recover` would stay behind until, 2^31 bytes on, the numbers wrap and it seems to lie ahead: then no
 * duplicate ACK would count for the next two gigabytes. So it follows SND.UNA, just behind.
 */
export function followRecover(tcb: Tcb): void {
  if (gt(tcb.sndUna, tcb.recover)) tcb.recover = add(tcb.sndUna, -1)
}

/** RFC 5681 §3.1 and RFC 6582 §3.2 (4): everything out counts as lost, slow start begins again. */
export function recoverFromTimeout(tcb: Tcb, now: Nanos): void {
  const board = tcb.scoreboard
  const again = (board.first?.transmissions ?? 1) > 1 && tcb.phase === 'loss'
  tcb.congestion.timeout(board.outstanding, again, now)
  tcb.phase = 'loss'
  tcb.recover = tcb.sndNxt
  tcb.dupAcks = 0
  // RFC 2018 §8: what the peer said it held is forgotten, it may have dropped it.
  board.forgetSacks()
  board.loseAll()
}
