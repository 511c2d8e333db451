/**
 * Memory for frames, and frames that are built backwards: the payload stands first, and every layer puts its header in
 * front of what is there. They are carved out of slabs, since a typed array of its own for every frame costs several times
 * as much; a slab lives for as long as anybody keeps one of its frames.
 */

import { putU16 } from '../base/octets.ts'
import { checksum } from '../wire/checksum.ts'
import type { TransmitMeta } from './device.ts'

/**
 * Octets kept free in front of a transport's header: a virtual device's own header (10), Ethernet's (14), and IP's, of
 * which IPv6's is the longer one (40).
 */
const HEADROOM = 64

/** In front of a packet that is passed on: only Ethernet's header is still to come. */
const LINK_HEADROOM = 14

const SLAB = 256 * 1024

/** A packet on its way out. The octets from `start` to `end` are written; in front of them there is room. */
export class Frame {
  readonly bytes: Uint8Array
  readonly end: number
  /** The number of the frame that brought the packet, when it is passed on; null for one of this host's own. */
  brought: number | null = null
  #start: number
  /** Where the octets begin that a checksum still has to cover, and where it stands; -1: it is complete. */
  #checksumFrom = -1
  #checksumAt = -1

  constructor(bytes: Uint8Array, start: number, end: number) {
    this.bytes = bytes
    this.#start = start
    this.end = end
  }

  get start(): number {
    return this.#start
  }

  get length(): number {
    return this.end - this.#start
  }

  /** Makes room for a header in front; answers where it begins. */
  prepend(length: number): number {
    this.#start -= length
    return this.#start
  }

  /** The checksum at `at`, over all from `from` on, has only the pseudo-header's sum in it: whoever sends completes it. */
  leaveChecksum(from: number, at: number): void {
    this.#checksumFrom = from
    this.#checksumAt = at
  }

  /** Completes a checksum that was left, for a device that does not, or because the frame is cut into pieces. */
  completeChecksum(): void {
    if (this.#checksumAt < 0) return
    const sum = checksum(this.bytes, this.#checksumFrom, this.end - this.#checksumFrom)
    // RFC 768: a UDP checksum of zero would mean that there is none; to TCP both are the same number.
    putU16(this.bytes, this.#checksumAt, sum || 0xffff)
    this.#checksumAt = -1
  }

  /** What a device has to do before the frame leaves; null: nothing. */
  get meta(): TransmitMeta | null {
    if (this.#checksumAt < 0) return null
    return { checksumStart: this.#checksumFrom - this.#start, checksumAt: this.#checksumAt - this.#start }
  }

  /** What a device is given. */
  view(): Uint8Array {
    const whole = this.#start === 0 && this.end === this.bytes.length
    return whole ? this.bytes : this.bytes.subarray(this.#start, this.end)
  }
}

export class Frames {
  #slab = new Uint8Array(0)
  #used = 0

  /** A frame with room for a payload of so many octets, which are not initialised, and for every header in front. */
  take(length: number): Frame {
    const at = this.#carve(HEADROOM + length)
    return new Frame(this.#slab, at + HEADROOM, at + HEADROOM + length)
  }

  /** A frame with a copy of a packet, and room for its link's header. */
  copy(bytes: Uint8Array, offset: number, length: number): Frame {
    const needed = LINK_HEADROOM + length
    const at = this.#carve(needed)
    // A view of its own: once the link's header stands in front it is the whole frame, and no second one is made.
    const copied = new Uint8Array(this.#slab.buffer, at, needed)
    // As it arrived, the link's header goes along to be written over: that saves a view of what is copied.
    const whole = offset === LINK_HEADROOM && bytes.length === needed
    if (whole) copied.set(bytes)
    else copied.set(bytes.subarray(offset, offset + length), LINK_HEADROOM)
    return new Frame(copied, LINK_HEADROOM, needed)
  }

  /** Where so many octets of the slab begin that nobody has yet. */
  #carve(length: number): number {
    if (this.#used + length > this.#slab.length) {
      this.#slab = new Uint8Array(Math.max(SLAB, length))
      this.#used = 0
    }
    const at = this.#used
    // Aligned, so that the wide checksum loop need not begin with single octets.
    this.#used += (length + 7) & ~7
    return at
  }
}
