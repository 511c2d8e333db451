/** Octets being written one after the other into a buffer that grows. Integers in network order. */
import { putU16, putU32 } from '../../base/octets.ts'

/** Octets that are being written. */
export class Octets {
  protected bytes: Uint8Array
  length = 0

  /** @param bytes memory to begin in, which is this object's from now on. */
  constructor(bytes: Uint8Array = new Uint8Array(64)) {
    this.bytes = bytes
  }

  /** What was written, in an array of its own. */
  finish(): Uint8Array {
    return this.bytes.slice(0, this.length)
  }

  u8(value: number): void {
    this.#reserve(1)
    this.bytes[this.length++] = value
  }

  u16(value: number): void {
    this.#reserve(2)
    putU16(this.bytes, this.length, value)
    this.length += 2
  }

  u32(value: number): void {
    this.#reserve(4)
    putU32(this.bytes, this.length, value)
    this.length += 4
  }

  octets(octets: Uint8Array): void {
    this.copy(octets, 0, octets.length)
  }

  /** Those octets of `source` from `from` up to `to`. */
  copy(source: Uint8Array, from: number, to: number): void {
    this.#reserve(to - from)
    const { bytes } = this
    let { length } = this
    // Most pieces are a few octets long: a loop beats `set` with its view.
    if (to - from > 64) bytes.set(source.subarray(from, to), length)
    else for (let at = from; at < to; ) bytes[length++] = source[at++]!
    this.length += to - from
  }

  /** Overwrites two octets written before. */
  patch16(at: number, value: number): void {
    putU16(this.bytes, at, value)
  }

  #reserve(count: number): void {
    if (this.length + count <= this.bytes.length) return
    const larger = new Uint8Array(Math.max(this.bytes.length * 2, this.length + count))
    larger.set(this.bytes.subarray(0, this.length))
    this.bytes = larger
  }
}
