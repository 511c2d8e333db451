/** Room that is worth keeping from one message to the next. */
const KEPT_BYTES = 1_024

/** Bytes gathered into one growing array: a body of a million pieces of one byte takes a megabyte, not a million objects. */
export class ByteAccumulator {
  length = 0
  #bytes = new Uint8Array(0)

  append(piece: Uint8Array): void {
    const wanted = this.length + piece.length
    if (wanted > this.#bytes.length) {
      const grown = new Uint8Array(Math.max(256, wanted, this.#bytes.length * 2))
      grown.set(this.#bytes.subarray(0, this.length))
      this.#bytes = grown
    }
    this.#bytes.set(piece, this.length)
    this.length = wanted
  }

  /** What was gathered, as long as nothing is added. */
  peek(): Uint8Array {
    return this.#bytes.subarray(0, this.length)
  }

  /** Forgets what was gathered, and keeps a small array for what comes next. */
  clear(): void {
    this.length = 0
    if (this.#bytes.length > KEPT_BYTES) this.#bytes = new Uint8Array(0)
  }

  /** All that was gathered; the accumulator is empty afterwards. */
  take(): Uint8Array {
    const { length } = this
    const bytes = this.#bytes
    this.#bytes = new Uint8Array(0)
    this.length = 0
    // What a view would keep alive for nothing is worth a copy.
    return bytes.length - length > length / 4 ? bytes.slice(0, length) : bytes.subarray(0, length)
  }
}
