/** Writes a message into one growing buffer, with name compression (RFC 1035 §4.1.4). */
import { MAX_COMPRESSION_PROBES, MAX_COMPRESSION_TARGETS } from '../limits.ts'
import { LOWER, type Name } from './name.ts'
import { Octets } from './octets.ts'

const SLOTS = 4096
const GONE = 0xffff
const FNV_PRIME = 0x01000193

export class Writer extends Octets {
  /** Offsets of the suffixes written so far, by their hash; 0 is an empty slot, for at 0 stands the header. */
  readonly #targets: Uint16Array | null
  #targetCount = 0
  readonly #hashes = new Int32Array(128)
  readonly #starts = new Uint8Array(128)

  /** @param compress whether names may be written as pointers to earlier ones. */
  constructor(compress: boolean) {
    super(512)
    this.#targets = compress ? new Uint16Array(SLOTS) : null
  }

  /** Forgets what was written from `length` on. */
  rollBack(length: number): void {
    this.length = length
    const targets = this.#targets
    if (targets === null) return
    // The slots stay taken, with a target that nothing matches: the chains of probes that pass them stay whole.
    for (let slot = 0; slot < SLOTS; slot++) if (targets[slot]! >= length) targets[slot] = GONE
  }

  name(name: Name): void {
    this.compressedName(name.wire, 0)
  }

  /** The name whose wire form starts at `from` in `wire`, as pointers where its suffixes have been written. */
  compressedName(wire: Uint8Array, from: number): void {
    const labels = this.#targets === null ? 0 : this.#hashSuffixes(wire, from)
    let at = from
    for (let label = 0; label < labels; label++) {
      at = from + this.#starts[label]!
      const target = this.#findOrRemember(wire, at, this.#hashes[label]!)
      if (target !== 0) {
        this.u16(0xc000 | target)
        return
      }
      this.octets(wire.subarray(at, at + wire[at]! + 1))
      at += wire[at]! + 1
    }
    if (this.#targets !== null) {
      this.u8(0)
      return
    }
    let end = from
    while (wire[end] !== 0) end += wire[end]! + 1
    this.octets(wire.subarray(from, end + 1))
  }

  /** Hashes every suffix of the name in one pass from its end, so that a long name costs its length only. */
  #hashSuffixes(wire: Uint8Array, from: number): number {
    let labels = 0
    let at = from
    for (; wire[at] !== 0; at += wire[at]! + 1) this.#starts[labels++] = at - from
    let hash = 0x811c9dc5 | 0
    for (let label = labels - 1; label >= 0; label--) {
      const start = from + this.#starts[label]!
      for (let i = start + wire[start]!; i >= start; i--) hash = Math.imul(hash ^ LOWER[wire[i]!]!, FNV_PRIME)
      this.#hashes[label] = hash
    }
    return labels
  }

  /** Where the suffix at `at` was written before; 0 when it was not, and then its place now is remembered. */
  #findOrRemember(wire: Uint8Array, at: number, hash: number): number {
    const targets = this.#targets!
    let slot = (hash ^ (hash >>> 15)) & (SLOTS - 1)
    for (let probe = 0; probe < MAX_COMPRESSION_PROBES; probe++, slot = (slot + 1) & (SLOTS - 1)) {
      const target = targets[slot]!
      if (target !== 0) {
        if (this.#written(wire, at, target)) return target
        continue
      }
      // RFC 1035 §4.1.4: an offset has 14 bits.
      if (this.length < 0x4000 && this.#targetCount < MAX_COMPRESSION_TARGETS) {
        this.#targetCount++
        targets[slot] = this.length
      }
      return 0
    }
    return 0
  }

  /** Whether the name at `target` in the message is the suffix at `at` in `wire`. */
  #written(wire: Uint8Array, at: number, target: number): boolean {
    const { bytes } = this
    for (;;) {
      if (target >= this.length) return false // the name that is being written now
      // Pointers in what we wrote lead backward to whole names.
      while (bytes[target]! >= 0xc0) target = ((bytes[target]! & 0x3f) << 8) | bytes[target + 1]!
      const length = wire[at]!
      if (bytes[target] !== length) return false
      if (length === 0) return true
      for (let i = 1; i <= length; i++) if (LOWER[bytes[target + i]!] !== LOWER[wire[at + i]!]) return false
      at += length + 1
      target += length + 1
    }
  }
}
