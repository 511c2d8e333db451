/** Bytes that wait for their owner: those that were put back, the last put back first, then what had arrived. */

export class HeldBytes {
  /** The next to be delivered is the last. */
  readonly #pieces: Uint8Array[] = []

  get empty(): boolean {
    return this.#pieces.length === 0
  }

  /** Copies the bytes and puts them before all others. */
  putBack(bytes: Uint8Array): void {
    if (bytes.length > 0) this.#pieces.push(new Uint8Array(bytes))
  }

  /** Copies the bytes and puts them after all others. */
  append(bytes: Uint8Array): void {
    this.#pieces.unshift(new Uint8Array(bytes))
  }

  /** The next bytes; there must be some. */
  take(): Uint8Array {
    return this.#pieces.pop()!
  }

  clear(): void {
    this.#pieces.length = 0
  }
}
