/** Writes a message into one growing buffer, with name compression (RFC 1035 §4.1.4). */
import { FNV_OFFSET, FNV_PRIME } from '../../base/hash.ts'
import { u16 } from '../../base/octets.ts'
import { DNS_LIMITS, type MessageLimits } from '../limits.ts'
import { MAX_MESSAGE } from './message.ts'
import { LOWER, type Name } from './name.ts'
import { Octets } from './octets.ts'

const SLOTS = 4096
const GONE = 0xffff
const EMPTY = new Uint8Array(0)

/**
 * Offsets of the suffixes written so far, by their hash; in use are those whose stamp is the writer's own number. One
 * table serves all writers, for clearing one per message would cost more than the message: where two write at a time
 * they take slots from each other and compress less.
 */
const targets = new Uint16Array(SLOTS)
const stamps = new Uint32Array(SLOTS)
let lastStamp = 0

/** Of the name that is being written: the hash and the start of each of its suffixes. */
const hashes = new Int32Array(128)
const starts = new Uint8Array(128)

/** A buffer that no writer holds, kept from message to message. */
let spare: Uint8Array | null = null

function takeBuffer(): Uint8Array {
  const bytes = spare ?? new Uint8Array(MAX_MESSAGE)
  spare = null
  return bytes
}

/** A message that is being written. */
export class Writer extends Octets {
  /** Its number; 0 when it does not compress. */
  readonly #stamp: number
  readonly #probes: number
  #targetsLeft: number

  /** @param compress whether names may be written as pointers to earlier ones. */
  constructor(compress: boolean, limits: MessageLimits = DNS_LIMITS.message) {
    super(takeBuffer())
    this.#probes = limits.compressionProbes
    this.#targetsLeft = limits.compressionTargets
    if (lastStamp === 0xffffffff) {
      stamps.fill(0)
      lastStamp = 0
    }
    this.#stamp = compress ? ++lastStamp : 0
  }

  /** What was written. The writer is done with. */
  override finish(): Uint8Array {
    const written = super.finish()
    if (this.bytes.length === MAX_MESSAGE) spare = this.bytes
    this.bytes = EMPTY
    return written
  }

  /** Forgets what was written from `length` on. */
  rollBack(length: number): void {
    this.length = length
    if (this.#stamp === 0) return
    // The slots stay taken, with a target that nothing matches: the chains of probes that pass them stay whole.
    for (let slot = 0; slot < SLOTS; slot++)
      if (stamps[slot] === this.#stamp && targets[slot]! >= length) targets[slot] = GONE
  }

  name(name: Name): void {
    this.compressedName(name.wire, 0)
  }

  /** The name whose wire form starts at `from` in `wire`, as pointers where its suffixes have been written. */
  compressedName(wire: Uint8Array, from: number): void {
    const labels = this.#stamp === 0 ? 0 : this.#hashSuffixes(wire, from)
    let at = from
    for (let label = 0; label < labels; label++) {
      at = from + starts[label]!
      const target = this.#findOrRemember(wire, at, hashes[label]!)
      if (target !== 0) {
        this.u16(0xc000 | target)
        return
      }
      this.copy(wire, at, at + wire[at]! + 1)
      at += wire[at]! + 1
    }
    if (this.#stamp !== 0) {
      this.u8(0)
      return
    }
    let end = from
    while (wire[end] !== 0) end += wire[end]! + 1
    this.copy(wire, from, end + 1)
  }

  /** Hashes every suffix of the name in one pass from its end, so that a long name costs its length only. */
  #hashSuffixes(wire: Uint8Array, from: number): number {
    let labels = 0
    let at = from
    for (; wire[at] !== 0; at += wire[at]! + 1) starts[labels++] = at - from
    let hash = FNV_OFFSET
    for (let label = labels - 1; label >= 0; label--) {
      const start = from + starts[label]!
      for (let i = start + wire[start]!; i >= start; i--) hash = Math.imul(hash ^ LOWER[wire[i]!]!, FNV_PRIME)
      hashes[label] = hash
    }
    return labels
  }

  /** Where the suffix at `at` was written before; 0 when it was not, and then its place now is remembered. */
  #findOrRemember(wire: Uint8Array, at: number, hash: number): number {
    let slot = (hash ^ (hash >>> 15)) & (SLOTS - 1)
    for (let probe = 0; probe < this.#probes; probe++, slot = (slot + 1) & (SLOTS - 1)) {
      if (stamps[slot] === this.#stamp) {
        const target = targets[slot]!
        if (this.#written(wire, at, target)) return target
        continue
      }
      // RFC 1035 §4.1.4: an offset has 14 bits.
      if (this.length < 0x4000 && this.#targetsLeft > 0) {
        this.#targetsLeft--
        targets[slot] = this.length
        stamps[slot] = this.#stamp
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
      while (bytes[target]! >= 0xc0) target = u16(bytes, target) & 0x3fff
      const length = wire[at]!
      if (bytes[target] !== length) return false
      if (length === 0) return true
      for (let i = 1; i <= length; i++) if (LOWER[bytes[target + i]!] !== LOWER[wire[at + i]!]) return false
      at += length + 1
      target += length + 1
    }
  }
}
