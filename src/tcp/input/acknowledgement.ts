/** ACK processing (RFC 9293 §3.10.7.4, fifth): what it frees, what it says of the path, the peer's window. */
import type { Nanos } from '../../base/clock.ts'
import { gt, type Seq } from '../../wire/sequence.ts'
import { FIN, SYN, type TcpSegment } from '../../wire/tcp.ts'
import type { ControlBlock } from '../block.ts'
import { patience } from '../life/close.ts'
import type { SegmentMeta } from '../meta.ts'
import { TIMER } from '../timers.ts'

/**
 * The segment's ACK is acceptable: SND.UNA − MAX.SND.WND ≤ SEG.ACK ≤ SND.NXT.
 * @param start the number of its first byte of text
 */
export function acknowledge(tcb: ControlBlock, segment: TcpSegment, start: Seq, meta: SegmentMeta, now: Nanos): void {
  const { life, loss, rcv, snd, timers, traffic } = tcb
  const { ack, payload, flags } = segment
  const { una, wnd } = snd
  if (snd.update(start, ack, segment.window)) {
    timers.stop(TIMER.persist)
    loss.reopened(ack, now)
  }
  snd.heard()
  traffic.acknowledged(meta.at)
  // RFC 5681 §2: outstanding data, no data, neither SYN nor FIN, the same ACK, the same window.
  const duplicate =
    ack === una && payload.length === 0 && snd.wnd === wnd && loss.board.outstanding > 0 && (flags & (SYN | FIN)) === 0
  const news = gt(ack, una)
  if (news) snd.acknowledge(ack)
  loss.acknowledged(segment, meta.at, una, snd.nxt, snd.mss, rcv.stamps, duplicate, tcb.sack)
  if (!news) return
  life.complain(null) // the path works
  if (timers.runs(TIMER.user)) timers.start(TIMER.user, now + patience(tcb))
}
