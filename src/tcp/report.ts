/** The events of a connection, as they go into the log. */
import type { Nanos } from '../base/clock.ts'
import type { EventLog } from '../base/events.ts'
import type { TcpSegmentEvent, TcpStateEvent } from './events.ts'
import type { TcpState } from './life/state.ts'

/** Whose connection it is, as the event log calls it. */
export interface Label {
  readonly log: EventLog
  /** The host's name. */
  readonly host: string
  /** `10.0.0.2:49152>192.0.2.80:80`, this side first. */
  readonly connection: string
}

/** What an event tells of the sender beside the segment. */
export type SenderVariables = Pick<TcpSegmentEvent, 'cwnd' | 'ssthresh' | 'flight' | 'sndWnd' | 'srtt' | 'rto'>

/** The event of a step from state to state. */
export function reportState(
  { log, host, connection }: Label,
  from: TcpState,
  to: TcpState,
  why: string,
  at: Nanos,
): void {
  // RFC 9293 §3.3.2: a passive open comes out of LISTEN, which was the listener's state and never this Tcb's.
  const shown = from === 'CLOSED' && to === 'SYN-RECEIVED' ? 'LISTEN' : from
  const event: TcpStateEvent = { type: 'tcp.state', at, host, connection, from: shown, to, why }
  log.emit(event)
}
