/** Loss recovery by selective acknowledgement (RFC 6675). */
import type { Nanos } from '../../base/clock.ts'
import { diff, geq } from '../sequence.ts'
import type { Tcb } from '../tcb.ts'
import { DUPLICATE_ACK_THRESHOLD, followRecover, type LossRecovery, recoverFromTimeout } from './recovery.ts'

export const sackRecovery: LossRecovery = {
  name: 'sack',
  impatient: false,
  acknowledged(tcb: Tcb, acked: number, _duplicate: boolean, news: number, now: Nanos): void {
    if (tcb.phase === 'recovery') {
      if (acked === 0 || !geq(tcb.sndUna, tcb.recover)) {
        if (acked > 0 || news > 0) repair(tcb, acked > 0)
        return
      }
      // What ends one recovery may tell of losses behind it, and begin the next.
      leave(tcb, now)
    } else if (acked > 0) {
      tcb.dupAcks = 0
      const through = geq(tcb.sndUna, tcb.recover)
      if (tcb.phase !== 'loss' || through) tcb.phase = tcb.scoreboard.sackedBytes > 0 ? 'disorder' : 'open'
      followRecover(tcb)
      if (tcb.cwndLimited || tcb.phase === 'loss') tcb.congestion.acknowledged(acked, now)
    }
    // RFC 6675 §2: a duplicate ACK is one that tells something new about what has arrived. One that does not was
    // caused by a segment that the network doubled.
    if (news === 0 || tcb.scoreboard.sackedBytes === 0) return
    // RFC 6675 §5.1: after a time-out no fast recovery before what was out then is acknowledged.
    if (tcb.phase === 'loss') return
    tcb.phase = 'disorder'
    tcb.dupAcks++
    const lost = markLost(tcb)
    // RFC 6675 §5.1: HighACK ≥ RecoveryPoint. (RFC 6582 asks for more, since there a duplicate ACK may be due to what was sent
    // twice; one that brings news cannot be.)
    if ((lost || tcb.dupAcks >= DUPLICATE_ACK_THRESHOLD) && geq(tcb.sndUna, tcb.recover)) begin(tcb, now)
  },
  timeout: recoverFromTimeout,
}

/** RFC 6675 §5 (4). */
function begin(tcb: Tcb, now: Nanos): void {
  tcb.recover = tcb.sndNxt
  tcb.partialAcks = 0
  tcb.congestion.recover(tcb.scoreboard.outstanding, now)
  tcb.phase = 'recovery'
  const head = tcb.scoreboard.first
  if (head !== undefined && !head.sacked && !head.resent) {
    tcb.scoreboard.lose(head)
    tcb.resendNow = true // RFC 6675 §5 (4.3): the first one whatever the pipe holds
  }
}

function repair(tcb: Tcb, partial: boolean): void {
  markLost(tcb)
  if (!partial) return
  tcb.partialAcks++
  // What a partial ACK stops at, while more behind it has arrived, is the next hole: RFC 6582's reasoning holds here too.
  const head = tcb.scoreboard.first
  if (head !== undefined && tcb.scoreboard.sackedBytes > 0 && !head.sacked && !head.lost) tcb.scoreboard.lose(head)
}

function leave(tcb: Tcb, now: Nanos): void {
  tcb.phase = tcb.scoreboard.sackedBytes > 0 ? 'disorder' : 'open'
  tcb.dupAcks = 0
  tcb.congestion.recovered(tcb.scoreboard.outstanding, now)
}

/**
 * RFC 6675 §4, IsLost: three segments above it have arrived, or more than two segments' worth of bytes.
 * @returns whether the first record is among the lost
 */
function markLost(tcb: Tcb): boolean {
  const board = tcb.scoreboard
  let segments = 0
  let bytes = 0
  board.backwards((record) => {
    if (record.sacked) {
      segments++
      bytes += diff(record.end, record.seq)
    } else if (
      !record.lost &&
      (segments >= DUPLICATE_ACK_THRESHOLD || bytes > (DUPLICATE_ACK_THRESHOLD - 1) * tcb.mss)
    ) {
      board.lose(record)
    }
  })
  return board.first?.lost ?? false
}
