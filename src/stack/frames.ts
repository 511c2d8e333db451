/**
 * Memory for frames. They are carved out of slabs, since a typed array of its own for every frame costs several times
 * as much; a slab lives for as long as anybody keeps one of its frames.
 */

/** Octets in front of every IP packet, for the Ethernet header. */
export const LINK_HEADROOM = 14

const SLAB = 256 * 1024

export class Frames {
  #slab = new Uint8Array(0)
  #used = 0

  /** An uninitialised frame of that many octets. */
  take(length: number): Uint8Array {
    if (this.#used + length > this.#slab.length) {
      this.#slab = new Uint8Array(Math.max(SLAB, length))
      this.#used = 0
    }
    const frame = this.#slab.subarray(this.#used, this.#used + length)
    // Aligned, so that the wide checksum loop need not begin with single octets.
    this.#used += (length + 7) & ~7
    return frame
  }
}
