/** What a connection may cost at most, and why. Everything in `TcpSettings` can be set per connection. */
import { MILLISECOND, type Nanos, SECOND } from '../base/clock.ts'

/** Receive buffer in bytes: 40 Mbit/s at 100 ms. It bounds memory (unread and out-of-order bytes), it is not allocated. */
export const RECEIVE_BUFFER = 512 * 1024
/** Send buffer in bytes, unacknowledged and unsent together. */
export const SEND_BUFFER = 512 * 1024
/** Out-of-order pieces kept; past it a piece is dropped and the peer sends it again. One-byte pieces must not cost a thousandfold. */
export const OUT_OF_ORDER_PIECES = 1024
/** Below this a peer's MSS is not believed: it would make headers of all traffic (Linux: tcp_min_snd_mss). */
export const MIN_MSS = 48
/** RFC 9293 §3.7.1, MUST-15: what to assume when the peer's SYN carries no MSS option, over IPv4. */
export const DEFAULT_MSS = 536
/** RFC 7323 §2.3: a shift count above this is taken as this. */
export const MAX_WINDOW_SCALE = 14

/** Half-open connections of one listener: a SYN flood stops here (Linux: tcp_max_syn_backlog). */
export const SYN_QUEUE = 1024
/** Connections that wait to be accepted, when the program does not say (Node's default). */
export const BACKLOG = 511

/** Challenge ACKs (RFC 5961 §7) a connection sends per second: two confused peers must not answer each other for ever. */
export const CHALLENGE_ACKS_PER_SECOND = 10

/** RFC 6298 §2.1: the time-out before the first measurement. */
export const INITIAL_RTO: Nanos = SECOND
/** RFC 6298 §2.4 asks for 1 s; today's delayed ACKs come within 40 ms, so Linux waits 200 ms, and so do we. */
export const MIN_RTO: Nanos = 200 * MILLISECOND
/** RFC 6298 §2.5: at least 60 s. Linux: TCP_RTO_MAX. */
export const MAX_RTO: Nanos = 120 * SECOND
/** Time-outs of the SYN before giving up (Linux: tcp_syn_retries): 1+2+4+8+16+32+64 = 127 s. */
export const SYN_RETRIES = 6
/** Time-outs of the SYN-ACK before giving up (Linux: tcp_synack_retries). */
export const SYN_ACK_RETRIES = 5
/** Time-outs of one segment, or unanswered probes of a closed window, before giving up (Linux: tcp_retries2; RFC 9293 §3.8.3 R2 is then met). */
export const RETRIES = 15

/** RFC 9293 §3.8.6.3: at most 500 ms; Linux's least. */
export const DELAYED_ACK: Nanos = 40 * MILLISECOND
/** 2 MSL. RFC 9293 §3.4.2 has an MSL of 2 minutes; every system in use takes less. Linux: 60 s. */
export const TIME_WAIT: Nanos = 60 * SECOND
/** How long a closed socket waits in FIN-WAIT-2 for a FIN that may never come (Linux: tcp_fin_timeout). */
export const FIN_WAIT_2: Nanos = 60 * SECOND

/** RFC 9293 §3.8.4, MUST-28: no less than two hours by default. */
export const KEEP_ALIVE_IDLE: Nanos = 7200 * SECOND
export const KEEP_ALIVE_INTERVAL: Nanos = 75 * SECOND
export const KEEP_ALIVE_PROBES = 9

/** RFC 6928 §2, in segments. */
export const INITIAL_WINDOW_SEGMENTS = 10
