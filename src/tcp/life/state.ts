/** The states of RFC 9293 §3.3.2. LISTEN belongs to `open/listener.ts`: a Tcb exists from the first SYN on. */
export type TcpState =
  | 'CLOSED'
  | 'SYN-SENT'
  | 'SYN-RECEIVED'
  | 'ESTABLISHED'
  | 'FIN-WAIT-1'
  | 'FIN-WAIT-2'
  | 'CLOSE-WAIT'
  | 'CLOSING'
  | 'LAST-ACK'
  | 'TIME-WAIT'

/** What moves a connection on: a call of the program's, what has arrived, or time. `ack`: of this side's SYN or FIN. */
export type Cause = 'active open' | 'passive open' | 'syn' | 'ack' | 'close' | 'fin' | 'timeout'

/**
 * RFC 9293 §3.3.2, Figure 5. What is not there changes nothing. Out of every state a reset, a time-out or an `abort` leads
 * to CLOSED besides.
 */
export const TRANSITIONS: Readonly<Record<TcpState, Readonly<Partial<Record<Cause, TcpState>>>>> = {
  CLOSED: { 'active open': 'SYN-SENT', 'passive open': 'SYN-RECEIVED' },
  'SYN-SENT': { syn: 'SYN-RECEIVED', ack: 'ESTABLISHED' },
  'SYN-RECEIVED': { ack: 'ESTABLISHED' },
  ESTABLISHED: { close: 'FIN-WAIT-1', fin: 'CLOSE-WAIT' },
  'FIN-WAIT-1': { ack: 'FIN-WAIT-2', fin: 'CLOSING' },
  'FIN-WAIT-2': { fin: 'TIME-WAIT' },
  'CLOSE-WAIT': { close: 'LAST-ACK' },
  CLOSING: { ack: 'TIME-WAIT' },
  'LAST-ACK': { ack: 'CLOSED' },
  'TIME-WAIT': { timeout: 'CLOSED' },
}

/** RFC 9293 §3.10.5: in these states the peer has a connection that it must be told of when it is aborted. */
export const NEEDS_RESET: ReadonlySet<TcpState> = new Set([
  'SYN-RECEIVED',
  'ESTABLISHED',
  'FIN-WAIT-1',
  'FIN-WAIT-2',
  'CLOSE-WAIT',
])
