/**
 * Memory that the kernel reads and writes. Receiving: a ring of buffers of which the kernel takes one only when
 * bytes are there, so an idle connection holds none. Sending: chunks that a connection holds while it has bytes queued.
 */
import { IORING_REGISTER_PBUF_RING } from './constants.ts'
import type { Mapping, Ring } from './ring.ts'

/** A power of two; as many connections can be readable in one turn before one has to ask twice. */
const RECEIVE_BUFFERS = 256
/** One buffer per read: four default IPv4 segments over loopback's MTU do not fit, a typical request does many times. */
const RECEIVE_BUFFER_SIZE = 16_384
/** struct io_uring_buf: address u64, length u32, id u16; the ring's tail lies in the first one's spare u16. */
const BUF_BYTES = 16
const TAIL_INDEX = 7

/** The buffers the kernel receives into (io_uring_register_buf_ring(3)). */
export class ReceiveBuffers {
  readonly #ring: Mapping
  readonly #memory: Mapping
  readonly #words: Uint32Array
  readonly #halves: Uint16Array
  #tail = 0
  #published = 0

  /** @throws SocketError EINVAL before Linux 5.19. */
  constructor(ring: Ring) {
    this.#ring = ring.memory(RECEIVE_BUFFERS * BUF_BYTES)
    this.#memory = ring.memory(RECEIVE_BUFFERS * RECEIVE_BUFFER_SIZE)
    this.#words = new Uint32Array(this.#ring.bytes)
    this.#halves = new Uint16Array(this.#ring.bytes)
    // struct io_uring_buf_reg: ring address u64, entries u32, group u16, flags u16, 3 reserved u64.
    const registration = new DataView(new ArrayBuffer(40))
    registration.setBigUint64(0, BigInt(this.#ring.address), true)
    registration.setUint32(8, RECEIVE_BUFFERS, true)
    ring.register(IORING_REGISTER_PBUF_RING, new Uint8Array(registration.buffer), 1)
    for (let id = 0; id < RECEIVE_BUFFERS; id++) this.give(id)
    this.publish()
  }

  /** The bytes the kernel has put into a buffer; they are the caller's until it gives the buffer back. */
  view(id: number, length: number): Uint8Array {
    return new Uint8Array(this.#memory.bytes, id * RECEIVE_BUFFER_SIZE, length)
  }

  /** Gives a buffer back. */
  give(id: number): void {
    const slot = this.#tail & (RECEIVE_BUFFERS - 1)
    const address = this.#memory.address + id * RECEIVE_BUFFER_SIZE
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

  unmap(): void {
    this.#ring.unmap()
    this.#memory.unmap()
  }
}

/** Large enough that a bulk transfer needs few sends; only the pages that were written to cost memory. */
const CHUNK_SIZE = 65_536
/** Chunks are mapped sixteen at a time: one megabyte. */
const CHUNKS_PER_ARENA = 16

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
  readonly #ring: Ring
  readonly #arenas: Mapping[] = []
  #free: Chunk | null = null

  constructor(ring: Ring) {
    this.#ring = ring
  }

  take(): Chunk {
    if (this.#free === null) this.#grow()
    const chunk = this.#free!
    this.#free = chunk.next
    chunk.next = null
    chunk.start = 0
    chunk.end = 0
    return chunk
  }

  /** The kernel must be done with it. */
  give(chunk: Chunk): void {
    chunk.next = this.#free
    this.#free = chunk
  }

  #grow(): void {
    const arena = this.#ring.memory(CHUNKS_PER_ARENA * CHUNK_SIZE)
    this.#arenas.push(arena)
    for (let i = CHUNKS_PER_ARENA - 1; i >= 0; i--)
      this.give({
        bytes: new Uint8Array(arena.bytes, i * CHUNK_SIZE, CHUNK_SIZE),
        address: arena.address + i * CHUNK_SIZE,
        start: 0,
        end: 0,
        next: null,
      })
  }

  unmap(): void {
    for (const arena of this.#arenas) arena.unmap()
  }
}
