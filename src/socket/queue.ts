/** A queue of bytes: pushed in pieces of any size, taken in others. */

export class ByteQueue {
  readonly #pieces: Uint8Array[] = []
  /** How much of the first piece has been taken. */
  #offset = 0
  length = 0

  /** Copies the bytes: the driver reuses its memory. */
  push(bytes: Uint8Array): void {
    if (bytes.length === 0) return
    this.#pieces.push(bytes.slice())
    this.length += bytes.length
  }

  /** Up to `size` bytes, fewer when fewer are there. */
  take(size: number): Uint8Array {
    const wanted = Math.min(Math.max(0, Math.trunc(size)), this.length)
    const first = this.#pieces[0]
    if (first !== undefined && first.length - this.#offset >= wanted) {
      const bytes = first.subarray(this.#offset, this.#offset + wanted)
      this.#advance(wanted)
      return bytes
    }
    const bytes = new Uint8Array(wanted)
    let filled = 0
    while (filled < wanted) {
      const piece = this.#pieces[0]!
      const part = piece.subarray(this.#offset, this.#offset + wanted - filled)
      bytes.set(part, filled)
      filled += part.length
      this.#advance(part.length)
    }
    return bytes
  }

  /** `size` bytes (at most what the first piece holds) are gone. */
  #advance(size: number): void {
    this.#offset += size
    this.length -= size
    if (this.#pieces[0] !== undefined && this.#offset >= this.#pieces[0].length) {
      this.#pieces.shift()
      this.#offset = 0
    }
  }

  clear(): void {
    this.#pieces.length = 0
    this.#offset = 0
    this.length = 0
  }
}
