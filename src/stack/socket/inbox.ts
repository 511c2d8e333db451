/**
 * What has arrived and was not yet delivered, in order: views of the segments that brought it. Where more than one
 * waits, short ones are put together in blocks, or a window full of single bytes would cost some hundred times its size.
 */
const SHORT = 512
const BLOCK = 4096
/** So many taken pieces are let go at once, when none of the inbox's rests makes it empty. */
const MANY = 256

export class Inbox {
  #pieces: Uint8Array[] = []
  /** The next piece to be taken. */
  #head = 0
  /** The block that the last piece ends in, as far as it is used; null: the last piece is a view of a segment. */
  #block: Uint8Array | null = null
  #used = 0

  get empty(): boolean {
    return this.#head === this.#pieces.length
  }

  add(bytes: Uint8Array): void {
    if (bytes.length >= SHORT || this.empty) {
      this.#pieces.push(bytes)
      this.#block = null
    } else if (this.#block !== null && this.#used + bytes.length <= BLOCK) this.#append(this.#block, bytes)
    else {
      this.#block = new Uint8Array(BLOCK)
      this.#block.set(bytes)
      this.#used = bytes.length
      this.#pieces.push(this.#block.subarray(0, this.#used))
    }
  }

  /** The last piece grows: nobody has seen it yet. */
  #append(block: Uint8Array, bytes: Uint8Array): void {
    const last = this.#pieces.length - 1
    block.set(bytes, this.#used)
    this.#used += bytes.length
    this.#pieces[last] = block.subarray(this.#used - bytes.length - this.#pieces[last]!.length, this.#used)
  }

  /** The next bytes; there must be some. */
  take(): Uint8Array {
    const bytes = this.#pieces[this.#head++]!
    if (this.#head === this.#pieces.length) this.#pieces.length = this.#head = 0
    else if (this.#head >= MANY) {
      this.#pieces.splice(0, this.#head)
      this.#head = 0
    }
    return bytes
  }
}
