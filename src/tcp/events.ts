/** What the TCP machine reports. Times are the host's clock; sequence numbers are absolute. */

import type { Nanos } from '../base/clock.ts'
import type { Event } from '../base/events.ts'

/** A connection has moved to another state of RFC 9293 §3.3.2. */
export interface TcpStateEvent extends Event {
  readonly type: 'tcp.state'
  /** `10.0.0.2:49152>192.0.2.80:80`, this side first. */
  readonly connection: string
  readonly from: string
  readonly to: string
  /** What caused it: 'passive open', 'active open', 'syn', 'ack', 'close', 'fin', 'rst', 'timeout', … */
  readonly why: string
}

/** A segment was handed to IP, with the sender's variables at that moment. */
export interface TcpSegmentEvent extends Event {
  readonly type: 'tcp.segment'
  /** `10.0.0.2:49152>192.0.2.80:80`, this side first. */
  readonly connection: string
  readonly seq: number
  readonly ack: number
  /** FIN … AE of `wire.tcp`, added up. */
  readonly flags: number
  /** Bytes of text. */
  readonly length: number
  /** The advertised receive window in bytes, scaled. */
  readonly window: number
  /** '' for a first transmission, else why it was sent again: 'rto', 'fast', 'recovery', 'probe'. */
  readonly retransmission: '' | 'rto' | 'fast' | 'recovery' | 'probe'
  /** The congestion window and the slow start threshold in bytes; 2147483647: no loss has set one. */
  readonly cwnd: number
  readonly ssthresh: number
  /** Sequence space sent and not acknowledged. */
  readonly flight: number
  /** The peer's window in bytes. */
  readonly sndWnd: number
  /** The smoothed round trip (0: not measured), and the retransmission time-out. */
  readonly srtt: Nanos
  readonly rto: Nanos
}

/** All that TCP tells the event log. */
export type TcpEvent = TcpStateEvent | TcpSegmentEvent
