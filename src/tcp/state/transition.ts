/** Moving from state to state (RFC 9293 §3.3.2), and the ends of a connection. */
import type { Nanos } from '../../base/clock.ts'
import type { ErrorCode } from '../../base/errors.ts'
import { ACK, NO_OPTIONS, RST, type TcpSegment } from '../../wire/tcp.ts'
import type { TcpStateEvent } from '../events.ts'
import type { Tcb } from '../tcb.ts'
import type { TcpState } from './state.ts'

export function enter(tcb: Tcb, to: TcpState, why: string, now: Nanos): void {
  const from = tcb.state
  tcb.state = to
  tcb.notices.state(from, to)
  if (!tcb.log.on) return
  // RFC 9293 §3.3.2: a passive open comes out of LISTEN, which was the listener's state and never this Tcb's.
  const shown = from === 'CLOSED' && to === 'SYN-RECEIVED' ? 'LISTEN' : from
  const { host, connection } = tcb
  const event: TcpStateEvent = { type: 'tcp.state', at: now, host, connection, from: shown, to, why }
  tcb.log.emit(event)
}

/** The handshake is complete. */
export function establish(tcb: Tcb, now: Nanos): void {
  enter(tcb, 'ESTABLISHED', 'ack', now)
  tcb.lastReceived = now
  if (tcb.settings.keepAlive) tcb.timers.keepAlive = now + tcb.settings.keepAliveIdle
}

export function enterTimeWait(tcb: Tcb, now: Nanos): void {
  enter(tcb, 'TIME-WAIT', 'fin', now)
  tcb.timers.clear()
  tcb.timers.timeWait = now + tcb.settings.timeWait
}

/** FIN-WAIT-2: nobody reads any more, so the wait for the peer's FIN is bounded. */
export function enterFinWait2(tcb: Tcb, now: Nanos): void {
  enter(tcb, 'FIN-WAIT-2', 'ack', now)
  boundFinWait2(tcb, now)
}

export function boundFinWait2(tcb: Tcb, now: Nanos): void {
  if (tcb.discarding && tcb.state === 'FIN-WAIT-2') tcb.timers.timeWait = now + tcb.settings.finWait2
}

/** To CLOSED: everything is let go, the owner hears of it. */
export function finish(tcb: Tcb, error: ErrorCode | null, why: string, now: Nanos): void {
  if (tcb.state === 'CLOSED') return
  enter(tcb, 'CLOSED', why, now)
  tcb.timers.clear()
  tcb.ackNow = false
  tcb.probe = false
  tcb.reassembly.clear()
  tcb.notices.closed(error)
}

/** RFC 9293 §3.10.5: in these states the peer has a connection that it must be told of. */
const NEEDS_RESET: ReadonlySet<TcpState> = new Set([
  'SYN-RECEIVED',
  'ESTABLISHED',
  'FIN-WAIT-1',
  'FIN-WAIT-2',
  'CLOSE-WAIT',
])

/** To CLOSED, with a reset for the peer where it needs one. */
export function abort(tcb: Tcb, error: ErrorCode | null, why: string, now: Nanos): void {
  if (NEEDS_RESET.has(tcb.state)) tcb.outbox = reset(tcb, tcb.sndNxt, RST | ACK)
  finish(tcb, error, why, now)
}

/** A reset from this side of the connection. */
export function reset(tcb: Tcb, seq: number, flags: number): TcpSegment {
  return {
    sourcePort: tcb.localPort,
    destinationPort: tcb.remotePort,
    seq,
    ack: flags & ACK ? tcb.rcvNxt : 0,
    flags,
    window: 0,
    urgent: 0,
    options: NO_OPTIONS,
    payload: tcb.nothing,
  }
}
