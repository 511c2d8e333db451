/** Bounds for the congestion window, from the acknowledgments that came: RFC 5681, RFC 6928, RFC 3465. */
import type { Nanos } from '../../../../src/base/clock.ts'
import type { TcpSegmentEvent } from '../../../../src/tcp/events.ts'

type Say = (rule: string, at: Nanos, what: string) => void

/** What stands for no threshold in a report. */
const NONE = 0x7fffffff

export class CongestionWindow {
  readonly #say: Say
  mss = 0
  low = 0
  high = 0
  ssthresh = NONE
  #initial = 0
  #afterTimeout = false
  #reported = 0
  /** What slow start may have added since then. */
  #slowStart = 0
  /** Acknowledged in congestion avoidance since it last grew there. */
  #counted = 0
  #must: { readonly at: Nanos; readonly cwnd: number } | null = null

  constructor(say: Say) {
    this.#say = say
  }

  /** RFC 6928 §2; RFC 5681 §3.1 after a SYN that was lost. */
  open(mss: number, synLost: boolean): void {
    this.mss = mss
    this.#initial = synLost ? mss : Math.min(10 * mss, Math.max(2 * mss, 14_600))
    this.#exactly(this.#initial)
  }

  /** @param limited the window was what held the sender back @param loss after a time-out */
  acknowledged(acked: number, limited: boolean, loss: boolean, at: Nanos): void {
    if (this.low < this.ssthresh) {
      const least = Math.min(acked, this.mss)
      if (limited || loss) this.#must = { at, cwnd: this.low + least }
      if (loss) this.low = Math.min(this.low + least, Math.max(this.low, this.ssthresh))
      // RFC 3465 §2.3: after a time-out a segment an ACK. Otherwise, as Linux does, what was acknowledged.
      this.#slowStart += this.#afterTimeout ? Math.min(acked, this.mss) : acked
    } else this.#afterTimeout = false
    if (this.high + this.#slowStart >= this.ssthresh) this.#counted += acked
    // RFC 5681 §3.1: beyond slow start one segment for every window acknowledged.
    this.high = this.#reported + this.#slowStart + (this.#counted >= this.#reported ? this.mss : 0)
  }

  /** RFC 5681 §3.2 (2), RFC 6675 §5 (4.2). */
  recover(flight: number): void {
    this.ssthresh = this.#half(flight)
    this.#exactly(this.ssthresh)
  }

  recovered(flight: number): void {
    this.#exactly(Math.min(this.ssthresh, Math.max(flight, this.mss) + this.mss))
  }

  /** RFC 5681 §3.1: equation (4), unless the same segment has timed out before; the window is one segment. */
  expired(flight: number, again: boolean): void {
    if (!again) this.ssthresh = this.#half(flight)
    this.#exactly(this.mss)
    this.#afterTimeout = true
  }

  /** RFC 5681 §4.1. */
  idle(): void {
    this.low = Math.min(this.low, this.#initial)
    this.high = Math.min(this.high, this.#initial)
    this.#must = null
  }

  /** @param full new data goes out in a whole segment: nothing but the window can have held it back before */
  check({ cwnd, ssthresh, at }: TcpSegmentEvent, full: boolean): void {
    if (ssthresh !== this.ssthresh)
      this.#say('RFC 5681 §3.1 (4)', at, `ssthresh is ${ssthresh}, should be ${this.ssthresh}`)
    if (cwnd < this.low || cwnd > this.high)
      this.#say('RFC 5681 §3.1', at, `cwnd is ${cwnd}, should be in ${this.low}..${this.high}`)
    else if (full && this.#must?.at === at && cwnd < Math.min(this.#must.cwnd, ssthresh))
      this.#say('RFC 5681 §3.1', at, `cwnd stays ${cwnd} in slow start, should be ${this.#must.cwnd} or more`)
    this.ssthresh = ssthresh
    if (cwnd > this.#reported + this.#slowStart) this.#counted = Math.max(0, this.#counted - this.#reported)
    this.#slowStart = 0
    this.low = this.high = this.#reported = cwnd
  }

  #half(flight: number): number {
    return Math.max(Math.floor(flight / 2), 2 * this.mss)
  }

  #exactly(cwnd: number): void {
    this.low = this.high = this.#reported = cwnd
    this.#counted = this.#slowStart = 0
    this.#must = null
  }
}
