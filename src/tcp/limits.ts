/** What a connection may cost at most, and why. Each can be set for a stack, a machine or a connection (`TcpSettings`). */
import { type Duration, seconds } from '../base/duration.ts'

/** What a connection and its buffers may cost at most. Sizes are bytes. */
export interface TcpLimits {
  /** SO_RCVBUF: bytes that may wait unread or out of order. The window scale is derived from it at the handshake. */
  readonly receiveBuffer: number
  /** SO_SNDBUF: bytes that may be sent and not acknowledged. */
  readonly sendBuffer: number
  /** Runs of bytes beyond a gap that are kept; one more is dropped, and the peer sends it again. */
  readonly outOfOrderRuns: number
  /** The least segment size of a peer that is believed. */
  readonly leastMss: number
  /** Half-open connections of one listener. */
  readonly synQueue: number
  /** Connections of one listener that wait to be accepted, where the program does not say. */
  readonly backlog: number
  /** Challenge ACKs of one connection a second (RFC 5961 §7). */
  readonly challengeAcksPerSecond: number
  /** Time-outs of the SYN before giving up. */
  readonly synRetries: number
  /** Time-outs of the SYN-ACK before giving up. */
  readonly synAckRetries: number
  /** Time-outs of one segment, or unanswered probes of a closed window, before giving up. */
  readonly retries: number
  /** Unanswered keepalive probes before giving up. */
  readonly keepAliveProbes: number
  /** How long a connection that the program has closed may go without progress before it is reset. */
  readonly closeTime: Duration
  /** How long a connection that the program has closed waits in FIN-WAIT-2. */
  readonly finWait2: Duration
  /** 2 MSL, spent in TIME-WAIT. */
  readonly timeWait: Duration
}

/** The limits unless a stack, a machine or a socket is given others. */
export const TCP_LIMITS: TcpLimits = Object.freeze({
  // 40 Mbit/s at a round trip of 100 ms. It is a bound and is not allocated.
  receiveBuffer: 512 * 1024,
  sendBuffer: 512 * 1024,
  // A run costs some 200 bytes beside its own: single bytes that never touch must not cost a multiple of the buffer. At 5 %
  // of loss a window of 16 MB has about 550 gaps.
  outOfOrderRuns: 1024,
  // Below this a peer's MSS would make headers of all traffic (Linux: tcp_min_snd_mss).
  leastMss: 48,
  // A SYN flood stops here (Linux: tcp_max_syn_backlog).
  synQueue: 1024,
  // Node's default.
  backlog: 511,
  // Two confused peers must not answer each other for ever.
  challengeAcksPerSecond: 10,
  // Linux: tcp_syn_retries: 1+2+4+8+16+32+64 = 127 s.
  synRetries: 6,
  // Linux: tcp_synack_retries.
  synAckRetries: 5,
  // Linux: tcp_retries2; R2 of RFC 9293 §3.8.3 is then met.
  retries: 15,
  // Linux: tcp_keepalive_probes.
  keepAliveProbes: 9,
  // Nobody waits for the outcome, and a peer that takes nothing could hold memory for ever (sockstress). Linux's
  // tcp_orphan_retries, 8, come to 100 s at the least time-out.
  closeTime: seconds(100),
  // Linux: tcp_fin_timeout.
  finWait2: seconds(60),
  // RFC 9293 §3.4.2 has an MSL of 2 minutes; every system in use takes less. Linux: 60 s.
  timeWait: seconds(60),
})
