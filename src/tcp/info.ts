/** tcp_info (linux/tcp.h), with Linux's names less their prefix. Fields that have no meaning here yet are left out. */
import { MICROSECOND, MILLISECOND, type Nanos } from '../base/clock.ts'
import type { RecoveryPhase } from './recovery/recovery.ts'
import { diff } from './sequence.ts'
import type { TcpState } from './state/state.ts'
import type { Tcb } from './tcb.ts'

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

/** Counts are packets, bytes where the name says so; times are µs, `last_…` ms. */
export interface TcpInfo {
  readonly state: number
  readonly ca_state: number
  readonly retransmits: number
  readonly probes: number
  readonly backoff: number
  readonly options: number
  readonly snd_wscale: number
  readonly rcv_wscale: number
  readonly rto: number
  readonly ato: number
  readonly snd_mss: number
  readonly unacked: number
  readonly sacked: number
  readonly lost: number
  readonly retrans: number
  readonly last_data_sent: number
  readonly last_data_recv: number
  readonly rtt: number
  readonly rttvar: number
  readonly snd_ssthresh: number
  readonly snd_cwnd: number
  readonly advmss: number
  readonly total_retrans: number
  readonly bytes_acked: number
  readonly bytes_received: number
  readonly segs_out: number
  readonly segs_in: number
  readonly notsent_bytes: number
  /** 0 before the first measurement. */
  readonly min_rtt: number
  readonly bytes_sent: number
  readonly bytes_retrans: number
  readonly rcv_ooopack: number
  readonly snd_wnd: number
  readonly rcv_wnd: number
}

const micros = (nanos: Nanos) => Math.round(nanos / MICROSECOND)
const millis = (nanos: Nanos) => Math.floor(nanos / MILLISECOND)

export function infoOf(tcb: Tcb, now: Nanos): TcpInfo {
  const { scoreboard: board, rtt, congestion, mss } = tcb
  return {
    state: STATE_NUMBER[tcb.state],
    ca_state: CA_STATE_NUMBER[tcb.phase],
    retransmits: tcb.retransmits,
    probes: tcb.probesOut,
    backoff: rtt.backoff,
    options:
      (tcb.timestamps ? TCPI_OPT_TIMESTAMPS : 0) |
      (tcb.sackPermitted ? TCPI_OPT_SACK : 0) |
      (tcb.scaling ? TCPI_OPT_WSCALE : 0),
    snd_wscale: tcb.sndScale,
    rcv_wscale: tcb.rcvScale,
    rto: micros(rtt.rto),
    ato: micros(tcb.settings.delayedAck),
    snd_mss: mss,
    unacked: board.count,
    sacked: board.tally((record) => record.sacked) + Math.floor(board.departed / mss),
    lost: board.tally((record) => record.lost),
    retrans: board.tally((record) => record.resent),
    last_data_sent: tcb.lastDataSent < 0 ? 0 : millis(now - tcb.lastDataSent),
    last_data_recv: millis(now - tcb.lastReceived),
    rtt: micros(rtt.srtt),
    rttvar: micros(rtt.rttvar),
    snd_ssthresh: Number.isFinite(congestion.ssthresh) ? Math.floor(congestion.ssthresh / mss) : TCP_INFINITE_SSTHRESH,
    snd_cwnd: Math.floor(congestion.cwnd / mss),
    advmss: tcb.ownMss,
    total_retrans: tcb.totalRetransmits,
    bytes_acked: tcb.bytesAcked,
    bytes_received: tcb.bytesReceived,
    segs_out: tcb.segmentsOut,
    segs_in: tcb.segmentsIn,
    notsent_bytes: tcb.unsent,
    min_rtt: Number.isFinite(rtt.minRtt) ? micros(rtt.minRtt) : 0,
    bytes_sent: tcb.bytesSent,
    bytes_retrans: tcb.bytesRetransmitted,
    rcv_ooopack: tcb.rcvOutOfOrder,
    snd_wnd: tcb.sndWnd,
    rcv_wnd: diff(tcb.rcvAdv, tcb.rcvNxt),
  }
}
