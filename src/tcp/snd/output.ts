/** Sends what may be sent: until `nextOf` finds no more to do, so afterwards only a timer, a segment or a call changes that. */
import { type Nanos, SECOND } from '../../base/clock.ts'
import { add, leq } from '../../wire/sequence.ts'
import { ACK, FIN, NOTHING, PSH, SYN, type TcpSegment } from '../../wire/tcp.ts'
import type { ControlBlock } from '../block.ts'
import type { TcpSegmentEvent } from '../events.ts'
import { patience } from '../life/close.ts'
import type { SenderVariables } from '../report.ts'
import { TIMER } from '../timers.ts'
import { type Deed, isDeed, nextOf, sizeAgain } from './next.ts'
import { segment, synSegment } from './segment.ts'
import type { Wait } from './wait.ts'

/** Takes one segment. Its payload is a view that is right until the peer has acknowledged it. It must not call back into the connection. */
export type Emit = (segment: TcpSegment) => void

/** What Linux reports as long as no loss has set a threshold. */
const NO_SSTHRESH = 0x7fffffff

export function send(tcb: ControlBlock, now: Nanos, emit: Emit): void {
  const before = tcb.traffic.dataOut
  let next = nextOf(tcb)
  while (isDeed(next)) {
    perform(tcb, next, now, emit)
    next = nextOf(tcb)
  }
  settle(tcb, next, tcb.traffic.dataOut > before, now)
}

function perform(tcb: ControlBlock, deed: Deed, now: Nanos, emit: Emit): void {
  if (deed === 'new') sendNew(tcb, now, emit)
  else if (deed === 'ack') sendAck(tcb, now, emit)
  else if (deed === 'again') sendAgain(tcb, now, emit)
  else if (deed === 'probe') sendProbe(tcb, now, emit)
  else if (deed === 'syn') sendSyn(tcb, now, emit)
  else sendAnswer(tcb, now, emit)
}

function sendAnswer(tcb: ControlBlock, now: Nanos, emit: Emit): void {
  const answer = tcb.life.farewell
  tcb.life.answered()
  if (answer !== null) leave(tcb, answer, '', now, emit)
}

function sendSyn(tcb: ControlBlock, now: Nanos, emit: Emit): void {
  const { loss, rcv, snd } = tcb
  const again = loss.board.nextLost()
  const timedOut = again !== undefined && loss.timeouts > 0
  const syn = synSegment(tcb, now)
  if (syn.flags & ACK) rcv.acknowledged()
  if (again !== undefined) loss.synResent(again, now)
  else {
    snd.sentSyn()
    loss.sent(snd.iss, snd.nxt, now)
  }
  leave(tcb, syn, timedOut ? 'rto' : '', now, emit)
}

function sendAgain(tcb: ControlBlock, now: Nanos, emit: Emit): void {
  const { loss, snd } = tcb
  const { board } = loss
  const record = board.nextLost()!
  const length = sizeAgain(tcb, record)
  board.split(record, length)
  const why = whyAgain(tcb, record === board.first)
  const bytes = Math.min(length, snd.buffer.after(record.seq))
  const flags = flagsFor(bytes > 0 && bytes === snd.buffer.after(record.seq), length > bytes)
  const made = segment(tcb, record.seq, flags, snd.buffer.slice(record.seq, bytes), now)
  loss.resent(record, bytes, now)
  if (why === 'fast') loss.restartTimer(now)
  snd.sentAgain(now)
  pace(tcb, bytes, now)
  leave(tcb, made, why, now, emit)
}

function whyAgain({ loss }: ControlBlock, head: boolean): TcpSegmentEvent['retransmission'] {
  const { phase, partialAcks } = loss.recovery.episode
  if (phase === 'loss') return 'rto'
  return phase === 'recovery' && partialAcks === 0 && head ? 'fast' : 'recovery'
}

function sendNew(tcb: ControlBlock, now: Nanos, emit: Emit): void {
  const { loss, snd } = tcb
  const idle = loss.board.empty && snd.lastDataAt >= 0 && now - snd.lastDataAt > loss.rtt.rto
  if (idle) loss.congestion.idle(now)
  const start = snd.nxt
  const { unsent } = snd
  const length = snd.sendable(unsent)
  const fin = snd.finRides(length, unsent)
  const flags = flagsFor(length > 0 && length === unsent, fin)
  const made = segment(tcb, start, flags, snd.buffer.slice(start, length), now)
  snd.sent(length, fin, now)
  loss.sent(start, snd.nxt, now)
  tcb.timers.stop(TIMER.persist)
  pace(tcb, length, now)
  leave(tcb, made, '', now, emit)
}

/** When the congestion control spreads segments out, the next one waits for its turn. */
function pace({ loss, timers }: ControlBlock, length: number, now: Nanos): void {
  const { pacingRate } = loss.congestion
  if (pacingRate < Number.POSITIVE_INFINITY) timers.start(TIMER.pacing, now + (length * SECOND) / pacingRate)
}

/** @param last no more was written after its text */
function flagsFor(last: boolean, fin: boolean): number {
  // RFC 9293 §3.9.1.2: PSH on the last segment of what was buffered.
  return ACK | (last ? PSH : 0) | (fin ? FIN : 0)
}

/**
 * A window probe or a keepalive: an old number and no data, which the peer must answer with its window (RFC 9293
 * §3.10.7.4, first). RFC 9293 §3.8.6.1 would send one byte of new data; as in Linux that byte stays here, so there is
 * no record of something sent outside the window.
 */
function sendProbe(tcb: ControlBlock, now: Nanos, emit: Emit): void {
  tcb.snd.probed()
  leave(tcb, segment(tcb, add(tcb.snd.una, -1), ACK, NOTHING, now), 'probe', now, emit)
}

function sendAck(tcb: ControlBlock, now: Nanos, emit: Emit): void {
  const { life, snd } = tcb
  // When the peer has shrunk its window under SND.NXT, a segment numbered SND.NXT would not be acceptable there.
  const at = leq(snd.nxt, snd.edge) || !life.synchronized ? snd.nxt : snd.edge
  leave(tcb, segment(tcb, at, ACK, NOTHING, now), '', now, emit)
}

/** Nothing more may be sent: what would have to happen, and who waits for it? */
function settle(tcb: ControlBlock, why: Wait, sent: boolean, now: Nanos): void {
  const { life, loss, snd, timers } = tcb
  if (!life.synchronized) return
  const { board, congestion, delivery, rtt, usage } = loss
  const waiting = snd.unsent > 0 || snd.finWaits
  tcb.chronograph.stopped(why, board.outstanding, now)
  if (sent || why === 'congestion') {
    const { pipe } = board
    usage.sent(snd.una, snd.nxt, board.outstanding, why === 'congestion' || pipe + snd.mss > congestion.cwnd)
  }
  if (why === 'idle' || why === 'small') delivery.runDry(board.pipe)
  if (waiting && board.empty) {
    // Nothing is out, so no ACK will come by itself: RFC 9293 §3.8.6.1. A cork is the program's word that more will come.
    timers.ensure(TIMER.persist, now + (why === 'small' && snd.cork > 0 ? snd.cork : rtt.rto))
  } else {
    timers.stop(TIMER.persist)
    snd.calm()
  }
  const limit = patience(tcb)
  if (limit === 0 || (!waiting && board.empty)) timers.stop(TIMER.user)
  else timers.ensure(TIMER.user, now + limit)
}

function leave(
  tcb: ControlBlock,
  made: TcpSegment,
  retransmission: TcpSegmentEvent['retransmission'],
  now: Nanos,
  emit: Emit,
): void {
  tcb.traffic.left(made.payload.length)
  if (tcb.label.log.on) report(tcb, made, retransmission, now)
  emit(made)
}

function report(
  tcb: ControlBlock,
  made: TcpSegment,
  retransmission: TcpSegmentEvent['retransmission'],
  now: Nanos,
): void {
  const { label, rcv } = tcb
  const { cwnd, ssthresh, flight, sndWnd, srtt, rto } = variablesOf(tcb)
  const event: TcpSegmentEvent = {
    type: 'tcp.segment',
    at: now,
    host: label.host,
    connection: label.connection,
    seq: made.seq,
    ack: made.ack,
    flags: made.flags,
    length: made.payload.length,
    window: made.flags & SYN ? made.window : made.window * 2 ** rcv.scale,
    retransmission,
    cwnd,
    ssthresh,
    flight,
    sndWnd,
    srtt,
    rto,
  }
  label.log.emit(event)
}

/** The sender's variables, as an event tells them. */
export function variablesOf({ loss, snd }: ControlBlock): SenderVariables {
  const { board, congestion, rtt } = loss
  return {
    cwnd: congestion.cwnd,
    // Events are plain JSON, which has no infinity.
    ssthresh: Math.min(congestion.ssthresh, NO_SSTHRESH),
    flight: board.outstanding,
    sndWnd: snd.wnd,
    srtt: rtt.srtt,
    rto: rtt.rto,
  }
}
