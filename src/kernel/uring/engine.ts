/** A reactor's operations on a ring of io_uring. */
import type { SocketError } from '../../base/errors.ts'
import type { Libc } from '../libc.ts'
import type { KernelLimits } from '../limits.ts'
import { sharedMemory } from '../memory.ts'
import type { Completed, Engine } from '../streams/engine.ts'
import {
  IORING_ACCEPT_MULTISHOT,
  IORING_ASYNC_CANCEL_ALL,
  IORING_ASYNC_CANCEL_FD,
  IORING_OP_ACCEPT,
  IORING_OP_ASYNC_CANCEL,
  IORING_OP_CLOSE,
  IORING_OP_CONNECT,
  IORING_OP_POLL_ADD,
  IORING_OP_RECV,
  IORING_OP_SEND,
  IORING_RECVSEND_POLL_FIRST,
  IOSQE_BUFFER_SELECT,
  IOSQE_IO_HARDLINK,
  MSG_MORE,
  MSG_WAITALL,
  POLLOUT,
  SOCK_CLOEXEC,
} from './constants.ts'
import { ReceiveBuffers, type ReceiveGroup, receiveBytes } from './receive-buffers.ts'
import { Ring } from './ring.ts'

/** The group of small receive buffers: a request, the answer to one. */
const SMALL = { group: 0, size: 4096, least: 64 }
/** That of large ones, for connections that fill the small ones: four TLS records (RFC 8446 §5.1). */
const LARGE: ReceiveGroup = { group: 1, count: 64, size: 65_536, least: 4 }

export class UringEngine implements Engine<ReceiveBuffers> {
  /** A ring waits for a socket that blocks, and would answer EAGAIN for another. */
  readonly socketFlags = 0
  readonly small: ReceiveBuffers
  readonly large: ReceiveBuffers
  readonly #ring: Ring

  /** @throws SocketError where io_uring is forbidden or too old. */
  constructor(libc: Libc, limits: KernelLimits) {
    const ring = new Ring(libc)
    this.#ring = ring
    try {
      const small: ReceiveGroup = { ...SMALL, count: limits.receiveBuffers }
      const memory = sharedMemory(receiveBytes(small) + receiveBytes(LARGE))
      this.small = new ReceiveBuffers(libc.ffi, ring, memory, 0, small)
      this.large = new ReceiveBuffers(libc.ffi, ring, memory, receiveBytes(small), LARGE)
    } catch (error) {
      ring.close()
      throw error
    }
  }

  get fd(): number {
    return this.#ring.fd
  }

  get pending(): number {
    return this.#ring.pending
  }

  get overflowed(): boolean {
    return this.#ring.overflowed
  }

  get failure(): SocketError | null {
    return this.#ring.failure
  }

  receive(fd: number, low: number, high: number, pool: ReceiveBuffers, more: boolean): void {
    // Waiting for readiness instead of trying first: right after a read that emptied the socket.
    const first = more ? 0 : IORING_RECVSEND_POLL_FIRST
    this.#ring.push(IORING_OP_RECV, IOSQE_BUFFER_SELECT, first, fd, 0, 0, 0, 0, low, high, pool.group)
  }

  /** With WAITALL the kernel comes back when the whole range is in its own buffer, however long the peer takes. */
  send(fd: number, low: number, high: number, address: number, length: number, more: boolean): boolean {
    const flags = more ? MSG_WAITALL | MSG_MORE : MSG_WAITALL
    this.#ring.push(IORING_OP_SEND, 0, 0, fd, 0, address, length, flags, low, high, 0)
    return false
  }

  room(fd: number, low: number, high: number): void {
    this.#ring.push(IORING_OP_POLL_ADD, 0, 0, fd, 0, 0, 0, POLLOUT, low, high, 0)
  }

  accept(fd: number, low: number, high: number): void {
    this.#ring.push(IORING_OP_ACCEPT, 0, IORING_ACCEPT_MULTISHOT, fd, 0, 0, 0, SOCK_CLOEXEC, low, high, 0)
  }

  connect(fd: number, low: number, high: number, address: number, length: number): void {
    this.#ring.push(IORING_OP_CONNECT, 0, 0, fd, length, address, 0, 0, low, high, 0)
  }

  cancel(fd: number, low: number, high: number): void {
    this.#cancel(fd, low, high, 0)
  }

  #cancel(fd: number, low: number, high: number, flags: number): void {
    const what = IORING_ASYNC_CANCEL_FD | IORING_ASYNC_CANCEL_ALL
    this.#ring.push(IORING_OP_ASYNC_CANCEL, flags, 0, fd, 0, 0, 0, what, low, high, 0)
  }

  release(fd: number, low: number, cancelled: number | null, closed: number): void {
    this.#ring.reserve(2)
    if (cancelled !== null) this.#cancel(fd, low, cancelled, IOSQE_IO_HARDLINK)
    this.#ring.push(IORING_OP_CLOSE, 0, 0, fd, 0, 0, 0, 0, low, closed, 0)
  }

  enter(): void {
    this.#ring.enter()
  }

  reap(completed: Completed): void {
    this.#ring.reap(completed)
  }

  publish(): void {
    this.small.publish()
    this.large.publish()
  }

  decay(): void {
    this.small.decay()
    this.large.decay()
  }

  dispose(): void {
    this.#ring.close()
  }
}
