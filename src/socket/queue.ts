/**
 * A queue of bytes: pushed in pieces of any size, taken in others. What it costs is the bytes, however small the pieces:
 * a peer may send them one by one.
 */

/** Small pieces are put together in blocks that double up to this size. */
const LARGEST_BLOCK = 16_384
const SMALLEST_BLOCK = 512
/** Taken blocks are let go so many at once. */
const MANY = 64

export class ByteQueue {
  #blocks: Uint8Array[] = []
  /** The first block that still holds bytes, and how much of it has been taken. */
  #head = 0
  #offset = 0
  /** How much of the last block is filled. */
  #filled = 0
  length = 0

  /** In how many blocks the bytes stand: what a call has to look at. */
  get blocks(): number {
    return this.#blocks.length - this.#head
  }

  /** Copies the bytes: the driver reuses its memory. */
  push(bytes: Uint8Array): void {
    const { length } = bytes
    if (length === 0) return
    const last = this.#last
    const room = last === undefined ? 0 : Math.min(last.length - this.#filled, length)
    if (room > 0) {
      last!.set(room === length ? bytes : bytes.subarray(0, room), this.#filled)
      this.#filled += room
    }
    if (room < length) this.#add(room === 0 ? bytes : bytes.subarray(room), last)
    this.length += length
  }

  get #last(): Uint8Array | undefined {
    return this.#head < this.#blocks.length ? this.#blocks[this.#blocks.length - 1] : undefined
  }

  #add(bytes: Uint8Array, last: Uint8Array | undefined): void {
    // What comes alone gets a block of its own size: mostly it is taken whole before more arrives.
    const grown = last === undefined ? 0 : Math.min(Math.max(last.length * 2, SMALLEST_BLOCK), LARGEST_BLOCK)
    const block = new Uint8Array(Math.max(bytes.length, grown))
    block.set(bytes)
    this.#blocks.push(block)
    this.#filled = bytes.length
  }

  /** Up to `size` bytes, fewer when fewer are there. They are the caller's, with the memory they stand in. */
  take(size: number): Uint8Array {
    const wanted = Math.min(Math.max(0, Math.trunc(size)), this.length)
    const first = this.#blocks[this.#head]
    if (first !== undefined && this.#offset === 0 && first.length === wanted && this.#end(this.#head) === wanted) {
      this.#advance(wanted)
      return first
    }
    const bytes = new Uint8Array(wanted)
    this.takeInto(bytes)
    return bytes
  }

  /** Fills `into` as far as there are bytes: how many. */
  takeInto(into: Uint8Array): number {
    let filled = 0
    while (filled < into.length && this.length > 0) {
      const block = this.#blocks[this.#head]!
      const end = Math.min(this.#end(this.#head), this.#offset + into.length - filled)
      into.set(block.subarray(this.#offset, end), filled)
      filled += end - this.#offset
      this.#advance(end - this.#offset)
    }
    return filled
  }

  /** A copy of up to `size` bytes, which stay. */
  peek(size: number): Uint8Array {
    const bytes = new Uint8Array(Math.min(Math.max(0, Math.trunc(size)), this.length))
    let offset = this.#offset
    let filled = 0
    for (let i = this.#head; filled < bytes.length; i++) {
      const end = Math.min(this.#end(i), offset + bytes.length - filled)
      bytes.set(this.#blocks[i]!.subarray(offset, end), filled)
      filled += end - offset
      offset = 0
    }
    return bytes
  }

  /** How many bytes stand before the first `byte` at or after `from`; -1 where there is none. */
  indexOf(byte: number, from = 0): number {
    let passed = 0
    let offset = this.#offset
    for (let i = this.#head; i < this.#blocks.length; i++) {
      const end = this.#end(i)
      const size = end - offset
      if (passed + size > from) {
        const start = offset + Math.max(0, from - passed)
        const at = this.#blocks[i]!.subarray(0, end).indexOf(byte, start)
        if (at >= 0) return passed + at - offset
      }
      passed += size
      offset = 0
    }
    return -1
  }

  /** How far the block is filled. */
  #end(block: number): number {
    return block === this.#blocks.length - 1 ? this.#filled : this.#blocks[block]!.length
  }

  /** `size` bytes, at most what the first block holds, are gone. */
  #advance(size: number): void {
    this.#offset += size
    this.length -= size
    if (this.#offset < this.#end(this.#head)) return
    this.#offset = 0
    this.#head++
    if (this.length === 0) this.clear()
    else if (this.#head >= MANY) {
      this.#blocks.splice(0, this.#head)
      this.#head = 0
    }
  }

  clear(): void {
    this.#blocks = []
    this.#head = this.#offset = this.#filled = this.length = 0
  }
}
