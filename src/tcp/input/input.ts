/** SEGMENT ARRIVES: RFC 9293 §3.10.7, step by step. Nothing that arrives throws, whatever it is. */
import type { Nanos } from '../../base/clock.ts'
import { SECOND } from '../../base/clock.ts'
import { ACK, FIN, RST, SYN, type TcpSegment } from '../../wire/tcp.ts'
import { learn, synWindow } from '../open/handshake.ts'
import { add, diff, gt, leq, lt, seq } from '../sequence.ts'
import { enter, enterFinWait2, enterTimeWait, establish, finish, reset } from '../state/transition.ts'
import type { Tcb } from '../tcb.ts'
import { acceptableAck, acknowledge, finAcknowledged } from './acknowledgement.ts'
import { acceptable, receiveText } from './text.ts'
import { outdated, remember } from './timestamps.ts'

export function arrive(tcb: Tcb, segment: TcpSegment, now: Nanos): void {
  tcb.segmentsIn++
  if (tcb.state === 'CLOSED') return
  if (tcb.state === 'SYN-SENT') synSent(tcb, segment, now)
  else synchronized(tcb, segment, now)
}

/** §3.10.7.3 */
function synSent(tcb: Tcb, segment: TcpSegment, now: Nanos): void {
  const { flags } = segment
  const ack = seq(segment.ack)
  // First: the ACK must cover our SYN.
  if (flags & ACK && (leq(ack, tcb.iss) || gt(ack, tcb.sndNxt))) {
    if (!(flags & RST)) tcb.outbox = reset(tcb, segment.ack, RST)
    return
  }
  // Second: a reset counts only with an acceptable ACK, or anybody could send it.
  if (flags & RST) {
    if (flags & ACK) finish(tcb, 'ECONNREFUSED', 'rst', now)
    return
  }
  // Fourth: the SYN.
  if (!(flags & SYN)) return
  takeSyn(tcb, segment, now)
  if (flags & ACK) {
    tcb.scoreboard.acknowledge(ack, now)
    if (tcb.scoreboard.sample >= 0) tcb.rtt.sample(tcb.scoreboard.sample)
    tcb.sndUna = ack
    handshakeDone(tcb, now)
    tcb.ackNow = true
    receiveText(tcb, segment, now)
    return
  }
  // Simultaneous open: our SYN goes out again with the ACK of theirs.
  enter(tcb, 'SYN-RECEIVED', 'syn', now)
  resendSyn(tcb)
}

/** What a SYN tells: IRS, the options, the window (never scaled: RFC 7323 §2.2). */
export function takeSyn(tcb: Tcb, segment: TcpSegment, now: Nanos): void {
  tcb.irs = seq(segment.seq)
  tcb.rcvNxt = add(tcb.irs, 1)
  tcb.lastAckSent = tcb.rcvNxt
  tcb.rcvAdv = add(tcb.rcvNxt, synWindow(tcb)) // what our SYN offers, or has offered
  tcb.lastReceived = now
  learn(tcb, segment.options, now)
  tcb.sndWnd = segment.window
  tcb.maxSndWnd = segment.window
  tcb.sndWl1 = seq(segment.seq)
  tcb.sndWl2 = seq(segment.ack)
}

function resendSyn(tcb: Tcb): void {
  const syn = tcb.scoreboard.first
  if (syn !== undefined) tcb.scoreboard.lose(syn)
}

function handshakeDone(tcb: Tcb, now: Nanos): void {
  tcb.timers.retransmit = Number.POSITIVE_INFINITY
  if (tcb.retransmits > 0) {
    // RFC 5681 §3.1: after a lost SYN the initial window is one segment. RFC 6298 §5.7: and the time-out three seconds.
    tcb.rtt.synWasLost()
    tcb.congestion.resize(tcb.mss, tcb.mss)
    tcb.retransmits = 0
  }
  tcb.recover = tcb.iss // RFC 6582 §3.2 (1)
  establish(tcb, now)
}

/** §3.10.7.4 */
function synchronized(tcb: Tcb, segment: TcpSegment, now: Nanos): void {
  const { flags } = segment
  const start = seq(segment.seq)
  if (flags & SYN && tcb.state === 'SYN-RECEIVED' && start === tcb.irs && !(flags & RST)) {
    // The peer's SYN once more. Alone: it did not get our SYN-ACK. With an ACK: it opened at the same time as we.
    if (!(flags & ACK)) resendSyn(tcb)
    else {
      tcb.ackNow = true
      afterSequence(tcb, { ...segment, seq: add(start, 1), flags: flags & ~SYN }, now)
    }
    return
  }
  // First: the sequence number.
  const length = segment.payload.length + (flags & SYN ? 1 : 0) + (flags & FIN ? 1 : 0)
  const closedWindow = tcb.rcvAdv === tcb.rcvNxt && start === tcb.rcvNxt
  // RFC 7323 §5.3: PAWS comes before all else; a reset is exempt from it.
  const old = !(flags & RST) && outdated(tcb, segment, now)
  if (old || (!acceptable(tcb, start, length) && !closedWindow)) {
    if (flags & RST) return
    unacceptable(tcb, segment, length, old, now)
    return
  }
  // Second: RST. RFC 5961 §3.2: only the exact next number resets; others in the window are questioned.
  if (flags & RST) {
    if (start === tcb.rcvNxt) resetByPeer(tcb, now)
    else challenge(tcb, now)
    return
  }
  // Fourth: SYN. RFC 5961 §4.2: whatever its number, it is questioned; a peer that has restarted will answer with RST.
  if (flags & SYN) {
    challenge(tcb, now)
    return
  }
  afterSequence(tcb, segment, now)
}

function unacceptable(tcb: Tcb, segment: TcpSegment, length: number, old: boolean, now: Nanos): void {
  // TIME-WAIT: the peer has not heard our ACK of its FIN; §3.10.7.4, eighth: acknowledge, restart 2 MSL.
  if (tcb.state === 'TIME-WAIT' && segment.flags & FIN) tcb.timers.timeWait = now + tcb.settings.timeWait
  if (tcb.synchronized && segment.flags & ACK && !(segment.flags & SYN)) tcb.lastReceived = now
  // What we had and the peer sent again, since our ACK was lost: that ACK has to echo this sending of it. With the stamp
  // of the first one the peer would take its whole time-out for a round trip. RFC 7323 §5.3 does not say so.
  const behind = diff(tcb.rcvNxt, add(seq(segment.seq), length))
  const recent =
    behind >= 0 &&
    behind <= tcb.settings.receiveBuffer &&
    (segment.flags & (ACK | SYN)) === ACK &&
    acceptableAck(tcb, seq(segment.ack))
  if (recent) remember(tcb, segment, seq(segment.seq), now)
  // Data that we have got is answered always: its sender waits for it. Empty segments could answer each other for ever.
  if (length > 0 && !(segment.flags & SYN)) tcb.ackNow = true
  else challenge(tcb, now)
  if (recent && !old && tcb.synchronized) acknowledgeFromBehind(tcb, segment, now)
}

/**
 * RFC 9293 drops an old segment with its ACK. But two sides that both believe the other's window closed number their
 * ACKs from SND.UNA, each behind what the other has got, and would drop each other's until both give up. So an ACK of
 * something new is taken from a segment that was right a moment ago, as BSD does; its window as SND.WL1 and WL2 allow.
 */
function acknowledgeFromBehind(tcb: Tcb, segment: TcpSegment, now: Nanos): void {
  const ack = seq(segment.ack)
  if (!gt(ack, tcb.sndUna) || gt(ack, tcb.sndNxt)) return
  acknowledge(tcb, segment, now)
  if (finAcknowledged(tcb)) afterFinAcknowledged(tcb, now)
}

/** An ACK that asks the peer whether it meant that; so many a second (RFC 5961 §7). */
function challenge(tcb: Tcb, now: Nanos): void {
  if (now - tcb.challengedSince >= SECOND) {
    tcb.challengedSince = now
    tcb.challenges = 0
  }
  if (tcb.challenges >= tcb.settings.challengeAcksPerSecond) return
  tcb.challenges++
  tcb.ackNow = true
}

function resetByPeer(tcb: Tcb, now: Nanos): void {
  const { state } = tcb
  const closing = state === 'CLOSING' || state === 'LAST-ACK' || state === 'TIME-WAIT'
  finish(tcb, closing ? null : state === 'SYN-RECEIVED' ? 'ECONNREFUSED' : 'ECONNRESET', 'rst', now)
}

function afterSequence(tcb: Tcb, segment: TcpSegment, now: Nanos): void {
  // Fifth: the ACK.
  if (!(segment.flags & ACK)) return
  const ack = seq(segment.ack)
  if (tcb.state === 'SYN-RECEIVED') {
    if (!(lt(tcb.sndUna, ack) && leq(ack, tcb.sndNxt))) {
      tcb.outbox = reset(tcb, segment.ack, RST)
      return
    }
    // No room in the accept queue: as if the ACK had been lost, the SYN-ACK will be sent again.
    if (tcb.admit !== null && !tcb.admit()) return
    tcb.sndWl1 = seq(segment.seq)
    tcb.sndWl2 = ack
    handshakeDone(tcb, now)
    tcb.sndWnd = segment.window * 2 ** tcb.sndScale
    tcb.maxSndWnd = tcb.sndWnd
  }
  if (!acceptableAck(tcb, ack)) {
    challenge(tcb, now)
    return
  }
  // Only now: RFC 7323 §5.3 would take the stamp of any segment in the window, and one blind shot with a stamp of the
  // future would make all that the true peer sends look old.
  remember(tcb, segment, seq(segment.seq), now)
  tcb.lastReceived = now
  tcb.keepAliveProbesOut = 0
  acknowledge(tcb, segment, now)
  if (finAcknowledged(tcb)) afterFinAcknowledged(tcb, now)
  if (tcb.dead) return
  // Seventh and eighth: text and FIN, where the peer may still send.
  if (tcb.state === 'ESTABLISHED' || tcb.state === 'FIN-WAIT-1' || tcb.state === 'FIN-WAIT-2') {
    if (segment.payload.length > 0 || segment.flags & FIN) receiveText(tcb, segment, now)
  } else if (segment.payload.length > 0 || segment.flags & FIN) tcb.ackNow = true
}

function afterFinAcknowledged(tcb: Tcb, now: Nanos): void {
  if (tcb.state === 'FIN-WAIT-1') enterFinWait2(tcb, now)
  else if (tcb.state === 'CLOSING') enterTimeWait(tcb, now)
  else if (tcb.state === 'LAST-ACK') finish(tcb, null, 'ack', now)
}

/**
 * Whether a SYN for a connection in TIME-WAIT opens a new one (RFC 9293 §3.10.7.4, fourth, and RFC 6191): its number
 * lies beyond everything of the old one, so no old segment can be mistaken. The stack then drops the old Tcb.
 */
export function supersedes(tcb: Tcb, segment: TcpSegment): boolean {
  if (tcb.state !== 'TIME-WAIT' || (segment.flags & (SYN | ACK | RST)) !== SYN) return false
  return gt(seq(segment.seq), tcb.rcvNxt)
}
