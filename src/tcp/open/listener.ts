/**
 * A listening port's queues (RFC 9293 §3.10.7.2 and listen(2)): half-open connections in the SYN queue, complete ones
 * that nobody has accepted yet in the accept queue. It decides; the stack makes the Tcb and keeps it in its own map.
 */
import { ACK, FIN, RST, SYN, type TcpSegment } from '../../wire/tcp.ts'
import { TCP_LIMITS } from '../limits.ts'

/** open: make a Tcb with `Tcb.accept`. reset: answer with `resetFor`. drop: say nothing. */
export type ListenVerdict = 'open' | 'reset' | 'drop'

/** How many connections of one listener are half-open and how many wait to be accepted, and so whether a SYN may come in. */
export class ListenQueue {
  /** Connections that may wait to be accepted. */
  readonly backlog: number
  /** Connections that may be half-open. */
  readonly synQueue: number
  #halfOpen = 0
  #waiting = 0
  /** SYNs dropped because a queue was full. */
  overflows = 0

  constructor(backlog = TCP_LIMITS.backlog, synQueue = TCP_LIMITS.synQueue) {
    this.backlog = Math.max(1, backlog)
    this.synQueue = synQueue
  }

  get halfOpen(): number {
    return this.#halfOpen
  }

  /** Connections that are complete and not accepted. */
  get waiting(): number {
    return this.#waiting
  }

  /** What to do with a segment that no connection knows. */
  judge(segment: TcpSegment): ListenVerdict {
    const { flags } = segment
    // First: RST is ignored. Second: an ACK belongs to nothing that is here. Third: a SYN. Fourth: nothing else counts, and
    // a SYN that ends what it begins is nobody's request (Linux drops it too).
    if (flags & RST) return 'drop'
    if (flags & ACK) return 'reset'
    if (!(flags & SYN) || flags & FIN) return 'drop'
    if (this.#halfOpen >= this.synQueue || !this.roomToAccept) {
      // Silence, not a reset: the client tries again, and then there may be room.
      this.overflows++
      return 'drop'
    }
    return 'open'
  }

  /** For `TcbConfig.admit`: whether one more may be completed. */
  get roomToAccept(): boolean {
    return this.#waiting < this.backlog
  }

  /** A Tcb in SYN-RECEIVED was made. */
  opened(): void {
    this.#halfOpen++
  }

  /** Its handshake is complete: it waits to be accepted. */
  completed(): void {
    this.#halfOpen--
    this.#waiting++
  }

  /** It ended before its handshake was complete. */
  failed(): void {
    this.#halfOpen--
  }

  /** A waiting connection was handed to the program, or ended before it could be. */
  taken(): void {
    this.#waiting--
  }
}
