/** What `write` has taken and the kernel has not: bytes copied once, into chunks the kernel can send from. */
import type { Chunk, SendChunks } from './send-chunks.ts'

export class SendQueue {
  readonly #chunks: SendChunks
  #head: Chunk | null = null
  #tail: Chunk | null = null
  length = 0

  constructor(chunks: SendChunks) {
    this.#chunks = chunks
  }

  /** Bytes after those that are being sent may be appended to the same chunk: the kernel reads only its range. */
  append(bytes: Uint8Array): void {
    const length = bytes.length
    this.length += length
    for (let taken = 0; taken < length; ) {
      const chunk = this.#roomy(length - taken)
      const count = Math.min(length - taken, chunk.bytes.length - chunk.end)
      chunk.bytes.set(count === length ? bytes : bytes.subarray(taken, taken + count), chunk.end)
      chunk.end += count
      taken += count
    }
  }

  /** Where many small writes follow each other the chunks grow, so that they take few sends. */
  #roomy(wanted: number): Chunk {
    const tail = this.#tail
    if (tail !== null && tail.end < tail.bytes.length) return tail
    const chunk = this.#chunks.take(tail === null ? wanted : Math.max(wanted, tail.bytes.length * 2))
    if (tail === null) this.#head = chunk
    else tail.next = chunk
    this.#tail = chunk
    return chunk
  }

  /** The chunk to send from; only while `length` is not 0. */
  get head(): Chunk {
    return this.#head!
  }

  /** The first `count` bytes, all of the head chunk's, have been sent. */
  consume(count: number): void {
    const head = this.#head!
    head.start += count
    this.length -= count
    if (head.start === head.end) this.#dropHead()
  }

  /** Forgets everything. The kernel must be done with it. */
  clear(): void {
    while (this.#head !== null) this.#dropHead()
    this.length = 0
  }

  #dropHead(): void {
    const head = this.#head!
    this.#head = head.next
    if (this.#head === null) this.#tail = null
    this.#chunks.give(head)
  }
}
