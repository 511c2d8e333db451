/** The receiving side: segment text and FIN (RFC 9293 §3.10.7.4, seventh and eighth), and the window it is offered. */
import type { Nanos } from '../../base/clock.ts'
import { FIN, SYN, type TcpSegment } from '../../wire/tcp.ts'
import { add, diff, gt, leq, lt, type Seq, seq } from '../sequence.ts'
import { abort, enter, enterTimeWait } from '../state/transition.ts'
import type { Tcb } from '../tcb.ts'

/** RFC 9293 §3.4, Table 6: whether any of the segment lies in the window; `length` counts SYN and FIN. */
export function acceptable(tcb: Tcb, start: Seq, length: number): boolean {
  const window = diff(tcb.rcvAdv, tcb.rcvNxt)
  if (length === 0) return window === 0 ? start === tcb.rcvNxt : leq(tcb.rcvNxt, start) && lt(start, tcb.rcvAdv)
  if (window === 0) return false
  const last = add(start, length - 1)
  return lt(start, tcb.rcvAdv) && leq(tcb.rcvNxt, last)
}

/** Takes in what the segment carries, and decides when to acknowledge it. */
export function receiveText(tcb: Tcb, segment: TcpSegment, now: Nanos): void {
  let start = add(seq(segment.seq), segment.flags & SYN ? 1 : 0)
  let bytes = segment.payload
  if ((segment.flags & FIN) !== 0) {
    const fin = add(start, bytes.length)
    // Only a FIN inside the window counts, at the first place it came; not one before data that is here already.
    if (tcb.finAt === null && leq(fin, tcb.rcvAdv) && !tcb.reassembly.reaches(fin)) tcb.finAt = fin
    tcb.ackNow = true
  }
  if (bytes.length > 0) {
    const old = diff(tcb.rcvNxt, start)
    if (old > 0) {
      bytes = bytes.subarray(Math.min(old, bytes.length))
      start = tcb.rcvNxt
    }
    const limit = tcb.finAt !== null && lt(tcb.finAt, tcb.rcvAdv) ? tcb.finAt : tcb.rcvAdv
    const room = diff(limit, start)
    if (bytes.length > room) {
      // More than was offered: the sender has to hear where the window ends.
      bytes = bytes.subarray(0, Math.max(0, room))
      tcb.ackNow = true
    }
    if (bytes.length === 0) tcb.ackNow = true
    else if (tcb.discarding) {
      // RFC 1122 §4.2.2.13: nobody will read it, and its sender has to know that it was lost. Linux: TCPAbortOnData.
      abort(tcb, null, 'data after close', now)
      return
    } else if (start === tcb.rcvNxt) inOrder(tcb, bytes, now)
    else outOfOrder(tcb, start, bytes)
  }
  if (tcb.finAt !== null && tcb.rcvNxt === tcb.finAt) receiveFin(tcb, now)
}

function inOrder(tcb: Tcb, bytes: Uint8Array, now: Nanos): void {
  accept(tcb, bytes)
  if (tcb.reassembly.size > 0) {
    // RFC 5681 §4.2: a segment that fills a gap, or part of one, is acknowledged at once.
    tcb.ackNow = true
    tcb.rcvNxt = tcb.reassembly.take(tcb.rcvNxt, (piece) => {
      accept(tcb, piece)
    })
    return
  }
  // RFC 9293 §3.8.6.3, SHLD-19: at least every second segment; MUST-40: within half a second.
  tcb.unacked++
  if (tcb.unacked >= 2 || tcb.settings.delayedAck === 0) tcb.ackNow = true
  else if (tcb.timers.delayedAck === Number.POSITIVE_INFINITY) tcb.timers.delayedAck = now + tcb.settings.delayedAck
}

function accept(tcb: Tcb, bytes: Uint8Array): void {
  tcb.rcvNxt = add(tcb.rcvNxt, bytes.length)
  tcb.bytesReceived += bytes.length
  if (tcb.discarding) return
  tcb.unread += bytes.length
  tcb.notices.data(bytes)
}

function outOfOrder(tcb: Tcb, start: Seq, bytes: Uint8Array): void {
  tcb.ackNow = true // RFC 5681 §4.2: at once, it is the sender's fast retransmit that waits for it
  tcb.rcvOutOfOrder++
  tcb.reassembly.insert(start, bytes)
}

/** RFC 9293 §3.10.7.4, eighth. */
function receiveFin(tcb: Tcb, now: Nanos): void {
  tcb.rcvNxt = add(tcb.rcvNxt, 1)
  if (gt(tcb.rcvNxt, tcb.rcvAdv)) tcb.rcvAdv = tcb.rcvNxt
  tcb.finAt = null
  tcb.finReceived = true
  tcb.ackNow = true
  tcb.reassembly.clear()
  if (!tcb.discarding) tcb.notices.end()
  if (tcb.state === 'ESTABLISHED') enter(tcb, 'CLOSE-WAIT', 'fin', now)
  else if (tcb.state === 'FIN-WAIT-1') enter(tcb, 'CLOSING', 'fin', now)
  else if (tcb.state === 'FIN-WAIT-2') enterTimeWait(tcb, now)
}

/**
 * The window field for the next segment, after moving RCV.ADV as far as silly-window avoidance allows.
 * RFC 9293 §3.8.6.2.2: the edge moves by half the buffer or a whole segment, or not at all; it never moves back.
 */
export function advertise(tcb: Tcb): number {
  const free = freeSpace(tcb)
  const edge = add(tcb.rcvNxt, free)
  if (diff(edge, tcb.rcvAdv) >= Math.min(tcb.settings.receiveBuffer / 2, tcb.mss)) tcb.rcvAdv = edge
  const window = diff(tcb.rcvAdv, tcb.rcvNxt)
  const unit = 2 ** tcb.rcvScale
  // Rounding down would take back what was offered. Rounding up goes over the buffer by less than one unit, once:
  // when a rounded edge is out already, the field has to round down (RFC 7323 §2.4 allows for it).
  const up = Math.ceil(window / unit)
  const field = Math.min(up * unit <= free + unit - 1 ? up : Math.floor(window / unit), 0xffff)
  const offered = add(tcb.rcvNxt, field * unit)
  if (gt(offered, tcb.rcvAdv)) tcb.rcvAdv = offered
  return field
}

/** Bytes that the buffer takes, and the window field can tell of. */
function freeSpace(tcb: Tcb): number {
  const largest = Math.min(tcb.settings.receiveBuffer, 0xffff * 2 ** tcb.rcvScale)
  return Math.max(0, largest - tcb.unread)
}

/**
 * Whether telling the peer of the room the program has made is worth a segment of its own: it doubles the window
 * (as Linux has it), and by enough for the peer to use. Otherwise the next ACK will tell.
 */
export function windowIsNews(tcb: Tcb): boolean {
  const free = freeSpace(tcb)
  const window = diff(tcb.rcvAdv, tcb.rcvNxt)
  return free >= 2 * window && free - window >= Math.min(tcb.settings.receiveBuffer / 2, 2 * tcb.mss)
}
