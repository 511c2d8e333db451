/**
 * Fast retransmit and fast recovery without SACK (RFC 5681 §3.2, RFC 6582), with limited transmit (RFC 3042).
 *
 * RFC 6582 inflates cwnd by a segment for every duplicate ACK, for a segment has left the network. Here the same
 * segment is taken off the pipe instead (`departed`) and cwnd stays what it is: the same sends, and cwnd tells the truth.
 * Limited transmit needs no code of its own then: each of the first two duplicate ACKs makes room for one new segment.
 */
import type { Nanos } from '../../base/clock.ts'
import { geq, gt } from '../sequence.ts'
import type { Tcb } from '../tcb.ts'
import { DUPLICATE_ACK_THRESHOLD, followRecover, type LossRecovery, recoverFromTimeout } from './recovery.ts'

export const newReno: LossRecovery = {
  name: 'newreno',
  impatient: true, // it mends one hole a round trip: with many holes a time-out is quicker
  acknowledged(tcb: Tcb, acked: number, duplicate: boolean, _news: number, now: Nanos): void {
    if (acked > 0) advanced(tcb, acked, now)
    else if (duplicate) duplicateAck(tcb, now)
  },
  timeout: recoverFromTimeout,
}

function duplicateAck(tcb: Tcb, now: Nanos): void {
  // After a time-out the pipe was emptied by assumption; what trickles in says nothing more.
  if (tcb.phase === 'loss') return
  tcb.dupAcks++
  if (tcb.phase === 'recovery') {
    // RFC 5681 §6: no more duplicates count than there were segments to cause them, or a peer could open the window by
    // forging some.
    if (tcb.dupAcks <= tcb.dupAckLimit) depart(tcb)
    return
  }
  tcb.phase = 'disorder'
  if (tcb.dupAcks < DUPLICATE_ACK_THRESHOLD) depart(tcb)
  // RFC 6582 §3.2 (2): not again for the window in which a loss was already answered.
  else if (tcb.dupAcks === DUPLICATE_ACK_THRESHOLD && gt(tcb.sndUna, tcb.recover)) begin(tcb, now)
}

/** A segment has left the network. */
function depart(tcb: Tcb): void {
  const board = tcb.scoreboard
  board.departed = Math.min(board.departed + tcb.mss, Math.max(0, board.outstanding - board.lostBytes))
}

function begin(tcb: Tcb, now: Nanos): void {
  const board = tcb.scoreboard
  depart(tcb)
  tcb.recover = tcb.sndNxt
  tcb.congestion.recover(board.outstanding, now)
  tcb.phase = 'recovery'
  tcb.partialAcks = 0
  tcb.dupAckLimit = board.count
  loseHead(tcb)
}

function advanced(tcb: Tcb, acked: number, now: Nanos): void {
  const board = tcb.scoreboard
  if (tcb.phase === 'recovery') {
    if (geq(tcb.sndUna, tcb.recover)) {
      tcb.phase = 'open'
      tcb.dupAcks = 0
      board.departed = 0
      tcb.congestion.recovered(board.outstanding, now)
    } else {
      // RFC 6582 §3.2 (3), partial: of what is acknowledged one segment was the hole, the others had been counted as
      // departed. The next hole begins at SND.UNA: send it again at once.
      const departed = board.departed - Math.max(0, acked - tcb.mss)
      board.departed = Math.max(0, Math.min(departed, board.outstanding - board.lostBytes))
      tcb.partialAcks++
      tcb.dupAcks = 0
      tcb.dupAckLimit = board.count
      loseHead(tcb)
    }
    return
  }
  if (tcb.phase === 'loss' && geq(tcb.sndUna, tcb.recover)) tcb.phase = 'open'
  else if (tcb.phase === 'disorder') tcb.phase = 'open'
  tcb.dupAcks = 0
  board.departed = 0
  followRecover(tcb)
  if (tcb.cwndLimited || tcb.phase === 'loss') tcb.congestion.acknowledged(acked, now)
}

function loseHead(tcb: Tcb): void {
  const head = tcb.scoreboard.first
  if (head === undefined || head.resent) return
  tcb.scoreboard.lose(head)
  tcb.resendNow = true
}
