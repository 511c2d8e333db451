/**
 * A reactor's operations by epoll(7) and calls that do not block. Each socket is registered once, edge-triggered: the
 * kernel tells a change of readiness, and what is still so is kept here. A send is tried at once; a read is made when
 * the kernel has said that there is something.
 */
import { fromErrno } from '../errors.ts'
import type { Libc } from '../libc.ts'
import { sharedMemory } from '../memory.ts'
import { type Completed, type Engine, RESULT_GOES_ON, RESULT_HAS_BUFFER, RESULT_NONEMPTY } from '../streams/engine.ts'
import {
  callsOf,
  EAGAIN,
  ECANCELED,
  ECONNABORTED,
  EEXIST,
  EINPROGRESS,
  EINTR,
  EPOLL_CLOEXEC,
  EPOLL_CTL_ADD,
  EPOLL_CTL_MOD,
  EPOLLERR,
  EPOLLET,
  EPOLLHUP,
  EPOLLIN,
  EPOLLOUT,
  EPOLLRDHUP,
  EVENT_DATA,
  EVENT_WORDS,
  MSG_MORE,
  SO_ERROR,
  SOCK_CLOEXEC,
  SOCK_NONBLOCK,
  SOL_SOCKET,
} from './calls.ts'
import { Results } from './results.ts'
import { Slab } from './slab.ts'
import { Slot } from './slot.ts'

/** Events that one call fetches; more wait for the next turn. */
const EVENTS = 1024
/** Connections that one listener takes before others get their turn. */
const ACCEPTS = 64
/** The low bits of a name say which operation it is, the rest is the endpoint's. */
const KIND_MASK = 7
const INTEREST = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET

export class EpollEngine implements Engine<Slab> {
  readonly fd: number
  readonly socketFlags = SOCK_NONBLOCK
  readonly small: Slab
  readonly large: Slab
  readonly overflowed = false
  readonly failure = null
  readonly #libc: Libc
  readonly #calls: ReturnType<typeof callsOf>
  readonly #slots: (Slot | undefined)[] = []
  readonly #results = new Results()
  /** Those that can read on without the kernel saying so again, from `#next` on. */
  #ready: Slot[] = []
  #next = 0
  /** One event to register with, then those that are fetched. */
  readonly #words: Int32Array
  readonly #event: bigint
  readonly #events: bigint

  /** @throws SocketError */
  constructor(libc: Libc) {
    this.#libc = libc
    this.#calls = callsOf(libc.ffi)
    this.small = new Slab(libc.ffi)
    this.large = this.small
    this.#words = new Int32Array(sharedMemory((EVENTS + 1) * EVENT_WORDS * 4))
    this.#event = libc.ffi.addressOf(this.#words)
    this.#events = this.#event + BigInt(EVENT_WORDS * 4)
    this.fd = this.#calls.create(EPOLL_CLOEXEC)
    if (this.fd < 0) throw fromErrno(libc.errno(), 'epoll_create1')
  }

  get pending(): number {
    return this.#results.count + this.#ready.length - this.#next
  }

  // ── operations ─────────────────────────────────────────────────────────────────────────────────────────────────

  receive(fd: number, low: number, high: number): void {
    const slot = this.#slot(fd, low, high, true)
    if (slot === null) return
    slot.reading = high
    if (slot.readable) this.#goOn(slot)
  }

  accept(fd: number, low: number, high: number): void {
    const slot = this.#slot(fd, low, high, true)
    if (slot === null) return
    slot.reading = high
    slot.accepts = true
    if (slot.readable) this.#goOn(slot)
  }

  send(fd: number, low: number, high: number, address: number, length: number, more: boolean): boolean {
    const slot = this.#slot(fd, low, high, true)
    if (slot === null) return false
    slot.address = address
    slot.length = length
    slot.sent = 0
    slot.flags = more ? MSG_MORE : 0
    const result = slot.writable ? this.#write(slot) : 0
    if (result === length) return true
    if (result === 0) slot.writing = high
    else this.#results.push(low, high, result)
    return false
  }

  room(fd: number, low: number, high: number): void {
    const slot = this.#slot(fd, low, high, false)
    if (slot === null) return
    slot.writing = high
    slot.writable = false
    slot.length = 0
  }

  connect(fd: number, low: number, high: number, address: number, length: number): void {
    const errno = this.#calls.connect(fd, BigInt(address), length) === 0 ? 0 : this.#libc.errno()
    if (errno !== EINPROGRESS && errno !== EINTR) {
      this.#results.push(low, high, -errno)
      return
    }
    const slot = this.#slot(fd, low, high, false)
    if (slot === null) return
    slot.writing = high
    slot.connects = true
  }

  cancel(_fd: number, low: number, high: number): void {
    const slot = this.#slots[low]
    if (slot !== undefined && slot.tag === (high & ~KIND_MASK)) {
      if (slot.reading !== 0) this.#results.push(low, slot.reading, -ECANCELED)
      if (slot.writing !== 0) this.#results.push(low, slot.writing, -ECANCELED)
      slot.reading = 0
      slot.writing = 0
    }
    this.#results.push(low, high, 0)
  }

  /** Closing takes the descriptor out of the set; what the set has told of it already has the tag of nobody. */
  release(fd: number, low: number, cancelled: number | null, closed: number): void {
    if (cancelled !== null) this.cancel(fd, low, cancelled)
    this.#slots[low] = undefined
    this.#libc.close(fd)
    this.#results.push(low, closed, 0)
  }

  /** Registers the socket at its first operation. Where that is refused the operation fails with it, and null comes. */
  #slot(fd: number, low: number, high: number, writable: boolean): Slot | null {
    const known = this.#slots[low]
    const tag = high & ~KIND_MASK
    if (known !== undefined && known.tag === tag) return known
    const slot = new Slot(fd, low, tag, writable)
    this.#words[0] = INTEREST
    this.#words[EVENT_DATA] = low
    this.#words[EVENT_DATA + 1] = tag
    const { control } = this.#calls
    let errno = control(this.fd, EPOLL_CTL_ADD, fd, this.#event) === 0 ? 0 : this.#libc.errno()
    // A connection takes over the descriptor that its connect has registered.
    if (errno === EEXIST) errno = control(this.fd, EPOLL_CTL_MOD, fd, this.#event) === 0 ? 0 : this.#libc.errno()
    if (errno !== 0) {
      this.#results.push(low, high, -errno)
      return null
    }
    this.#slots[low] = slot
    return slot
  }

  #goOn(slot: Slot): void {
    if (slot.listed) return
    slot.listed = true
    this.#ready.push(slot)
  }

  // ── results ────────────────────────────────────────────────────────────────────────────────────────────────────

  enter(): void {} // everything has been tried already

  reap(completed: Completed, first: boolean): void {
    if (first) this.#fetch()
    this.#results.reap(completed)
    this.#read(completed)
  }

  /** Asks for events and takes note of all of them, before anybody is told: none comes twice. */
  #fetch(): void {
    const count = this.#calls.wait(this.fd, this.#events, EVENTS, 0)
    const words = this.#words
    for (let i = 1; i <= count; i++) {
      const at = i * EVENT_WORDS
      const slot = this.#slots[words[at + EVENT_DATA]!]
      if (slot === undefined || slot.tag !== words[at + EVENT_DATA + 1]) continue // of a socket that is no more
      const events = words[at]!
      if ((events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR)) !== 0) slot.ended = true
      if ((events & (EPOLLIN | EPOLLRDHUP | EPOLLHUP | EPOLLERR)) !== 0) {
        slot.readable = true
        if (slot.reading !== 0) this.#goOn(slot)
      }
      if ((events & (EPOLLOUT | EPOLLHUP | EPOLLERR)) !== 0) {
        slot.writable = true
        if (slot.writing !== 0) this.#writable(slot)
      }
    }
  }

  #writable(slot: Slot): void {
    if (slot.connects) {
      this.#connected(slot)
      return
    }
    if (slot.length === 0) {
      this.#written(slot, 0) // there is room: nothing else was asked for
      return
    }
    const result = this.#write(slot)
    if (result !== 0) this.#written(slot, result)
  }

  #connected(slot: Slot): void {
    const error = new Int32Array(1)
    const length = new Uint32Array([4])
    this.#libc.getsockopt(slot.fd, SOL_SOCKET, SO_ERROR, error, length)
    slot.connects = false
    this.#written(slot, -error[0]!)
  }

  /**
   * To the end, or until the kernel has no room: what became of it all, or 0 where more is to come. After an error what
   * the kernel has taken counts; the next send is told of the error.
   */
  #write(slot: Slot): number {
    for (;;) {
      const rest = slot.length - slot.sent
      const from = BigInt(slot.address + slot.sent)
      const { write, send } = this.#calls
      const count =
        slot.flags === 0 ? write(slot.fd, from, BigInt(rest)) : send(slot.fd, from, BigInt(rest), slot.flags)
      if (count === rest) return slot.length
      if (count >= 0) slot.sent += count
      else {
        const errno = this.#libc.errno()
        if (errno === EAGAIN) {
          slot.writable = false
          return 0
        }
        if (errno !== EINTR) return slot.sent > 0 ? slot.sent : -errno
      }
    }
  }

  #written(slot: Slot, result: number): void {
    this.#results.push(slot.low, slot.writing, result)
    slot.writing = 0
  }

  /** Those that could go on when this began; what their owners throw leaves the rest for the next call. */
  #read(completed: Completed): void {
    const end = this.#ready.length
    while (this.#next < end) {
      const slot = this.#ready[this.#next++]!
      slot.listed = false
      if (slot.reading === 0 || !slot.readable || this.#slots[slot.low] !== slot) continue
      if (slot.accepts) this.#accept(slot, completed)
      else this.#receive(slot, completed)
    }
    this.#ready = this.#next === this.#ready.length ? [] : this.#ready.slice(this.#next)
    this.#next = 0
  }

  #receive(slot: Slot, completed: Completed): void {
    const { address, room, size } = this.small
    const count = this.#calls.read(slot.fd, address, room)
    if (count < 0) {
      this.#notRead(slot, this.#libc.errno(), completed)
      return
    }
    const high = slot.reading
    slot.reading = 0
    const full = count === size
    // A read that comes back short has emptied the socket; but its end, once told, is not told again.
    if (!full && !slot.ended) slot.readable = false
    completed(slot.low, high, count, (count > 0 ? RESULT_HAS_BUFFER : 0) | (full ? RESULT_NONEMPTY : 0))
  }

  #notRead(slot: Slot, errno: number, completed: Completed): void {
    if (errno === EAGAIN) slot.readable = false
    else if (errno === EINTR) this.#goOn(slot)
    else {
      const high = slot.reading
      slot.reading = 0
      completed(slot.low, high, -errno, 0)
    }
  }

  #accept(slot: Slot, completed: Completed): void {
    this.#goOn(slot) // until the kernel says that there is nobody, and whatever an owner throws
    for (let i = 0; i < ACCEPTS; i++) {
      const high = slot.reading
      if (high === 0 || this.#slots[slot.low] !== slot) return // paused or closed by its owner
      const fd = this.#calls.accept(slot.fd, 0n, 0n, SOCK_NONBLOCK | SOCK_CLOEXEC)
      if (fd >= 0) {
        completed(slot.low, high, fd, RESULT_GOES_ON)
        continue
      }
      const errno = this.#libc.errno()
      if (errno === ECONNABORTED || errno === EINTR) continue
      this.#notRead(slot, errno, completed)
      return
    }
  }

  publish(): void {}
  decay(): void {}

  dispose(): void {
    this.#libc.close(this.fd)
  }
}
