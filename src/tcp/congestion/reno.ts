/** Slow start and congestion avoidance (RFC 5681), with appropriate byte counting (RFC 3465). */
import type { AckReport } from '../loss/report.ts'
import type { CongestionControl, CongestionStart } from './congestion.ts'

class Reno implements CongestionControl {
  readonly name = 'reno'
  readonly pacingRate = Number.POSITIVE_INFINITY
  cwnd: number
  ssthresh: number
  #mss: number
  readonly #restartWindow: number
  /** Bytes acknowledged since the last increase in congestion avoidance. */
  #counted = 0
  #afterTimeout = false

  constructor({ mss, cwnd, ssthresh }: CongestionStart) {
    this.#mss = mss
    this.#restartWindow = cwnd
    this.cwnd = cwnd
    this.ssthresh = ssthresh
  }

  acknowledged({ acked, cwndLimited, phase }: AckReport): void {
    // Fast recovery keeps the window. After a time-out it is one segment, and what fills it is what was lost.
    if (acked === 0 || phase === 'recovery' || !(cwndLimited || phase === 'loss')) return
    const left = this.cwnd < this.ssthresh ? this.#slowStart(acked) : acked
    if (left > 0) this.#avoid(left)
  }

  /**
   * RFC 5681 §3.1 (2) adds min (N, SMSS) for an ACK, RFC 3465 §2.3 twice that. A peer that merges segments acknowledges 45
   * of them at once, so like Linux all that was acknowledged is added: divided ACKs gain nothing by it. Not after a
   * time-out, where one ACK may be for what had arrived long before (RFC 3465 §2.3).
   * @returns what was acknowledged beyond the threshold
   */
  #slowStart(acked: number): number {
    const counted = this.#afterTimeout ? Math.min(acked, this.#mss) : acked
    const before = this.cwnd
    this.cwnd = Math.min(before + counted, this.ssthresh)
    return counted - (this.cwnd - before)
  }

  #avoid(acked: number): void {
    this.#afterTimeout = false
    // RFC 5681 §3.1: the recommended way to grow by one segment per round trip is to count acknowledged bytes.
    this.#counted += acked
    if (this.#counted < this.cwnd) return
    this.#counted -= this.cwnd
    this.cwnd += this.#mss
  }

  recover(flight: number): void {
    // RFC 5681 §3.2 (2). RFC 6582 inflates cwnd by what has left the network; here that is taken off the flight instead.
    this.ssthresh = this.#half(flight)
    this.cwnd = this.ssthresh
    this.#counted = 0
  }

  recovered(flight: number): void {
    // RFC 6582 §3.2 (3), full acknowledgement, option 1: no burst when little is in flight.
    this.cwnd = Math.min(this.ssthresh, Math.max(flight, this.#mss) + this.#mss)
    this.#counted = 0
  }

  timeout(flight: number, again: boolean): void {
    // RFC 5681 §3.1: a segment that times out once more leaves ssthresh as it is.
    if (!again) this.ssthresh = this.#half(flight)
    this.cwnd = this.#mss
    this.#counted = 0
    this.#afterTimeout = true
  }

  idle(): void {
    // RFC 5681 §4.1: the restart window.
    this.cwnd = Math.min(this.#restartWindow, this.cwnd)
    this.#counted = 0
  }

  narrow(mss: number): void {
    this.#mss = mss
  }

  /** RFC 5681 §3.1 (4). */
  #half(flight: number): number {
    return Math.max(Math.floor(flight / 2), 2 * this.#mss)
  }
}

/** Reno, as RFC 5681 has it. */
export function reno(start: CongestionStart): CongestionControl {
  return new Reno(start)
}
