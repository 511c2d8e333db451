/**
 * tcp_info (linux/tcp.h), with Linux's names less their prefix. Left out are the fields of what is not there: Fast Open, ECN,
 * receive auto-tuning, other paths.
 */
import { MICROSECOND, MILLISECOND, type Nanos } from '../base/clock.ts'
import type { ControlBlock } from './block.ts'
import type { TcpState } from './life/state.ts'
import type { RecoveryPhase } from './loss/episode.ts'
import { DUPLICATE_ACK_THRESHOLD } from './loss/recovery.ts'

/** include/net/tcp_states.h */
const STATE_NUMBER: Readonly<Record<TcpState, number>> = {
  ESTABLISHED: 1,
  'SYN-SENT': 2,
  'SYN-RECEIVED': 3,
  'FIN-WAIT-1': 4,
  'FIN-WAIT-2': 5,
  'TIME-WAIT': 6,
  CLOSED: 7,
  'CLOSE-WAIT': 8,
  'LAST-ACK': 9,
  CLOSING: 11,
}

/** enum tcp_ca_state; 2, CWR, comes with ECN. */
const CA_STATE_NUMBER: Readonly<Record<RecoveryPhase, number>> = { open: 0, disorder: 1, recovery: 3, loss: 4 }

const TCPI_OPT_TIMESTAMPS = 1
const TCPI_OPT_SACK = 2
const TCPI_OPT_WSCALE = 4
/** What Linux reports for a threshold that no loss has set. */
const TCP_INFINITE_SSTHRESH = 0x7fffffff
/** What Linux reports for a rate that nothing limits. */
const NO_RATE = Number.MAX_SAFE_INTEGER

/** Counts are packets, bytes where the name says so; rates are bytes a second; times are µs, `last_…` ms. */
export interface TcpInfo {
  readonly state: number
  readonly ca_state: number
  readonly retransmits: number
  readonly probes: number
  readonly backoff: number
  readonly options: number
  readonly snd_wscale: number
  readonly rcv_wscale: number
  readonly delivery_rate_app_limited: number
  readonly rto: number
  readonly ato: number
  readonly snd_mss: number
  readonly rcv_mss: number
  readonly unacked: number
  readonly sacked: number
  readonly lost: number
  readonly retrans: number
  readonly last_data_sent: number
  readonly last_data_recv: number
  readonly last_ack_recv: number
  readonly pmtu: number
  readonly rcv_ssthresh: number
  readonly rtt: number
  readonly rttvar: number
  readonly snd_ssthresh: number
  readonly snd_cwnd: number
  readonly advmss: number
  /** How far segments may be overtaken before they count as lost. */
  readonly reordering: number
  readonly rcv_space: number
  readonly total_retrans: number
  readonly pacing_rate: number
  readonly bytes_acked: number
  readonly bytes_received: number
  readonly segs_out: number
  readonly segs_in: number
  readonly notsent_bytes: number
  /** 0 before the first measurement. */
  readonly min_rtt: number
  readonly data_segs_in: number
  readonly data_segs_out: number
  readonly delivery_rate: number
  readonly busy_time: number
  readonly rwnd_limited: number
  readonly sndbuf_limited: number
  readonly delivered: number
  readonly bytes_sent: number
  readonly bytes_retrans: number
  readonly dsack_dups: number
  readonly rcv_ooopack: number
  readonly snd_wnd: number
  readonly rcv_wnd: number
  readonly total_rto: number
}

/** What an IPv4 and a TCP header take of a packet. */
const HEADERS = 40

const micros = (nanos: Nanos) => Math.round(nanos / MICROSECOND)
const millis = (nanos: Nanos) => Math.floor(nanos / MILLISECOND)
const since = (at: Nanos, now: Nanos) => (at < 0 ? 0 : millis(now - at))

export function infoOf(tcb: ControlBlock, now: Nanos): TcpInfo {
  const { loss, rcv, settings, snd, traffic } = tcb
  const { board, congestion, rtt } = loss
  const { mss } = snd
  // As on Linux 0 is for what was not measured, and no round trip is shorter than a microsecond.
  const measured = Number.isFinite(rtt.minRtt)
  const [busy, window, buffer] = tcb.chronograph.read(now)
  return {
    state: STATE_NUMBER[tcb.life.state],
    ca_state: CA_STATE_NUMBER[loss.phase],
    retransmits: loss.timeouts,
    probes: snd.probes,
    backoff: rtt.backoff,
    options:
      (rcv.stamps.on ? TCPI_OPT_TIMESTAMPS : 0) | (tcb.sack ? TCPI_OPT_SACK : 0) | (tcb.scaling ? TCPI_OPT_WSCALE : 0),
    snd_wscale: snd.scale,
    rcv_wscale: rcv.scale,
    delivery_rate_app_limited: loss.rateLimited ? 1 : 0,
    rto: micros(rtt.rto),
    ato: micros(settings.delayedAck),
    snd_mss: mss,
    rcv_mss: rcv.largest,
    unacked: board.count,
    sacked: board.tally((record) => record.sacked) + Math.floor(board.departed / mss),
    lost: board.tally((record) => record.lost),
    retrans: board.tally((record) => record.resent),
    last_data_sent: since(snd.lastDataAt, now),
    last_data_recv: since(rcv.lastDataAt, now),
    last_ack_recv: since(traffic.ackAt, now),
    pmtu: tcb.pathMss + HEADERS,
    rcv_ssthresh: settings.receiveBuffer,
    rtt: measured ? Math.max(1, micros(rtt.srtt)) : 0,
    rttvar: micros(rtt.rttvar),
    snd_ssthresh: Number.isFinite(congestion.ssthresh) ? Math.floor(congestion.ssthresh / mss) : TCP_INFINITE_SSTHRESH,
    snd_cwnd: Math.floor(congestion.cwnd / mss),
    advmss: tcb.ownMss,
    reordering: DUPLICATE_ACK_THRESHOLD,
    rcv_space: settings.receiveBuffer,
    total_retrans: loss.resentSegments,
    pacing_rate: Number.isFinite(congestion.pacingRate) ? Math.floor(congestion.pacingRate) : NO_RATE,
    bytes_acked: snd.acked,
    bytes_received: rcv.bytes,
    segs_out: traffic.out,
    segs_in: traffic.in,
    notsent_bytes: snd.unsent,
    min_rtt: measured ? Math.max(1, micros(rtt.minRtt)) : 0,
    data_segs_in: traffic.dataIn,
    data_segs_out: traffic.dataOut,
    delivery_rate: Math.floor(loss.rate),
    busy_time: micros(busy),
    rwnd_limited: micros(window),
    sndbuf_limited: micros(buffer),
    delivered: Math.ceil(loss.delivery.total / mss),
    bytes_sent: snd.bytes,
    bytes_retrans: loss.resentBytes,
    dsack_dups: loss.twice,
    rcv_ooopack: rcv.outOfOrder,
    snd_wnd: snd.wnd,
    rcv_wnd: rcv.wnd,
    total_rto: loss.totalTimeouts,
  }
}
