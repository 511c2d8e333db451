/**
 * Bytes that the program has written and the peer has not acknowledged, addressed by sequence number.
 *
 * A list of blocks that are only ever appended to: a byte once written never changes, so the views handed out for a
 * segment stay right for as long as anybody holds them, and sending again copies nothing.
 */
import { add, diff, type Seq } from '../sequence.ts'

/** The least block: an idle connection that has sent a little holds this much. */
const SMALL_BLOCK = 2048
/** The largest, which a writer that is ahead of the network gets. */
const LARGE_BLOCK = 64 * 1024

interface Block {
  readonly start: Seq
  readonly bytes: Uint8Array
  used: number
}

const NOTHING = new Uint8Array(0)

export class SendBuffer {
  /** The sequence number of the first byte kept. */
  start: Seq
  /** One past the last byte written. */
  end: Seq
  #blocks: Block[] = []
  #capacity: number

  constructor(start: Seq, capacity: number) {
    this.start = start
    this.end = start
    this.#capacity = capacity
  }

  get length(): number {
    return diff(this.end, this.start)
  }

  get capacity(): number {
    return this.#capacity
  }

  /** Lowering it below what is kept takes effect as the bytes are acknowledged. */
  set capacity(bytes: number) {
    this.#capacity = bytes
  }

  /** Copies as many of the bytes as there is room for, and says how many. */
  write(bytes: Uint8Array): number {
    const count = Math.min(bytes.length, Math.max(0, this.#capacity - this.length))
    let done = 0
    while (done < count) {
      const block = this.#tail(count - done)
      const part = Math.min(count - done, block.bytes.length - block.used)
      block.bytes.set(part === bytes.length ? bytes : bytes.subarray(done, done + part), block.used)
      block.used += part
      this.end = add(this.end, part)
      done += part
    }
    return count
  }

  #tail(wanted: number): Block {
    const last = this.#blocks[this.#blocks.length - 1]
    if (last !== undefined && last.used < last.bytes.length) return last
    const size = last === undefined ? Math.min(Math.max(wanted, SMALL_BLOCK), LARGE_BLOCK) : LARGE_BLOCK
    const block = { start: this.end, bytes: new Uint8Array(size), used: 0 }
    this.#blocks.push(block)
    return block
  }

  /** Forgets what lies before `una`. */
  acknowledge(una: Seq): void {
    this.start = una
    let gone = 0
    while (gone < this.#blocks.length) {
      const block = this.#blocks[gone]!
      const whole = block.used === block.bytes.length || this.length === 0
      if (!whole || diff(una, block.start) < block.used) break
      gone++
    }
    if (gone === 0) return
    // A small block with room left stays for the next write: a dialogue of short messages allocates once.
    const last = this.#blocks[gone - 1]!
    if (last.bytes.length === SMALL_BLOCK && last.used < SMALL_BLOCK) gone--
    this.#blocks.splice(0, gone)
  }

  /** `length` bytes from `from`, which must be kept here. A view, except where the bytes straddle two blocks. */
  slice(from: Seq, length: number): Uint8Array {
    if (length === 0) return NOTHING
    let at = 0
    while (diff(from, this.#blocks[at]!.start) >= this.#blocks[at]!.used) at++
    const block = this.#blocks[at]!
    const offset = diff(from, block.start)
    if (offset + length <= block.used) return block.bytes.subarray(offset, offset + length)
    const joined = new Uint8Array(length)
    const first = block.used - offset
    joined.set(block.bytes.subarray(offset, block.used))
    joined.set(this.slice(add(from, first), length - first), first)
    return joined
  }
}
