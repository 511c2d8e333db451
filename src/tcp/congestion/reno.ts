/** Slow start and congestion avoidance (RFC 5681), with appropriate byte counting (RFC 3465). */
import type { CongestionControl } from './congestion.ts'

/**
 * RFC 3465 §2.3: slow start grows by at most this many segments for one ACK, so that a peer with delayed ACKs is not
 * held to half the speed, and one that stretches its ACKs does not cause bursts.
 */
const SLOW_START_SEGMENTS_PER_ACK = 2

class Reno implements CongestionControl {
  readonly name = 'reno'
  cwnd: number
  ssthresh = Number.POSITIVE_INFINITY
  #mss: number
  #initialWindow: number
  /** Bytes acknowledged since the last increase in congestion avoidance. */
  #counted = 0
  #afterTimeout = false

  constructor(mss: number, initialWindow: number) {
    this.#mss = mss
    this.#initialWindow = initialWindow
    this.cwnd = initialWindow
  }

  acknowledged(bytes: number): void {
    if (this.cwnd < this.ssthresh) {
      // RFC 5681 §3.1 (2): cwnd += min(N, SMSS); RFC 3465 §2.3 raises the limit, but not after a time-out.
      const limit = this.#mss * (this.#afterTimeout ? 1 : SLOW_START_SEGMENTS_PER_ACK)
      this.cwnd += Math.min(bytes, limit)
      return
    }
    this.#afterTimeout = false
    // RFC 5681 §3.1: the recommended way to grow by one segment per round trip is to count acknowledged bytes.
    this.#counted += bytes
    if (this.#counted >= this.cwnd) {
      this.#counted -= this.cwnd
      this.cwnd += this.#mss
    }
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
    this.cwnd = Math.min(this.#initialWindow, this.cwnd)
    this.#counted = 0
  }

  narrow(mss: number): void {
    this.#mss = mss
  }

  resize(mss: number, initialWindow: number): void {
    this.#mss = mss
    this.#initialWindow = initialWindow
    this.cwnd = initialWindow
  }

  /** RFC 5681 §3.1 (4). */
  #half(flight: number): number {
    return Math.max(Math.floor(flight / 2), 2 * this.#mss)
  }
}

/** @param mss sender's segment size in bytes; @param initialWindow in bytes */
export function reno(mss: number, initialWindow: number): CongestionControl {
  return new Reno(mss, initialWindow)
}
