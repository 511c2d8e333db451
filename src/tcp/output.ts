/** What may be sent now. `poll` sends until nothing may be sent any more, so afterwards only a timer or a call can change that. */
import type { Nanos } from '../base/clock.ts'
import { ACK, FIN, NO_OPTIONS, PSH, SYN, type TcpOptions, type TcpSegment } from '../wire/tcp.ts'
import type { TcpSegmentEvent } from './events.ts'
import { advertise } from './input/text.ts'
import { stamp } from './input/timestamps.ts'
import { synOptions, synWindow } from './open/handshake.ts'
import type { Sent } from './recovery/scoreboard.ts'
import { add, diff, leq, type Seq } from './sequence.ts'
import type { Tcb } from './tcb.ts'
import { fire } from './timers.ts'

export type Emit = (segment: TcpSegment) => void

/** Events are plain JSON, which has no infinity: what Linux reports as long as no loss has set a threshold. */
const NO_SSTHRESH = 0x7fffffff

/** RFC 2018 §3: so many blocks fit beside nothing else, one less beside time stamps. */
const MAX_SACK_BLOCKS = 4

export function poll(tcb: Tcb, now: Nanos, emit: Emit): void {
  fire(tcb, now)
  tcb.cwndLimited = false
  while (step(tcb, now, emit));
  settle(tcb, now)
}

/** Sends one segment, or answers false: there is nothing to send. */
function step(tcb: Tcb, now: Nanos, emit: Emit): boolean {
  if (tcb.outbox !== null) {
    const segment = tcb.outbox
    tcb.outbox = null
    dispatch(tcb, segment, '', now, emit)
    return true
  }
  switch (tcb.state) {
    case 'CLOSED':
      return false
    case 'SYN-SENT':
    case 'SYN-RECEIVED':
      return sendSyn(tcb, now, emit) || sendAck(tcb, now, emit)
    case 'TIME-WAIT':
      return sendAck(tcb, now, emit)
    default:
      return (
        sendAgain(tcb, now, emit) || sendNew(tcb, now, emit) || sendProbe(tcb, now, emit) || sendAck(tcb, now, emit)
      )
  }
}

function sendSyn(tcb: Tcb, now: Nanos, emit: Emit): boolean {
  const again = tcb.scoreboard.nextLost()
  if (again === undefined && tcb.sndNxt !== tcb.iss) return false
  const answering = tcb.state === 'SYN-RECEIVED'
  const syn: TcpSegment = {
    sourcePort: tcb.localPort,
    destinationPort: tcb.remotePort,
    seq: tcb.iss,
    ack: answering ? tcb.rcvNxt : 0,
    flags: answering ? SYN | ACK : SYN,
    window: synWindow(tcb),
    urgent: 0,
    options: synOptions(tcb, now),
    payload: tcb.nothing,
  }
  if (answering) acknowledged(tcb)
  if (again !== undefined) tcb.scoreboard.resent(again, now)
  else {
    tcb.sndNxt = add(tcb.iss, 1)
    tcb.scoreboard.sent(tcb.iss, tcb.sndNxt, now)
  }
  startTimer(tcb, now)
  dispatch(tcb, syn, again !== undefined && tcb.retransmits > 0 ? 'rto' : '', now, emit)
  return true
}

/** What recovery has marked goes before anything new. */
function sendAgain(tcb: Tcb, now: Nanos, emit: Emit): boolean {
  const record = tcb.scoreboard.nextLost()
  if (record === undefined) return false
  const head = record === tcb.scoreboard.first
  fitRecord(tcb, record, head)
  const length = diff(record.end, record.seq)
  if (!(head && tcb.resendNow)) {
    const pipe = tcb.scoreboard.pipe
    if (pipe > 0 && pipe + length > tcb.congestion.cwnd) {
      tcb.cwndLimited = true
      return false
    }
    // Beyond the window only the oldest is sent again: it is what a shrunken window is probed with.
    if (!head && diff(add(tcb.sndUna, tcb.sndWnd), record.end) < 0) return false
  }
  const why = whyAgain(tcb, head)
  tcb.resendNow = false
  const bytes = Math.min(length, diff(tcb.sendBuffer.end, record.seq))
  const flags = flagsFor(tcb, record.seq, bytes, length > bytes)
  const segment = build(tcb, record.seq, flags, tcb.sendBuffer.slice(record.seq, bytes), now)
  tcb.scoreboard.resent(record, now)
  tcb.totalRetransmits++
  tcb.bytesRetransmitted += bytes
  tcb.lastDataSent = now
  startTimer(tcb, now)
  dispatch(tcb, segment, why, now, emit)
  return true
}

function whyAgain(tcb: Tcb, head: boolean): TcpSegmentEvent['retransmission'] {
  if (tcb.phase === 'loss') return 'rto'
  return tcb.phase === 'recovery' && tcb.partialAcks === 0 && head ? 'fast' : 'recovery'
}

/** Cuts a record down to the segment size, which may have shrunk, and the oldest to what the window lets through. */
function fitRecord(tcb: Tcb, record: Sent, head: boolean): void {
  const room = diff(add(tcb.sndUna, tcb.sndWnd), record.seq)
  const fits = head && room > 0 ? Math.min(room, tcb.mss) : tcb.mss
  // A FIN takes a number but no room: it stays with the data that it came with.
  if (Math.min(diff(record.end, record.seq), diff(tcb.sendBuffer.end, record.seq)) > fits)
    tcb.scoreboard.split(record, fits)
}

function sendNew(tcb: Tcb, now: Nanos, emit: Emit): boolean {
  if (tcb.scoreboard.nextLost() !== undefined) return false
  const unsent = diff(tcb.sendBuffer.end, tcb.sndNxt)
  // −1: the FIN has been sent, there is nothing after it.
  if (unsent < 0 || (unsent === 0 && !tcb.finQueued)) return false
  const window = tcb.sndWnd - diff(tcb.sndNxt, tcb.sndUna)
  if (window <= 0) return false
  const length = Math.min(unsent, tcb.mss, window)
  const fin = tcb.finQueued && length === unsent && window > length
  if (!worthwhile(tcb, length, unsent, fin)) return false
  const pipe = tcb.scoreboard.pipe
  if (pipe > 0 && pipe + length > tcb.congestion.cwnd) {
    tcb.cwndLimited = true
    return false
  }
  if (tcb.scoreboard.empty && now - tcb.lastDataSent > tcb.rtt.rto && tcb.lastDataSent >= 0) tcb.congestion.idle(now)
  const start = tcb.sndNxt
  const segment = build(tcb, start, flagsFor(tcb, start, length, fin), tcb.sendBuffer.slice(start, length), now)
  tcb.sndNxt = add(start, length + (fin ? 1 : 0))
  tcb.scoreboard.sent(start, tcb.sndNxt, now)
  tcb.bytesSent += length
  tcb.override = false
  tcb.lastDataSent = now
  startTimer(tcb, now)
  dispatch(tcb, segment, '', now, emit)
  return true
}

/** Silly-window avoidance of the sender (RFC 9293 §3.8.6.2.1) and Nagle's algorithm (§3.7.4). */
function worthwhile(tcb: Tcb, length: number, unsent: number, fin: boolean): boolean {
  if (length >= tcb.mss || fin || tcb.override) return true // (1); a FIN ends all waiting; (4)
  if (length === unsent) return tcb.settings.noDelay || tcb.finQueued || tcb.sndNxt === tcb.sndUna // (2)
  return length >= tcb.maxSndWnd / 2 // (3), with Fs = 1/2
}

function flagsFor(tcb: Tcb, start: Seq, length: number, fin: boolean): number {
  // RFC 9293 §3.9.1.2: PSH on the last segment of what was buffered.
  const last = length > 0 && add(start, length) === tcb.sendBuffer.end
  return ACK | (last ? PSH : 0) | (fin ? FIN : 0)
}

/**
 * A window probe or a keepalive: an old number and no data, which the peer must answer with its window (RFC 9293
 * §3.10.7.4, first). RFC 9293 §3.8.6.1 would send one byte of new data; as in Linux that byte stays here, so there is
 * no record of something sent outside the window.
 */
function sendProbe(tcb: Tcb, now: Nanos, emit: Emit): boolean {
  if (!tcb.probe) return false
  tcb.probe = false
  dispatch(tcb, build(tcb, add(tcb.sndUna, -1), ACK, tcb.nothing, now), 'probe', now, emit)
  return true
}

function sendAck(tcb: Tcb, now: Nanos, emit: Emit): boolean {
  if (!tcb.ackNow) return false
  // When the peer has shrunk its window under SND.NXT, a segment numbered SND.NXT would not be acceptable there.
  const edge = add(tcb.sndUna, tcb.sndWnd)
  const at = leq(tcb.sndNxt, edge) || !tcb.synchronized ? tcb.sndNxt : edge
  dispatch(tcb, build(tcb, at, ACK, tcb.nothing, now), '', now, emit)
  return true
}

/** A segment with an ACK and the window as they are now. */
function build(tcb: Tcb, seq: Seq, flags: number, payload: Uint8Array, now: Nanos): TcpSegment {
  const window = advertise(tcb)
  acknowledged(tcb)
  return {
    sourcePort: tcb.localPort,
    destinationPort: tcb.remotePort,
    seq,
    ack: tcb.rcvNxt,
    flags,
    window,
    urgent: 0,
    options: optionsFor(tcb, payload.length, now),
    payload,
  }
}

/** Time stamps, and as many SACK blocks as fit without making the segment larger than the path takes (RFC 6691). */
function optionsFor(tcb: Tcb, length: number, now: Nanos): TcpOptions {
  const sacking = tcb.sackPermitted && tcb.reassembly.size > 0
  if (!tcb.timestamps && !sacking) return NO_OPTIONS
  const most = tcb.timestamps ? MAX_SACK_BLOCKS - 1 : MAX_SACK_BLOCKS
  const blocks = sacking ? Math.min(most, Math.floor((tcb.mss - length - 4) / 8)) : 0
  return {
    mss: null,
    windowScale: null,
    sackPermitted: false,
    sack: blocks > 0 ? tcb.reassembly.blocks(blocks) : NO_OPTIONS.sack,
    timestamps: tcb.timestamps ? stamp(tcb, now) : null,
    unknown: NO_OPTIONS.unknown,
    malformed: false,
  }
}

/** An ACK has gone out: nothing is owed. */
function acknowledged(tcb: Tcb): void {
  tcb.ackNow = false
  tcb.unacked = 0
  tcb.lastAckSent = tcb.rcvNxt
  tcb.timers.delayedAck = Number.POSITIVE_INFINITY
}

/** RFC 6298 §5.1: it runs while anything is out. */
function startTimer(tcb: Tcb, now: Nanos): void {
  if (tcb.timers.retransmit === Number.POSITIVE_INFINITY) tcb.timers.retransmit = now + tcb.rtt.rto
  tcb.timers.persist = Number.POSITIVE_INFINITY
}

/** When nothing more may be sent: what would have to happen, and who waits for it? */
function settle(tcb: Tcb, now: Nanos): void {
  if (tcb.dead || !tcb.synchronized) return
  const waiting = diff(tcb.sendBuffer.end, tcb.sndNxt) > 0 || (tcb.finQueued && tcb.sndNxt === tcb.sendBuffer.end)
  const timers = tcb.timers
  if (waiting && tcb.scoreboard.empty) {
    // Nothing is out, so no ACK will come by itself: RFC 9293 §3.8.6.1.
    if (timers.persist === Number.POSITIVE_INFINITY) timers.persist = now + tcb.rtt.rto
  } else {
    timers.persist = Number.POSITIVE_INFINITY
    tcb.probesOut = 0
    tcb.persistBackoff = 0
  }
  if (tcb.settings.userTimeout === 0 || (!waiting && tcb.scoreboard.empty)) timers.user = Number.POSITIVE_INFINITY
  else if (timers.user === Number.POSITIVE_INFINITY) timers.user = now + tcb.settings.userTimeout
}

function dispatch(
  tcb: Tcb,
  segment: TcpSegment,
  retransmission: TcpSegmentEvent['retransmission'],
  now: Nanos,
  emit: Emit,
): void {
  tcb.segmentsOut++
  if (tcb.log.on) report(tcb, segment, retransmission, now)
  emit(segment)
}

function report(tcb: Tcb, segment: TcpSegment, retransmission: TcpSegmentEvent['retransmission'], now: Nanos): void {
  const event: TcpSegmentEvent = {
    type: 'tcp.segment',
    at: now,
    host: tcb.host,
    connection: tcb.connection,
    seq: segment.seq,
    ack: segment.ack,
    flags: segment.flags,
    length: segment.payload.length,
    window: segment.flags & SYN ? segment.window : segment.window * 2 ** tcb.rcvScale,
    retransmission,
    cwnd: tcb.congestion.cwnd,
    ssthresh: Math.min(tcb.congestion.ssthresh, NO_SSTHRESH),
    flight: tcb.scoreboard.outstanding,
    sndWnd: tcb.sndWnd,
    srtt: tcb.rtt.srtt,
    rto: tcb.rtt.rto,
  }
  tcb.log.emit(event)
}
