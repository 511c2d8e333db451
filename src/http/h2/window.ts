/** How much the other side may send (RFC 9113 §5.2): a stream's window, or the connection's. */
export class ReceiveWindow {
  /** What the window is when everything that came was used. */
  readonly #size: number
  #left: number
  /** Used, and not announced yet. */
  #used = 0

  constructor(size: number) {
    this.#size = size
    this.#left = size
  }

  /** Octets that have come; false where that is more than may. */
  take(octets: number): boolean {
    if (octets > this.#left) return false
    this.#left -= octets
    return true
  }

  /** Octets that somebody has used. What to announce by WINDOW_UPDATE; 0 as long as that would be little. */
  use(octets: number): number {
    this.#used += octets
    if (this.#used * 2 < this.#size) return 0
    const more = this.#used
    this.#left += more
    this.#used = 0
    return more
  }
}
