/** Bytes that a program has written and TCP has no room for yet, in order. */

export class Overflow {
  bytes = 0
  #chunks: Uint8Array[] = []
  /** The first chunk that still holds bytes: chunks are not shifted one by one, a program may write a million of them. */
  #head = 0

  /** Keeps a copy. */
  add(bytes: Uint8Array): void {
    this.#chunks.push(bytes.slice())
    this.bytes += bytes.length
  }

  /** Offers the bytes to `send`, which says how many it has taken. True when none are left. */
  flush(send: (bytes: Uint8Array) => number): boolean {
    while (this.#head < this.#chunks.length) {
      const first = this.#chunks[this.#head]!
      const taken = send(first)
      this.bytes -= taken
      if (taken < first.length) {
        this.#chunks[this.#head] = first.subarray(taken)
        return false
      }
      this.#head++
    }
    this.clear()
    return true
  }

  clear(): void {
    this.#chunks = []
    this.#head = this.bytes = 0
  }
}
