/**
 * Memory that the kernel sends from: chunks in sizes from 4 KiB to 64 KiB, which a connection holds while it has bytes
 * queued. All of it is JavaScript's own memory, which does not move and lives as long as somebody looks at it.
 */
import type { Ffi } from '../ffi/ffi.ts'

/** What fits most replies, and a page of memory: less would save nothing. */
const SMALLEST = 4096
/** Large enough that a bulk transfer needs few sends. */
export const LARGEST = 65_536
/** 4, 8, 16, 32 and 64 KiB. */
const CLASSES = Math.log2(LARGEST / SMALLEST) + 1

/** Bytes on their way out: those between `start` and `end` are queued. */
export interface Chunk {
  readonly bytes: Uint8Array
  readonly address: number
  /** Which size it has. */
  readonly class: number
  start: number
  end: number
  next: Chunk | null
}

/** The chunks of one size that nobody holds, last in first out so that the warm ones are used again. */
interface Free {
  readonly size: number
  head: Chunk | null
  count: number
  /** Chunks that somebody holds. */
  taken: number
  /** The most that were held at once since the last `decay`, and in the time before that. */
  peak: number
  formerPeak: number
}

/**
 * A burst needs as many chunks as connections write in it, over and over: what the last burst needed is kept for the
 * next, and let go when two periods have passed that needed less.
 */
export class SendChunks {
  readonly #ffi: Ffi
  readonly #most: number
  readonly #classes: readonly Free[]
  /** Bytes of free chunks. */
  #kept = 0

  /** @param most bytes of free chunks that are kept at most */
  constructor(ffi: Ffi, most: number) {
    this.#ffi = ffi
    this.#most = most
    this.#classes = Array.from({ length: CLASSES }, (_, i) => {
      return { size: SMALLEST << i, head: null, count: 0, taken: 0, peak: 0, formerPeak: 0 }
    })
  }

  /** Chunks that somebody holds. */
  get taken(): number {
    return this.#classes.reduce((sum, { taken }) => sum + taken, 0)
  }

  /** Bytes of free chunks that wait to be used again. */
  get kept(): number {
    return this.#kept
  }

  /** A chunk for so many bytes, or the largest where they are more. */
  take(length: number): Chunk {
    const of = this.#classes[classOf(length)]!
    if (++of.taken > of.peak) of.peak = of.taken
    const chunk = of.head
    if (chunk === null) return this.#make(of.size, classOf(length))
    of.head = chunk.next
    of.count--
    this.#kept -= of.size
    chunk.next = null
    chunk.start = 0
    chunk.end = 0
    return chunk
  }

  /** The kernel must be done with it. */
  give(chunk: Chunk): void {
    const of = this.#classes[chunk.class]!
    of.taken--
    if (of.taken + of.count >= wanted(of) || this.#kept + of.size > this.#most) return
    chunk.next = of.head
    of.head = chunk
    of.count++
    this.#kept += of.size
  }

  /**
   * A period is over: what neither it nor the one before it needed goes back to the heap.
   * @returns whether there is anything left that another period might let go
   */
  decay(): boolean {
    let left = false
    for (const of of this.#classes) {
      of.formerPeak = of.peak
      of.peak = of.taken
      while (of.head !== null && of.taken + of.count > wanted(of)) {
        of.head = of.head.next
        of.count--
        this.#kept -= of.size
      }
      left ||= of.count > 0
    }
    return left
  }

  #make(size: number, of: number): Chunk {
    const bytes = new Uint8Array(size)
    return { bytes, address: Number(this.#ffi.addressOf(bytes)), class: of, start: 0, end: 0, next: null }
  }
}

function wanted({ peak, formerPeak }: Free): number {
  return Math.max(peak, formerPeak)
}

function classOf(length: number): number {
  // 32 - clz32(x - 1) is the exponent of the next power of two; 12 is that of the smallest size.
  return Math.min(Math.max(32 - Math.clz32(length - 1) - 12, 0), CLASSES - 1)
}
