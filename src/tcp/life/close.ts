/** The ends of a connection: by reset, and the waits that are bounded once nobody is there any more to end them. */
import type { Nanos } from '../../base/clock.ts'
import type { ErrorCode } from '../../base/errors.ts'
import { type Seq, seq } from '../../wire/sequence.ts'
import { ACK, NO_OPTIONS, NOTHING, RST, type TcpSegment } from '../../wire/tcp.ts'
import type { ControlBlock } from '../block.ts'
import { TIMER } from '../timers.ts'
import { NEEDS_RESET } from './state.ts'

/** A reset from this side of the connection. */
export function reset(tcb: ControlBlock, number: Seq, flags: number): TcpSegment {
  return {
    sourcePort: tcb.localPort,
    destinationPort: tcb.remotePort,
    seq: number,
    ack: flags & ACK ? tcb.rcv.nxt : seq(0),
    flags,
    window: 0,
    urgent: 0,
    options: NO_OPTIONS,
    payload: NOTHING,
  }
}

/** To CLOSED, with a reset for the peer where it needs one. */
export function abort(tcb: ControlBlock, error: ErrorCode | null, why: string, now: Nanos): void {
  if (NEEDS_RESET.has(tcb.life.state)) tcb.life.answer(reset(tcb, tcb.snd.nxt, RST | ACK))
  tcb.life.end(error, why, now)
}

/** In FIN-WAIT-2, when nobody reads any more, the wait for the peer's FIN is bounded. */
export function finWait2(tcb: ControlBlock, now: Nanos): void {
  if (tcb.life.released && tcb.life.state === 'FIN-WAIT-2')
    tcb.timers.start(TIMER.timeWait, now + tcb.settings.finWait2)
}

/** How long what waits may go without progress (RFC 5482); once the program has closed, no longer than an orphan may. 0: for ever. */
export function patience(tcb: ControlBlock): Nanos {
  const { userTimeout, closeTime } = tcb.settings
  if (!tcb.life.released) return userTimeout
  return userTimeout === 0 ? closeTime : Math.min(userTimeout, closeTime)
}
