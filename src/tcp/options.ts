/** What can be set on a connection. The names on the wire (`TcpOptions`) are `wire/tcp.ts`'s; these are the local ones. */
import type { Nanos } from '../base/clock.ts'
import type { CongestionControl } from './congestion/congestion.ts'
import { reno } from './congestion/reno.ts'
import * as limits from './limits.ts'

export interface TcpSettings {
  /** Bytes that may wait unread or out of order: SO_RCVBUF. Fixed at the handshake, which derives the window scale from it. */
  readonly receiveBuffer: number
  /** Bytes that may wait unacknowledged or unsent: SO_SNDBUF. */
  readonly sendBuffer: number
  /** TCP_NODELAY: switches Nagle's algorithm (RFC 9293 §3.7.4) off. */
  readonly noDelay: boolean
  /** Offer the window scale option (RFC 7323). */
  readonly windowScaling: boolean
  /** Offer selective acknowledgement (RFC 2018). */
  readonly sack: boolean
  /** Offer time stamps (RFC 7323). */
  readonly timestamps: boolean
  /** How long an acknowledgement may wait for company; 0 acknowledges every segment at once. */
  readonly delayedAck: Nanos
  readonly initialRto: Nanos
  readonly minRto: Nanos
  readonly maxRto: Nanos
  readonly synRetries: number
  readonly synAckRetries: number
  readonly retries: number
  /** 2 MSL, spent in TIME-WAIT. */
  readonly timeWait: Nanos
  readonly finWait2: Nanos
  /** SO_KEEPALIVE. */
  readonly keepAlive: boolean
  readonly keepAliveIdle: Nanos
  readonly keepAliveInterval: Nanos
  readonly keepAliveProbes: number
  /** TCP_USER_TIMEOUT (RFC 5482): give up when sent data stays unacknowledged this long; 0 leaves it to `retries`. */
  readonly userTimeout: Nanos
  /** Initial congestion window, in segments. */
  readonly initialWindow: number
  readonly outOfOrderPieces: number
  readonly challengeAcksPerSecond: number
  /** TCP_CONGESTION: makes the algorithm for one connection. */
  readonly congestion: (mss: number, initialWindow: number) => CongestionControl
}

export const DEFAULT_SETTINGS: TcpSettings = Object.freeze({
  receiveBuffer: limits.RECEIVE_BUFFER,
  sendBuffer: limits.SEND_BUFFER,
  noDelay: false,
  windowScaling: true,
  sack: true,
  timestamps: true,
  delayedAck: limits.DELAYED_ACK,
  initialRto: limits.INITIAL_RTO,
  minRto: limits.MIN_RTO,
  maxRto: limits.MAX_RTO,
  synRetries: limits.SYN_RETRIES,
  synAckRetries: limits.SYN_ACK_RETRIES,
  retries: limits.RETRIES,
  timeWait: limits.TIME_WAIT,
  finWait2: limits.FIN_WAIT_2,
  keepAlive: false,
  keepAliveIdle: limits.KEEP_ALIVE_IDLE,
  keepAliveInterval: limits.KEEP_ALIVE_INTERVAL,
  keepAliveProbes: limits.KEEP_ALIVE_PROBES,
  userTimeout: 0,
  initialWindow: limits.INITIAL_WINDOW_SEGMENTS,
  outOfOrderPieces: limits.OUT_OF_ORDER_PIECES,
  challengeAcksPerSecond: limits.CHALLENGE_ACKS_PER_SECOND,
  congestion: reno,
})
