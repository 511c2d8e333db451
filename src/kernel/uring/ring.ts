/**
 * The two rings that io_uring shares with the kernel: entries are written to one, completions read from the other,
 * and one system call per turn of the event loop hands over what was written.
 */
import { ERRNO, type SocketError } from '../../base/errors.ts'
import { fromErrno } from '../errors.ts'
import type { Libc, Memory } from '../libc.ts'
import type { Completed } from '../streams/engine.ts'
import {
  IORING_ENTER_GETEVENTS,
  IORING_FEAT_NODROP,
  IORING_FEAT_SINGLE_MMAP,
  IORING_OFF_SQ_RING,
  IORING_OFF_SQES,
  IORING_SETUP_COOP_TASKRUN,
  IORING_SETUP_CQSIZE,
  IORING_SETUP_SINGLE_ISSUER,
  IORING_SETUP_SUBMIT_ALL,
  IORING_SQ_CQ_OVERFLOW,
  MAP_SHARED_POPULATE,
  PROT_READ_WRITE,
  SYS_IO_URING_ENTER,
  SYS_IO_URING_REGISTER,
  SYS_IO_URING_SETUP,
} from './constants.ts'

/** Entries that one system call can hand over; a fuller turn makes two calls. */
const SQ_ENTRIES = 1024
/** Completions that fit before the kernel has to keep them aside for us, which is slower but loses nothing. */
const CQ_ENTRIES = 4096
const SQE_WORDS = 16
const CQE_WORDS = 4
const TWO_32 = 0x1_0000_0000
/** (void *) -1. */
const MAP_FAILED = 0xffff_ffff_ffff_ffffn
/** Calls in a row that may take too few entries before the rest is left to the next turn. */
const ENTER_ATTEMPTS = 3
/** EINTR, EAGAIN, EBUSY: the kernel may take them later. */
const PASSING: ReadonlySet<number> = new Set([4, 11, 16])
/** Calls in a row that were refused so, after which the ring counts as broken: some seconds of trying at every turn. */
const REFUSALS = 100_000
/** EBADF, EOPNOTSUPP: the descriptor is not ours any more. */
const ELSEWHERE: ReadonlySet<number> = new Set([9, 95])

interface Calls {
  setup(number: bigint, entries: number, params: Memory): number
  enter(number: bigint, fd: number, submit: number, wait: number, flags: number, sig: bigint, size: bigint): number
  register(number: bigint, fd: number, operation: number, argument: Memory, count: number): number
  mmap(address: bigint, length: bigint, protection: number, flags: number, fd: number, offset: bigint): bigint
  munmap(address: bigint, length: bigint): number
}

/** Memory that is shared with the kernel. */
interface Mapping {
  readonly bytes: ArrayBuffer
  unmap(): void
}

export class Ring {
  readonly fd: number
  readonly #libc: Libc
  readonly #calls: Calls
  readonly #rings: Mapping
  readonly #entries: Mapping
  readonly #words: Int32Array
  readonly #sqes: Int32Array
  readonly #sqTail: number
  readonly #sqFlags: number
  readonly #sqMask: number
  readonly #cqHead: number
  readonly #cqTail: number
  readonly #cqMask: number
  readonly #cqes: number
  #tail: number
  /** Entries written and not yet handed over. */
  pending = 0
  /** Why the kernel will not take anything from this ring any more. */
  failure: SocketError | null = null
  #errno = 0
  #refusals = 0

  /** @throws SocketError with the errno of io_uring_setup(2): EPERM where it is forbidden, EINVAL before Linux 6.0. */
  constructor(libc: Libc) {
    this.#libc = libc
    this.#calls = callsOf(libc)
    const params = new Uint32Array(30) // struct io_uring_params: 10 words, then sq_off and cq_off of 10 words each
    params[1] = CQ_ENTRIES
    params[2] = IORING_SETUP_CQSIZE | IORING_SETUP_SUBMIT_ALL | IORING_SETUP_COOP_TASKRUN | IORING_SETUP_SINGLE_ISSUER
    this.fd = this.#calls.setup(SYS_IO_URING_SETUP, SQ_ENTRIES, params)
    if (this.fd < 0) throw fromErrno(libc.errno(), 'io_uring_setup')
    const wanted = IORING_FEAT_SINGLE_MMAP | IORING_FEAT_NODROP
    if ((params[5]! & wanted) !== wanted) throw this.#refused(ERRNO.EOPNOTSUPP[0])
    const [sqEntries, cqEntries] = params as unknown as [number, number]
    const sq = params.subarray(10, 20)
    const cq = params.subarray(20, 30)
    const size = Math.max(sq[6]! + sqEntries * 4, cq[5]! + cqEntries * CQE_WORDS * 4)
    this.#rings = this.#map(size, IORING_OFF_SQ_RING)
    this.#entries = this.#map(sqEntries * SQE_WORDS * 4, IORING_OFF_SQES)
    this.#words = new Int32Array(this.#rings.bytes)
    this.#sqes = new Int32Array(this.#entries.bytes)
    this.#sqTail = sq[1]! >> 2
    this.#sqFlags = sq[4]! >> 2
    this.#sqMask = sqEntries - 1
    this.#cqHead = cq[0]! >> 2
    this.#cqTail = cq[1]! >> 2
    this.#cqMask = cqEntries - 1
    this.#cqes = cq[5]! >> 2
    for (let i = 0; i < sqEntries; i++) this.#words[(sq[6]! >> 2) + i] = i // entries are used in order
    this.#tail = this.#words[this.#sqTail]!
  }

  /**
   * Writes an entry. `ioprio`, `flags` and `operationFlags` are its fields of that name (linux/io_uring.h); `offset`
   * is the low half of `off`; `low` and `high` come back with the completion; `group` is that of the buffers.
   */
  push(
    operation: number,
    flags: number,
    ioprio: number,
    fd: number,
    offset: number,
    address: number,
    length: number,
    operationFlags: number,
    low: number,
    high: number,
    group: number,
  ): void {
    if (this.pending > this.#sqMask) this.enter()
    if (this.failure !== null) return // whoever waits for it is told that the ring has failed
    const sqes = this.#sqes
    const at = (this.#tail & this.#sqMask) * SQE_WORDS
    sqes[at] = operation | (flags << 8) | (ioprio << 16)
    sqes[at + 1] = fd
    sqes[at + 2] = offset
    sqes[at + 3] = 0
    sqes[at + 4] = (address % TWO_32) | 0
    sqes[at + 5] = (address / TWO_32) | 0
    sqes[at + 6] = length
    sqes[at + 7] = operationFlags
    sqes[at + 8] = low
    sqes[at + 9] = high
    sqes[at + 10] = group // and no personality
    sqes[at + 11] = 0
    sqes[at + 12] = 0
    sqes[at + 13] = 0
    this.#tail = (this.#tail + 1) | 0
    this.pending++
  }

  /** Makes sure that the next `count` entries go over in one call, as linked ones must. */
  reserve(count: number): void {
    if (this.pending + count > this.#sqMask + 1) this.enter()
  }

  /** Hands over what was written. The completions of what could be done at once are there when it returns. */
  enter(): void {
    Atomics.store(this.#words, this.#sqTail, this.#tail)
    for (let attempt = 0; attempt < ENTER_ATTEMPTS; attempt++) {
      const overflow = (Atomics.load(this.#words, this.#sqFlags) & IORING_SQ_CQ_OVERFLOW) !== 0
      const flags = overflow ? IORING_ENTER_GETEVENTS : 0
      const taken = this.#calls.enter(SYS_IO_URING_ENTER, this.fd, this.pending, 0, flags, 0n, 0n)
      if (taken < 0) {
        this.#errno = this.#libc.errno()
        if (!PASSING.has(this.#errno) || ++this.#refusals > REFUSALS) {
          this.#fail()
          return
        }
      } else {
        this.pending -= taken
        this.#refusals = 0
        if (this.pending === 0) return
      }
    }
    // What is left goes with the next turn, unless there is no room to wait in.
    if (this.pending > this.#sqMask) this.#fail()
  }

  #fail(): void {
    this.failure ??= fromErrno(this.#errno, 'io_uring_enter')
    this.pending = 0
  }

  /** Whether the kernel keeps completions aside because the ring was full; `enter` fetches them. */
  get overflowed(): boolean {
    return (Atomics.load(this.#words, this.#sqFlags) & IORING_SQ_CQ_OVERFLOW) !== 0
  }

  /** Hands every completion that is there now to `completed`. What it throws leaves the rest for the next call. */
  reap(completed: Completed): number {
    const words = this.#words
    let head = words[this.#cqHead]!
    const end = Atomics.load(words, this.#cqTail)
    const count = (end - head) | 0
    while (head !== end) {
      const at = this.#cqes + (head & this.#cqMask) * CQE_WORDS
      const low = words[at]!
      const high = words[at + 1]!
      const result = words[at + 2]!
      const flags = words[at + 3]!
      head = (head + 1) | 0
      Atomics.store(words, this.#cqHead, head)
      completed(low, high, result, flags)
    }
    return count
  }

  /** io_uring_register(2). @throws SocketError */
  register(operation: number, argument: Memory, count: number): void {
    if (this.#calls.register(SYS_IO_URING_REGISTER, this.fd, operation, argument, count) < 0)
      throw fromErrno(this.#libc.errno(), 'io_uring_register')
  }

  /** No operation may be under way. */
  close(): void {
    this.#rings.unmap()
    this.#entries.unmap()
    if (!ELSEWHERE.has(this.#errno)) this.#libc.close(this.fd)
  }

  #map(length: number, offset: number): Mapping {
    const { mmap, munmap } = this.#calls
    const size = BigInt(length)
    const address = mmap(0n, size, PROT_READ_WRITE, MAP_SHARED_POPULATE, this.fd, BigInt(offset))
    if (address === MAP_FAILED) throw this.#refused(this.#libc.errno())
    return { bytes: this.#libc.ffi.view(address, length), unmap: () => void munmap(address, size) }
  }

  #refused(errno: number): SocketError {
    this.#libc.close(this.fd)
    return fromErrno(errno, 'io_uring_setup')
  }
}

function callsOf({ ffi }: Libc): Calls {
  return {
    setup: ffi.func('syscall', 'int', 'wide', 'uint', 'memory'),
    enter: ffi.func('syscall', 'int', 'wide', 'int', 'uint', 'uint', 'uint', 'address', 'wide'),
    register: ffi.func('syscall', 'int', 'wide', 'int', 'uint', 'memory', 'uint'),
    mmap: ffi.func('mmap', 'address', 'address', 'wide', 'int', 'int', 'int', 'wide'),
    munmap: ffi.func('munmap', 'int', 'address', 'wide'),
  }
}
