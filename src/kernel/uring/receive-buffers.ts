/**
 * Memory that the kernel receives into: rings of buffers of which it takes one only when bytes are there, so an idle
 * connection holds none. All of it is JavaScript's own memory, which does not move and lives as long as somebody looks
 * at it.
 */
import type { Ffi } from '../ffi/ffi.ts'
import { PAGE } from '../memory.ts'
import type { ReceivePool } from '../streams/engine.ts'
import { IORING_REGISTER_PBUF_RING } from './constants.ts'
import type { Ring } from './ring.ts'

/** struct io_uring_buf: address u64, length u32, id u16; the ring's tail lies in the first one's spare u16. */
const BUF_BYTES = 16
const TAIL_INDEX = 7
export interface ReceiveGroup {
  /** By which number the kernel knows it. */
  readonly group: number
  /** A power of two, at most 4,096 (one page of descriptions). */
  readonly count: number
  /** A multiple of the page size. */
  readonly size: number
  /** How many circulate at least. */
  readonly least: number
}

/** Bytes of memory that so many buffers of that size need, with the ring that describes them. */
export function receiveBytes({ count, size }: ReceiveGroup): number {
  return PAGE + count * size
}

/**
 * The buffers of one size (io_uring_register_buf_ring(3)). The kernel is given as many of them as were needed at once
 * lately: when it has run out, more; when it needs less for a while, fewer.
 */
export class ReceiveBuffers implements ReceivePool {
  readonly group: number
  readonly size: number
  readonly #count: number
  /** The ring of descriptions in the first page from `start`, then the buffers. */
  readonly #memory: ArrayBuffer
  readonly #start: number
  readonly #address: number
  readonly #words: Uint32Array
  readonly #halves: Uint16Array
  #tail = 0
  #published = 0
  /** Buffers that the kernel has, or an owner is looking at. */
  #circulating = 0
  /** Buffers that were never used, or have been taken out of circulation. */
  readonly #idle: number[] = []
  /** So many circulate at least: the kernel goes through them in turn, and few of them stay in the cache. */
  readonly #least: number
  /** So many may circulate now. */
  #target: number
  /** Reads that found no buffer since the last `publish`, and ever. */
  #missing = 0
  missed = 0
  /** Buffers used since the last `publish`, and the most of any turn since the last `decay`. */
  #used = 0
  #peak = 0

  /**
   * @param memory made by `receiveMemory`; its part from `start` on is this ring's
   * @throws SocketError EINVAL before Linux 5.19.
   */
  constructor(ffi: Ffi, ring: Ring, memory: ArrayBuffer, start: number, { group, count, size, least }: ReceiveGroup) {
    this.group = group
    this.size = size
    this.#count = count
    this.#least = Math.min(least, count)
    this.#target = this.#least
    this.#memory = memory
    this.#start = start + PAGE
    const address = Number(ffi.addressOf(new Uint8Array(memory))) + start
    this.#address = address + PAGE
    this.#words = new Uint32Array(memory, start, count * (BUF_BYTES / 4))
    this.#halves = new Uint16Array(memory, start, count * (BUF_BYTES / 2))
    // struct io_uring_buf_reg: ring address u64, entries u32, group u16, flags u16, 3 reserved u64.
    const registration = new DataView(new ArrayBuffer(40))
    registration.setBigUint64(0, BigInt(address), true)
    registration.setUint32(8, count, true)
    registration.setUint16(12, group, true)
    ring.register(IORING_REGISTER_PBUF_RING, new Uint8Array(registration.buffer), 1)
    for (let id = count - 1; id >= 0; id--) this.#idle.push(id)
    this.#circulate()
    this.publish()
  }

  /** The bytes the kernel has put into a buffer; they are the caller's until it gives the buffer back. */
  view(id: number, length: number): Uint8Array {
    return new Uint8Array(this.#memory, this.#start + id * this.size, length)
  }

  /** Gives a buffer back. */
  give(id: number): void {
    this.#used++
    if (this.#circulating > this.#target) {
      this.#circulating--
      this.#idle.push(id)
    } else this.#add(id)
  }

  /** A read found no buffer: one more from now on. */
  starved(): void {
    this.#missing++
    this.missed++
  }

  /** Lets the kernel see what was given back. */
  publish(): void {
    if (this.#used > this.#peak) this.#peak = this.#used
    this.#used = 0
    if (this.#missing > 0) {
      this.#target = Math.min(this.#target + this.#missing, this.#count)
      this.#missing = 0
      this.#circulate()
    }
    if (this.#published === this.#tail) return
    this.#published = this.#tail
    // io_uring_buf_ring_advance(3) is a store with release semantics.
    Atomics.store(this.#halves, TAIL_INDEX, this.#tail)
  }

  /** A period is over: what is beyond twice its busiest turn goes out of circulation, as it comes back. */
  decay(): void {
    this.#target = Math.max(this.#least, Math.min(this.#target, this.#peak * 2))
    this.#peak = 0
  }

  /** Buffers in circulation. */
  get circulating(): number {
    return this.#circulating
  }

  #circulate(): void {
    while (this.#circulating < this.#target && this.#idle.length > 0) {
      this.#circulating++
      this.#add(this.#idle.pop()!)
    }
  }

  #add(id: number): void {
    const slot = this.#tail & (this.#count - 1)
    const address = this.#address + id * this.size
    this.#words[slot * 4] = address
    this.#words[slot * 4 + 1] = address / 0x1_0000_0000
    this.#words[slot * 4 + 2] = this.size
    this.#halves[slot * 8 + 6] = id
    this.#tail = (this.#tail + 1) & 0xffff
  }
}
