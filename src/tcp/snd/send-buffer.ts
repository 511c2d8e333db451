/**
 * Bytes that the program has written and the peer has not acknowledged, addressed by sequence number.
 *
 * A list of blocks that are only ever appended to, so the views handed out for a segment stay right until the peer has
 * acknowledged what they hold, and sending again copies nothing. It takes all that is written: who writes is told how much
 * waits, and how much of it may be out at once is the sender's business.
 */
import { add, diff, type Seq } from '../../wire/sequence.ts'
import { NOTHING } from '../../wire/tcp.ts'

/** The least block, but for what is written while nothing waits: that gets as much as it needs. */
const SMALL_BLOCK = 512
/** The largest. Blocks grow with what waits: half of the memory is in use at least. */
const LARGE_BLOCK = 64 * 1024
/** So many blocks that were acknowledged are let go together. */
const MANY = 64

/**
 * Memory for short messages, of which many fit: allocating and clearing some for each costs several times what sending the
 * message does. A piece is given away once; the whole is let go with the last connection that still holds one.
 */
const SLAB = 8 * 1024
let slab = NOTHING
let slabUsed = 0

function fromSlab(size: number): Uint8Array {
  if (slabUsed + size > slab.length) {
    slab = new Uint8Array(SLAB)
    slabUsed = 0
  }
  slabUsed += size
  return slab.subarray(slabUsed - size, slabUsed)
}

interface Block {
  /** Its first byte's place in the stream, from 0: what waits may be longer than the sequence space. */
  readonly at: number
  bytes: Uint8Array
  used: number
}

/** Shared by all that hold nothing. Nothing is ever put into it. */
const NO_BLOCKS: Block[] = []

export class SendBuffer {
  #start: Seq
  /** The place in the stream of the first byte kept. */
  #at = 0
  #length = 0
  #blocks = NO_BLOCKS
  /** The first block that is still needed. */
  #head = 0
  /** Memory of a large block that was acknowledged, for the next one: clearing new memory costs more than the copying. */
  #spare: Uint8Array | null = null

  constructor(start: Seq) {
    this.#start = start
  }

  /** The sequence number of the first byte kept. */
  get start(): Seq {
    return this.#start
  }

  /** One past the last byte written: the number that a FIN gets. */
  get end(): Seq {
    return add(this.#start, this.#length)
  }

  /** How many bytes are kept. */
  get length(): number {
    return this.#length
  }

  /** How many bytes are kept from there on; −1 beyond the FIN. */
  after(from: Seq): number {
    return this.#length - diff(from, this.#start)
  }

  /** Copies the bytes. */
  write(bytes: Uint8Array): void {
    let done = 0
    while (done < bytes.length) {
      const block = this.#tail(bytes.length - done)
      const part = Math.min(bytes.length - done, block.bytes.length - block.used)
      block.bytes.set(part === bytes.length ? bytes : bytes.subarray(done, done + part), block.used)
      block.used += part
      this.#length += part
      done += part
    }
  }

  #tail(wanted: number): Block {
    const last = this.#blocks[this.#blocks.length - 1]
    if (last !== undefined && last.used < last.bytes.length) return last
    const block = { at: this.#at + this.#length, bytes: this.#memory(wanted), used: 0 }
    if (this.#blocks === NO_BLOCKS) this.#blocks = [block]
    else this.#blocks.push(block)
    return block
  }

  #memory(wanted: number): Uint8Array {
    if (this.#length === 0 && wanted <= SMALL_BLOCK) return fromSlab(wanted)
    const size = Math.min(Math.max(wanted, this.#length, SMALL_BLOCK), LARGE_BLOCK)
    const spare = this.#spare
    if (size < LARGE_BLOCK || spare === null) return new Uint8Array(size)
    this.#spare = null
    return spare
  }

  /** Forgets what lies before `una`. */
  acknowledge(una: Seq): void {
    const count = diff(una, this.#start)
    this.#start = una
    this.#at += count
    this.#length -= count
    if (this.#length === 0) {
      this.#blocks = NO_BLOCKS
      this.#head = 0
      this.#spare = null
      return
    }
    for (let block = this.#blocks[this.#head]!; this.#at >= block.at + block.used; block = this.#blocks[this.#head]!) {
      if (block.bytes.length === LARGE_BLOCK) this.#spare = block.bytes
      block.bytes = NOTHING
      this.#head++
    }
    if (this.#head < MANY) return
    this.#blocks.splice(0, this.#head)
    this.#head = 0
  }

  /** `length` bytes from `from`, which must be kept here. A view, except where the bytes straddle two blocks; right until they are acknowledged. */
  slice(from: Seq, length: number): Uint8Array {
    if (length === 0) return NOTHING
    const place = this.#at + diff(from, this.#start)
    const index = this.#find(place)
    const block = this.#blocks[index]!
    const offset = place - block.at
    if (offset + length <= block.used) return block.bytes.subarray(offset, offset + length)
    const joined = new Uint8Array(length)
    let done = 0
    for (let at = index; done < length; at++) {
      const { bytes, used } = this.#blocks[at]!
      const start = done === 0 ? offset : 0
      const part = bytes.subarray(start, Math.min(used, start + length - done))
      joined.set(part, done)
      done += part.length
    }
    return joined
  }

  /** The index of the block that holds the byte at that place. */
  #find(place: number): number {
    let low = this.#head
    let high = this.#blocks.length - 1
    while (low < high) {
      const middle = (low + high + 1) >>> 1
      if (this.#blocks[middle]!.at <= place) low = middle
      else high = middle - 1
    }
    return low
  }
}
