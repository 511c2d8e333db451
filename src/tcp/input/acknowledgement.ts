/** ACK processing (RFC 9293 §3.10.7.4, fifth): what it frees, what it says of the path, the peer's window. */
import type { Nanos } from '../../base/clock.ts'
import { FIN, SYN, type TcpSegment } from '../../wire/tcp.ts'
import { add, diff, earliest, geq, gt, leq, lt, type Seq, seq } from '../sequence.ts'
import type { Tcb } from '../tcb.ts'
import { echoedRtt } from './timestamps.ts'

/** The segment's ACK is acceptable: SND.UNA − MAX.SND.WND ≤ SEG.ACK ≤ SND.NXT. */
export function acknowledge(tcb: Tcb, segment: TcpSegment, now: Nanos): void {
  const ack = seq(segment.ack)
  const board = tcb.scoreboard
  const outstanding = board.outstanding
  const before = tcb.sndWnd
  updateWindow(tcb, segment, ack, now)
  tcb.probesOut = 0
  const news = tcb.sackPermitted && segment.options.sack.length > 0 ? takeSacks(tcb, segment) : 0
  if (gt(ack, tcb.sndUna)) {
    const acked = advance(tcb, segment, ack, now)
    tcb.recovery.acknowledged(tcb, acked, false, news, now)
    restartTimer(tcb, now)
    return
  }
  // RFC 5681 §2: outstanding data, no data, neither SYN nor FIN, the same ACK, the same window.
  const duplicate =
    outstanding > 0 &&
    segment.payload.length === 0 &&
    (segment.flags & (SYN | FIN)) === 0 &&
    ack === tcb.sndUna &&
    tcb.sndWnd === before
  if (duplicate || news > 0) tcb.recovery.acknowledged(tcb, 0, duplicate, news, now)
}

/** SND.UNA moves: frees the bytes, measures the round trip. */
function advance(tcb: Tcb, segment: TcpSegment, ack: Seq, now: Nanos): number {
  const acked = tcb.scoreboard.acknowledge(ack, now)
  tcb.sndUna = ack
  tcb.retransmits = 0
  tcb.softError = null // the path works
  tcb.resendNow = false
  const written = earliest(ack, tcb.sendBuffer.end) // a FIN takes a number, but no byte
  if (gt(written, tcb.sendBuffer.start)) {
    tcb.bytesAcked += diff(written, tcb.sendBuffer.start)
    tcb.sendBuffer.acknowledge(written)
    if (tcb.wantsRoom && tcb.sendBuffer.length <= tcb.sendBuffer.capacity / 2) {
      tcb.wantsRoom = false
      tcb.notices.drain()
    }
  }
  const rtt = tcb.scoreboard.sample >= 0 ? tcb.scoreboard.sample : echoedRtt(tcb, segment, now)
  if (rtt >= 0) tcb.rtt.sample(rtt)
  if (tcb.timers.user !== Number.POSITIVE_INFINITY) tcb.timers.user = now + tcb.settings.userTimeout
  return acked
}

function restartTimer(tcb: Tcb, now: Nanos): void {
  // RFC 6298 §5.2: all is acknowledged, the timer goes off duty.
  if (tcb.scoreboard.empty) tcb.timers.retransmit = Number.POSITIVE_INFINITY
  else if (tcb.recovery.impatient && tcb.phase === 'recovery' && tcb.partialAcks > 1) return
  // RFC 6298 §5.3: new data is acknowledged, the timer starts again.
  else tcb.timers.retransmit = now + tcb.rtt.rto
}

/** RFC 9293 §3.10.7.4, fifth: SND.WL1 and SND.WL2 keep an old segment from setting the window. */
function updateWindow(tcb: Tcb, segment: TcpSegment, ack: Seq, now: Nanos): void {
  const at = seq(segment.seq)
  if (lt(ack, tcb.sndUna)) return
  if (!(lt(tcb.sndWl1, at) || (tcb.sndWl1 === at && leq(tcb.sndWl2, ack)))) return
  const reopened = tcb.sndWnd === 0 && segment.window > 0
  tcb.sndWnd = segment.window * 2 ** tcb.sndScale
  tcb.sndWl1 = at
  tcb.sndWl2 = ack
  if (tcb.sndWnd > tcb.maxSndWnd) tcb.maxSndWnd = tcb.sndWnd
  if (!reopened) return
  tcb.timers.persist = Number.POSITIVE_INFINITY
  tcb.persistBackoff = 0
  // The peer had shrunk its window over what was in flight, and dropped it. The time-outs meanwhile said nothing of
  // the path: begin again at once, not after the interval they have grown to.
  const head = tcb.scoreboard.first
  if (tcb.rtt.backoff === 0 || head === undefined || geq(ack, tcb.sndNxt)) return
  tcb.rtt.backoff = 0
  tcb.retransmits = 0
  tcb.scoreboard.lose(head)
  tcb.resendNow = true
  tcb.timers.retransmit = now + tcb.rtt.rto
}

/** RFC 2018 §4. Blocks outside what is in flight (old ones, DSACK of RFC 2883, nonsense) are passed over. */
function takeSacks(tcb: Tcb, segment: TcpSegment): number {
  let news = 0
  for (const block of segment.options.sack) {
    const start = seq(block.start)
    const end = seq(block.end)
    if (lt(start, tcb.sndUna) || gt(end, tcb.sndNxt) || !lt(start, end)) continue
    news += tcb.scoreboard.sack(start, end)
  }
  return news
}

/**
 * RFC 5961 §5.2: an ACK of something never sent, or older than the largest window, is not believed.
 */
export function acceptableAck(tcb: Tcb, ack: Seq): boolean {
  return leq(ack, tcb.sndNxt) && diff(tcb.sndUna, ack) <= tcb.maxSndWnd
}

/** Whether this side's FIN has been sent and acknowledged. */
export function finAcknowledged(tcb: Tcb): boolean {
  return tcb.finQueued && tcb.sndUna === add(tcb.sendBuffer.end, 1)
}
