/** Octets being written one after the other into a buffer that grows. Integers in network order. */
export class Octets {
  protected bytes: Uint8Array
  length = 0

  constructor(capacity = 64) {
    this.bytes = new Uint8Array(capacity)
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
    this.bytes[this.length++] = value >>> 8
    this.bytes[this.length++] = value
  }

  u32(value: number): void {
    this.u16(value >>> 16)
    this.u16(value & 0xffff)
  }

  octets(octets: Uint8Array): void {
    this.#reserve(octets.length)
    this.bytes.set(octets, this.length)
    this.length += octets.length
  }

  /** Overwrites two octets written before. */
  patch16(at: number, value: number): void {
    this.bytes[at] = value >>> 8
    this.bytes[at + 1] = value
  }

  #reserve(count: number): void {
    if (this.length + count <= this.bytes.length) return
    const larger = new Uint8Array(Math.max(this.bytes.length * 2, this.length + count))
    larger.set(this.bytes.subarray(0, this.length))
    this.bytes = larger
  }
}
