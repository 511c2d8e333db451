/** Round-trip time and the retransmission time-out (RFC 6298). */
import { MILLISECOND, type Nanos, SECOND } from '../../base/clock.ts'

/** G of RFC 6298 §2: what the timer may be late by. Ours fire on time; a host's event loop does not. */
const GRANULARITY: Nanos = MILLISECOND
/** RFC 6298 §5.7: after a SYN that had to be sent again, data starts from at least this. */
const RTO_AFTER_SYN_LOSS: Nanos = 3 * SECOND

export class RttEstimator {
  #srtt: Nanos = 0
  #rttvar: Nanos = 0
  #minRtt: Nanos = Number.POSITIVE_INFINITY
  #backoff = 0
  #measured = false
  #base: Nanos
  /** With its back-off. */
  #rto: Nanos
  readonly #min: Nanos
  readonly #max: Nanos

  constructor(initial: Nanos, min: Nanos, max: Nanos) {
    this.#base = this.#rto = initial
    this.#min = min
    this.#max = max
  }

  /** 0 until the first measurement. */
  get srtt(): Nanos {
    return this.#srtt
  }

  get rttvar(): Nanos {
    return this.#rttvar
  }

  /** The least ever measured, Infinity before. */
  get minRtt(): Nanos {
    return this.#minRtt
  }

  /** How many times the time-out has been doubled since the last measurement. */
  get backoff(): number {
    return this.#backoff
  }

  /** Whether there has been a measurement. A round trip of no time at all is one too, in a simulation. */
  get measured(): boolean {
    return this.#measured
  }

  /** The time-out with its back-off. */
  get rto(): Nanos {
    return this.#rto
  }

  /** One measurement, of a segment that was sent once (Karn's algorithm: the caller sees to that). */
  sample(rtt: Nanos): void {
    if (rtt < this.#minRtt) this.#minRtt = rtt
    if (!this.#measured) {
      this.#measured = true
      // RFC 6298 §2.2
      this.#srtt = rtt
      this.#rttvar = Math.floor(rtt / 2)
    } else {
      // RFC 6298 §2.3, alpha = 1/8, beta = 1/4
      this.#rttvar = Math.round(this.#rttvar * 0.75 + Math.abs(this.#srtt - rtt) * 0.25)
      this.#srtt = Math.round(this.#srtt * 0.875 + rtt * 0.125)
    }
    // RFC 6298 §2.3: RTO = SRTT + max(G, 4 · RTTVAR). The floor is put under the variance, as Linux does, not under the
    // sum: with a steady round trip of 190 ms a floor of 200 would fire on every delayed ACK.
    this.#base = Math.min(this.#srtt + Math.max(GRANULARITY, this.#min, 4 * this.#rttvar), this.#max)
    // RFC 6298 §5, closing note: a new measurement, and nothing else, takes the back-off away.
    this.forgetBackOff()
  }

  /** The timer went off: RFC 6298 §5.5. */
  backOff(): void {
    if (this.#rto >= this.#max) return
    this.#backoff++
    this.#rto = Math.min(this.#rto * 2, this.#max)
  }

  /** The time-outs said nothing of the path. */
  forgetBackOff(): void {
    this.#backoff = 0
    this.#rto = this.#base
  }

  /** RFC 6298 §5.7. */
  synWasLost(): void {
    if (!this.#measured) this.#base = Math.max(this.#base, RTO_AFTER_SYN_LOSS)
    this.forgetBackOff()
  }
}
