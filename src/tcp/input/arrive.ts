/** SEGMENT ARRIVES: RFC 9293 §3.10.7, step by step. Nothing that arrives throws, whatever it is. */
import type { Nanos } from '../../base/clock.ts'
import { add, gt, leq, lt, type Seq } from '../../wire/sequence.ts'
import { ACK, FIN, RST, SYN, type TcpSegment } from '../../wire/tcp.ts'
import type { ControlBlock } from '../block.ts'
import { abort, finWait2, reset } from '../life/close.ts'
import type { SegmentMeta } from '../meta.ts'
import { establish, takeSyn } from '../open/handshake.ts'
import { acknowledge } from './acknowledgement.ts'
import { challenge, unacceptable } from './unacceptable.ts'

/** Not in TIME-WAIT, which has a file of its own. */
export function arrive(tcb: ControlBlock, segment: TcpSegment, meta: SegmentMeta, now: Nanos): void {
  if (tcb.life.state === 'SYN-SENT') synSent(tcb, segment, meta, now)
  else synchronized(tcb, segment, meta, now)
}

/** §3.10.7.3 */
function synSent(tcb: ControlBlock, segment: TcpSegment, meta: SegmentMeta, now: Nanos): void {
  const { flags, ack } = segment
  const { life, loss, rcv, snd } = tcb
  // First: the ACK must cover our SYN.
  if (flags & ACK && (leq(ack, snd.iss) || gt(ack, snd.nxt))) {
    if (!(flags & RST)) life.answer(reset(tcb, ack, RST))
    return
  }
  // Second: a reset counts only with an acceptable ACK, or anybody could send it.
  if (flags & RST) {
    if (flags & ACK) life.end('ECONNREFUSED', 'rst', now)
    return
  }
  // Fourth: the SYN.
  if (!(flags & SYN)) return
  takeSyn(tcb, segment, meta.at)
  if (flags & ACK) {
    establish(tcb, segment, meta.at, now)
    rcv.oweAck()
    takeText(tcb, segment, add(segment.seq, 1), meta, now)
    return
  }
  // Simultaneous open: our SYN goes out again with the ACK of theirs.
  life.move('syn', now)
  loss.board.loseFirst()
}

/** §3.10.7.4 */
function synchronized(tcb: ControlBlock, segment: TcpSegment, meta: SegmentMeta, now: Nanos): void {
  const { flags, seq } = segment
  const { life, rcv } = tcb
  if (flags & SYN && life.state === 'SYN-RECEIVED' && seq === rcv.irs && !(flags & RST)) {
    synAgain(tcb, segment, meta, now)
    return
  }
  // First: the sequence number. At a closed window what comes next is not taken, but its ACK is.
  const length = segment.payload.length + (flags & SYN ? 1 : 0) + (flags & FIN ? 1 : 0)
  const closedWindow = rcv.wnd === 0 && seq === rcv.nxt
  // RFC 7323 §5.3: PAWS comes before all else; a reset is exempt from it.
  const old = !(flags & RST) && rcv.stamps.outdates(segment.options.timestamps, meta.at)
  if (old || (!closedWindow && !rcv.accepts(seq, length))) {
    if (!(flags & RST) && unacceptable(tcb, segment, length, old, meta, now)) ourFinAcknowledged(tcb, now)
    return
  }
  // Second: RST. RFC 5961 §3.2: only the exact next number resets; others in the window are questioned.
  if (flags & RST) {
    if (seq === rcv.nxt) resetByPeer(tcb, now)
    else challenge(tcb, now)
    return
  }
  // Fourth: SYN. RFC 5961 §4.2: whatever its number, it is questioned; a peer that has restarted will answer with RST.
  if (flags & SYN) challenge(tcb, now)
  else if (flags & ACK) fromAck(tcb, segment, seq, meta, now)
}

/** The peer's SYN once more. Alone: it did not get our SYN-ACK. With an ACK: it opened at the same time as we. */
function synAgain(tcb: ControlBlock, segment: TcpSegment, meta: SegmentMeta, now: Nanos): void {
  if (!(segment.flags & ACK)) {
    // RFC 7323 §4.3: what our SYN-ACK echoes is the SYN that it answers.
    tcb.rcv.stamps.remember(segment.options.timestamps, segment.seq, tcb.rcv.lastAckSent, meta.at)
    tcb.loss.board.loseFirst()
    return
  }
  tcb.rcv.oweAck()
  fromAck(tcb, segment, add(segment.seq, 1), meta, now)
}

function resetByPeer(tcb: ControlBlock, now: Nanos): void {
  const { state } = tcb.life
  const closing = state === 'CLOSING' || state === 'LAST-ACK'
  tcb.life.end(closing ? null : state === 'SYN-RECEIVED' ? 'ECONNREFUSED' : 'ECONNRESET', 'rst', now)
}

/** From the fifth step on. @param start the number of the first byte of text */
function fromAck(tcb: ControlBlock, segment: TcpSegment, start: Seq, meta: SegmentMeta, now: Nanos): void {
  const { life, rcv, snd, traffic } = tcb
  const { ack } = segment
  if (life.state === 'SYN-RECEIVED') {
    if (!(lt(snd.una, ack) && leq(ack, snd.nxt))) {
      life.answer(reset(tcb, ack, RST))
      return
    }
    // No room in the accept queue: as if the ACK had been lost, the SYN-ACK will be sent again.
    if (tcb.admit !== null && !tcb.admit()) return
    establish(tcb, segment, meta.at, now)
  }
  if (!snd.believes(ack)) {
    challenge(tcb, now)
    return
  }
  // Only now: RFC 7323 §5.3 would take the stamp of any segment in the window, and one blind shot with a stamp of the
  // future would make all that the true peer sends look old.
  rcv.stamps.remember(segment.options.timestamps, segment.seq, rcv.lastAckSent, meta.at)
  traffic.heard(meta.at)
  life.heard()
  acknowledge(tcb, segment, start, meta, now)
  if (snd.finAcked) ourFinAcknowledged(tcb, now)
  takeText(tcb, segment, start, meta, now)
}

/** Seventh and eighth: text and FIN, where the peer may still send. */
function takeText(tcb: ControlBlock, segment: TcpSegment, start: Seq, meta: SegmentMeta, now: Nanos): void {
  const { life, rcv } = tcb
  const { payload, flags } = segment
  const { length } = payload
  if (length === 0 && !(flags & FIN)) return
  if (life.dead) return
  if (rcv.finished) {
    rcv.oweAck()
    return
  }
  if (flags & FIN) rcv.fin(add(start, length))
  if (length > 0) {
    if (life.released && rcv.isNews(start, length)) {
      // RFC 1122 §4.2.2.13: nobody will read it, and its sender has to know that it was lost. Linux: TCPAbortOnData.
      abort(tcb, null, 'data after close', now)
      return
    }
    rcv.text(start, payload, meta.segments, meta.at)
  }
  if (rcv.finish()) life.move('fin', now)
}

/** Our FIN has been acknowledged. */
function ourFinAcknowledged(tcb: ControlBlock, now: Nanos): void {
  if (tcb.life.move('ack', now) && tcb.life.state === 'FIN-WAIT-2') finWait2(tcb, now)
}
