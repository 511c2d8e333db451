/** What waits in front of a link: when each frame will leave, and its size; a ring over typed arrays. */
import type { Nanos } from '../../base/clock.ts'

export class Backlog {
  packets = 0
  bytes = 0
  #departures = new Float64Array(16)
  #sizes = new Int32Array(16)
  #head = 0

  add(departs: Nanos, size: number): void {
    if (this.packets === this.#sizes.length) this.#grow()
    const at = (this.#head + this.packets) & (this.#sizes.length - 1)
    this.#departures[at] = departs
    this.#sizes[at] = size
    this.packets++
    this.bytes += size
  }

  /** Forgets what has left by `now`. */
  forget(now: Nanos): void {
    while (this.packets > 0 && this.#departures[this.#head]! <= now) {
      this.bytes -= this.#sizes[this.#head]!
      this.packets--
      this.#head = (this.#head + 1) & (this.#sizes.length - 1)
    }
  }

  #grow(): void {
    const length = this.#sizes.length
    const departures = new Float64Array(length * 2)
    const sizes = new Int32Array(length * 2)
    for (let i = 0; i < length; i++) {
      const at = (this.#head + i) & (length - 1)
      departures[i] = this.#departures[at]!
      sizes[i] = this.#sizes[at]!
    }
    this.#departures = departures
    this.#sizes = sizes
    this.#head = 0
  }
}
