/** Messages in a byte stream: each has its length in two octets before it (RFC 1035 §4.2.2). */
import { putU16, u16 } from '../../base/octets.ts'

/** The message with its length before it, in one piece: one segment (RFC 7766 §8). */
export function framed(message: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(message.length + 2)
  putU16(bytes, 0, message.length)
  bytes.set(message, 2)
  return bytes
}

/** Messages out of the pieces in which they come. */
export class Framer {
  #buffer = new Uint8Array(512)
  #start = 0
  #end = 0

  /** Takes over the octets; the caller's memory is free again. */
  push(bytes: Uint8Array): void {
    const held = this.#end - this.#start
    if (this.#end + bytes.length > this.#buffer.length) {
      const size = held + bytes.length
      const target = size > this.#buffer.length ? new Uint8Array(Math.max(size, this.#buffer.length * 2)) : this.#buffer
      target.set(this.#buffer.subarray(this.#start, this.#end))
      this.#buffer = target
      this.#start = 0
      this.#end = held
    }
    this.#buffer.set(bytes, this.#end)
    this.#end += bytes.length
  }

  /** The next message that is whole, in memory of its own; null while there is none. */
  next(): Uint8Array | null {
    const held = this.#end - this.#start
    if (held < 2) return null
    const length = u16(this.#buffer, this.#start)
    if (held < 2 + length) return null
    const message = this.#buffer.slice(this.#start + 2, this.#start + 2 + length)
    this.#start += 2 + length
    if (this.#start === this.#end) {
      this.#start = 0
      this.#end = 0
    }
    return message
  }
}
