/** The retransmission time-out as RFC 6298 computes it, with Linux's floor of 200 ms under the variance. */
import { MILLISECOND, type Nanos, SECOND } from '../../../../src/base/clock.ts'

const FLOOR = 200 * MILLISECOND
const CEILING = 120 * SECOND

export class Timeout {
  srtt: Nanos = 0
  #rttvar: Nanos = 0
  /** §2.1 */
  #base: Nanos = SECOND
  #doubled = 0

  get rto(): Nanos {
    return Math.min(this.#base * 2 ** this.#doubled, CEILING)
  }

  sample(rtt: Nanos): void {
    if (this.srtt === 0) {
      this.srtt = rtt // §2.2
      this.#rttvar = Math.floor(rtt / 2)
    } else {
      // §2.3: RTTVAR first, with the old SRTT.
      this.#rttvar = Math.round((3 / 4) * this.#rttvar + (1 / 4) * Math.abs(this.srtt - rtt))
      this.srtt = Math.round((7 / 8) * this.srtt + (1 / 8) * rtt)
    }
    this.#base = this.srtt + Math.max(FLOOR, 4 * this.#rttvar)
    this.#doubled = 0
  }

  /** §5.5 */
  expired(): void {
    this.#doubled++
  }

  /** §5.7 */
  synWasLost(): void {
    this.#doubled = 0
    if (this.srtt === 0) this.#base = 3 * SECOND
  }
}
