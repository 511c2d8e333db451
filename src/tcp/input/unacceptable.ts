/** Segments that RFC 9293 §3.10.7.4, first, does not accept, and the challenge to those that could be forged. */
import type { Nanos } from '../../base/clock.ts'
import { add, diff, gt, leq } from '../../wire/sequence.ts'
import { ACK, SYN, type TcpSegment } from '../../wire/tcp.ts'
import type { ControlBlock } from '../block.ts'
import type { SegmentMeta } from '../meta.ts'
import { acknowledge } from './acknowledgement.ts'

/**
 * An ACK says where this side stands.
 * @param length with SYN and FIN
 * @param old by its time stamp, whatever its number
 * @returns whether it acknowledges this side's FIN
 */
export function unacceptable(
  tcb: ControlBlock,
  segment: TcpSegment,
  length: number,
  old: boolean,
  meta: SegmentMeta,
  now: Nanos,
): boolean {
  const { life, rcv, settings, snd, traffic } = tcb
  const { flags, ack } = segment
  if (life.synchronized && flags & ACK && !(flags & SYN)) traffic.heard(meta.at)
  // Of what was right a moment ago: it came again since our ACK was lost, or was overtaken.
  const behind = diff(rcv.nxt, add(segment.seq, length))
  const recent = behind >= 0 && behind <= settings.receiveBuffer && (flags & (ACK | SYN)) === ACK && snd.believes(ack)
  if (recent && !old) rcv.stamps.echoOnce(segment.options.timestamps)
  // Data that we have got is answered always: its sender waits for it. Empty segments could answer each other for ever.
  if (length > 0 && !(flags & SYN)) rcv.oweAck()
  else challenge(tcb, now)
  // RFC 9293 drops an old segment with its ACK. But two sides that both believe the other's window closed number their
  // ACKs from SND.UNA, each behind what the other has got, and would drop each other's until both give up. So an ACK of
  // something new is taken from such a segment, as BSD does; its window as SND.WL1 and WL2 allow.
  if (!recent || old || !life.synchronized || !gt(ack, snd.una) || !leq(ack, snd.nxt)) return false
  acknowledge(tcb, segment, segment.seq, meta, now)
  return snd.finAcked
}

/** An ACK that asks the peer whether it meant that; so many a second (RFC 5961 §7). */
export function challenge(tcb: ControlBlock, now: Nanos): void {
  if (tcb.life.mayChallenge(tcb.settings.challengeAcksPerSecond, now)) tcb.rcv.oweAck()
}
