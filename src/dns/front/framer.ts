/** Messages out of a byte stream: each has its length in two octets before it (RFC 1035 §4.2.2). */
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
    const length = (this.#buffer[this.#start]! << 8) | this.#buffer[this.#start + 1]!
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
