/**
 * The one ring of this thread and what lives on it: hands completions to the sockets they belong to, collects what
 * they want to submit, and makes one system call per turn of Node's event loop.
 */
import type { Libc } from '../libc.ts'
import { ReceiveBuffers, SendChunks } from './buffers.ts'
import {
  IORING_ASYNC_CANCEL_ALL,
  IORING_ASYNC_CANCEL_FD,
  IORING_CQE_F_MORE,
  IORING_OP_ASYNC_CANCEL,
  IORING_OP_CLOSE,
  IOSQE_IO_HARDLINK,
} from './constants.ts'
import { Poll } from './poll.ts'
import { Ring } from './ring.ts'

/** Turns of submit and reap before the rest of the event loop gets its turn. */
const TURNS = 4
/** How long an empty ring is kept for the next socket: making one costs a few hundred microseconds. */
const IDLE_MS = 1000
/** `user_data`'s high half: the low bits say which operation, the rest is the slot's generation. */
const KIND_BITS = 3
export const RECEIVED = 1
export const SENT = 2
export const ACCEPTED = 3
export const CONNECTED = 4
const CANCELLED = 5
const CLOSED = 6

/**
 * A descriptor and the operations under way on it. Its slot is given to another, and its memory reused, only when
 * the last of them has completed: descriptors are reused by the kernel at once, so they name nothing here.
 */
export abstract class Endpoint {
  readonly reactor: Reactor
  readonly fd: number
  readonly index: number
  readonly tag: number
  /** Operations the kernel has not finished. */
  inflight = 0
  released = false
  /** In the reactor's list of those with something to do at the end of this turn. */
  listed = false

  constructor(reactor: Reactor, fd: number) {
    this.reactor = reactor
    this.fd = fd
    const [index, generation] = reactor.join(this)
    this.index = index
    this.tag = (generation << KIND_BITS) | 0
  }

  /** An operation has completed (or, with IORING_CQE_F_MORE, has one more result). */
  abstract completed(kind: number, result: number, flags: number): void
  /** The end of a turn in which `reactor.list(this)` was called: submit and deliver what is due. */
  abstract turn(): void
  /** Everything is over and the slot has been given up. */
  abstract freed(): void

  submit(
    kind: number,
    operation: number,
    flags: number,
    ioprio: number,
    offset: number,
    address: number,
    length: number,
    operationFlags: number,
  ): void {
    this.inflight++
    const { reactor } = this
    reactor.ring.push(
      operation,
      flags,
      ioprio,
      this.fd,
      offset,
      address,
      length,
      operationFlags,
      this.index,
      this.tag | kind,
    )
    reactor.schedule()
  }

  /** Cancels whatever is under way on the descriptor. */
  cancel(flags = 0): void {
    const what = IORING_ASYNC_CANCEL_FD | IORING_ASYNC_CANCEL_ALL
    this.submit(CANCELLED, IORING_OP_ASYNC_CANCEL, flags, 0, 0, 0, 0, what)
  }

  /** Cancels what is under way and closes the descriptor; `freed` follows when both are done. */
  release(): void {
    if (this.released) return
    this.released = true
    this.reactor.ring.reserve(2)
    if (this.inflight > 0) this.cancel(IOSQE_IO_HARDLINK)
    this.submit(CLOSED, IORING_OP_CLOSE, 0, 0, 0, 0, 0, 0)
  }

  /** Gives up the slot but leaves the descriptor open: another endpoint takes it over. */
  leave(): void {
    this.reactor.part(this)
  }
}

export class Reactor {
  readonly libc: Libc
  readonly ring: Ring
  readonly receive: ReceiveBuffers
  readonly chunks: SendChunks
  readonly #poll: Poll
  readonly #onIdle: () => void
  readonly #idleMillis: number
  readonly #slots: (Endpoint | null)[] = []
  readonly #generations: number[] = []
  readonly #freeSlots: number[] = []
  /** Endpoints with a slot. */
  open = 0
  #list: Endpoint[] = []
  #scheduled = false
  #draining = false
  #closed = false
  #idle: NodeJS.Timeout | null = null

  /**
   * @param onIdle called when nothing has been open for a while, after everything has been given back.
   * @throws SocketError where io_uring is forbidden or too old.
   */
  constructor(libc: Libc, onIdle: () => void, idleMillis = IDLE_MS) {
    this.libc = libc
    this.#onIdle = onIdle
    this.#idleMillis = idleMillis
    this.ring = new Ring(libc)
    this.chunks = new SendChunks(libc.koffi)
    try {
      this.receive = new ReceiveBuffers(libc.koffi, this.ring)
      this.#poll = new Poll(libc, this.ring.fd, () => this.schedule())
    } catch (error) {
      this.ring.close()
      throw error
    }
    this.#restLater()
  }

  join(endpoint: Endpoint): [index: number, generation: number] {
    const index = this.#freeSlots.pop() ?? this.#slots.length
    this.#slots[index] = endpoint
    const generation = ((this.#generations[index] ?? 0) + 1) | 0
    this.#generations[index] = generation
    if (this.open++ === 0) this.#wakeUp()
    return [index, generation]
  }

  part(endpoint: Endpoint): void {
    this.#slots[endpoint.index] = null
    this.#freeSlots.push(endpoint.index)
    if (--this.open === 0) this.#restLater()
  }

  /** Has `endpoint.turn()` called at the end of this turn, once. */
  list(endpoint: Endpoint): void {
    if (endpoint.listed) return
    endpoint.listed = true
    this.#list.push(endpoint)
    this.schedule()
  }

  /** Makes sure that there is a turn: now if one is under way, else as soon as the event loop comes round. */
  schedule(): void {
    if (this.#scheduled || this.#draining || this.#closed) return
    this.#scheduled = true
    setImmediate(this.#drain)
  }

  readonly #drain = (): void => {
    this.#scheduled = false
    if (this.#closed) return
    this.#draining = true
    let finished = false
    try {
      for (let turn = 0; turn < TURNS; turn++) {
        this.ring.reap(this.#completed)
        if (this.#list.length > 0) this.#takeTurns()
        this.receive.publish()
        if (this.ring.pending === 0 && !this.ring.overflowed) break
        this.ring.enter()
      }
      finished = true
    } finally {
      this.#draining = false
      // After an owner's exception, and when the kernel did not take all: what is left must not wait for a wake-up.
      if (!finished || this.#list.length > 0 || this.ring.pending > 0) this.schedule()
    }
  }

  readonly #completed = (low: number, high: number, result: number, flags: number): void => {
    const endpoint = this.#slots[low]
    if (!endpoint || (endpoint.tag ^ high) >>> KIND_BITS !== 0) return // of a socket that is no more
    if ((flags & IORING_CQE_F_MORE) === 0) endpoint.inflight--
    const kind = high & ((1 << KIND_BITS) - 1)
    try {
      if (kind < CANCELLED) endpoint.completed(kind, result, flags)
    } finally {
      if (endpoint.released && endpoint.inflight === 0) {
        this.part(endpoint)
        endpoint.freed()
      }
    }
  }

  #takeTurns(): void {
    const list = this.#list
    this.#list = []
    for (let i = 0; i < list.length; i++) {
      const endpoint = list[i]!
      endpoint.listed = false
      try {
        endpoint.turn()
      } catch (error) {
        this.#list = list.slice(i + 1).concat(this.#list)
        throw error
      }
    }
  }

  #wakeUp(): void {
    if (this.#idle !== null) clearTimeout(this.#idle)
    this.#idle = null
    this.#poll.ref()
  }

  #restLater(): void {
    this.#poll.unref()
    this.#idle = setTimeout(() => this.#close(), this.#idleMillis)
    this.#idle.unref()
  }

  #close(): void {
    this.#closed = true
    this.#onIdle()
    this.#poll.close()
    this.ring.close()
  }
}
