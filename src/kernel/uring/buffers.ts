/**
 * Memory that the kernel reads and writes. Receiving: a ring of buffers of which the kernel takes one only when
 * bytes are there, so an idle connection holds none. Sending: chunks that a connection holds while it has bytes queued.
 * All of it is JavaScript's own memory, which does not move and lives as long as somebody looks at it.
 */
import type { Koffi } from '../libc.ts'
import { IORING_REGISTER_PBUF_RING } from './constants.ts'
import type { Ring } from './ring.ts'

/** A power of two; as many connections can be readable in one turn before one has to ask twice. */
const RECEIVE_BUFFERS = 256
/** One buffer per read: a whole TLS record (RFC 8446 §5.1), and many times a typical request. */
const RECEIVE_BUFFER_SIZE = 16_384
/** struct io_uring_buf: address u64, length u32, id u16; the ring's tail lies in the first one's spare u16. */
const BUF_BYTES = 16
const TAIL_INDEX = 7
const WASM_PAGE = 65_536
/** What is used of it here: its types come with the DOM's, which this project does without. */
const { WebAssembly } = globalThis as unknown as {
  WebAssembly: { Memory: new (size: { initial: number; maximum: number }) => { readonly buffer: ArrayBuffer } }
}

/** The buffers the kernel receives into (io_uring_register_buf_ring(3)). */
export class ReceiveBuffers {
  /** The ring of descriptions in the first page, then the buffers. */
  readonly #memory: ArrayBuffer
  readonly #address: number
  readonly #words: Uint32Array
  readonly #halves: Uint16Array
  #tail = 0
  #published = 0

  /** @throws SocketError EINVAL before Linux 5.19. */
  constructor(koffi: Koffi, ring: Ring) {
    // Page-aligned, as the kernel wants it; and it cannot be detached: an owner who transfers the buffer of the bytes
    // it was shown gets a TypeError, and does not pull the memory away from under the kernel.
    const pages = 1 + (RECEIVE_BUFFERS * RECEIVE_BUFFER_SIZE) / WASM_PAGE
    this.#memory = new WebAssembly.Memory({ initial: pages, maximum: pages }).buffer
    const start = Number(koffi.address(new Uint8Array(this.#memory)))
    this.#address = start + WASM_PAGE
    this.#words = new Uint32Array(this.#memory, 0, RECEIVE_BUFFERS * (BUF_BYTES / 4))
    this.#halves = new Uint16Array(this.#memory, 0, RECEIVE_BUFFERS * (BUF_BYTES / 2))
    // struct io_uring_buf_reg: ring address u64, entries u32, group u16, flags u16, 3 reserved u64.
    const registration = new DataView(new ArrayBuffer(40))
    registration.setBigUint64(0, BigInt(start), true)
    registration.setUint32(8, RECEIVE_BUFFERS, true)
    ring.register(IORING_REGISTER_PBUF_RING, new Uint8Array(registration.buffer), 1)
    for (let id = 0; id < RECEIVE_BUFFERS; id++) this.give(id)
    this.publish()
  }

  /** The bytes the kernel has put into a buffer; they are the caller's until it gives the buffer back. */
  view(id: number, length: number): Uint8Array {
    return new Uint8Array(this.#memory, WASM_PAGE + id * RECEIVE_BUFFER_SIZE, length)
  }

  /** Gives a buffer back. */
  give(id: number): void {
    const slot = this.#tail & (RECEIVE_BUFFERS - 1)
    const address = this.#address + id * RECEIVE_BUFFER_SIZE
    this.#words[slot * 4] = address
    this.#words[slot * 4 + 1] = address / 0x1_0000_0000
    this.#words[slot * 4 + 2] = RECEIVE_BUFFER_SIZE
    this.#halves[slot * 8 + 6] = id
    this.#tail = (this.#tail + 1) & 0xffff
  }

  /** Lets the kernel see what was given back. */
  publish(): void {
    if (this.#published === this.#tail) return
    this.#published = this.#tail
    this.#halves[TAIL_INDEX] = this.#tail
  }
}

/** Large enough that a bulk transfer needs few sends; only the pages that were written to cost memory. */
export const CHUNK_SIZE = 65_536
/** Free chunks that are kept for the next write (4 MB); what a burst needed beyond that goes back to the heap. */
const FREE_CHUNKS = 64

/** Bytes on their way out: those between `start` and `end` are queued. */
export interface Chunk {
  readonly bytes: Uint8Array
  readonly address: number
  start: number
  end: number
  next: Chunk | null
}

/** Chunks for sending, last in first out so that the warm ones are used again. */
export class SendChunks {
  readonly #koffi: Koffi
  #free: Chunk | null = null
  #freeCount = 0
  /** Chunks that somebody holds. */
  taken = 0

  constructor(koffi: Koffi) {
    this.#koffi = koffi
  }

  take(): Chunk {
    this.taken++
    const chunk = this.#free
    if (chunk === null) return this.#make()
    this.#free = chunk.next
    this.#freeCount--
    chunk.next = null
    chunk.start = 0
    chunk.end = 0
    return chunk
  }

  /** The kernel must be done with it. */
  give(chunk: Chunk): void {
    this.taken--
    if (this.#freeCount === FREE_CHUNKS) return
    chunk.next = this.#free
    this.#free = chunk
    this.#freeCount++
  }

  #make(): Chunk {
    const bytes = new Uint8Array(CHUNK_SIZE)
    return { bytes, address: Number(this.#koffi.address(bytes)), start: 0, end: 0, next: null }
  }
}
