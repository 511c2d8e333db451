/**
 * Whether the congestion window is used: one that the program does not fill says nothing of the path, and must not grow
 * (RFC 7661). It is judged by what was out within the last window, as Linux does (tcp_cwnd_validate).
 */
import { geq, type Seq } from '../../wire/sequence.ts'

export class WindowUsage {
  /** The most that was out, while the window was not what held it back. */
  #most = 0
  #limited = false
  /** What was sent up to here belongs to the window that is judged. */
  #until: Seq

  constructor(iss: Seq) {
    this.#until = iss
  }

  /** Something was sent, and now `flight` bytes are out. `limited`: the congestion window lets no more go. */
  sent(una: Seq, nxt: Seq, flight: number, limited: boolean): void {
    const over = geq(una, this.#until)
    if (!over && !limited && (this.#limited || flight <= this.#most)) return
    this.#limited = limited
    this.#most = flight
    this.#until = nxt
  }

  /** Whether an ACK may let the window grow. */
  allows(cwnd: number, slowStart: boolean): boolean {
    // RFC 7661 §4.1: half of it was used. In slow start the window may go ahead of the use by as much.
    return this.#limited || (slowStart && cwnd < 2 * this.#most)
  }
}
