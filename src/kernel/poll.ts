/**
 * Wakes Node's event loop when a descriptor becomes readable or writable, through the libuv functions that the Node
 * binary exports: a `uv_poll_t` on Node's own default loop.
 */
import type { Koffi, Libc } from './libc.ts'

const UV_POLL = 8 // uv_handle_type
const UV_READABLE = 1
const UV_WRITABLE = 2

interface Uv {
  uv_default_loop(): unknown
  uv_handle_size(type: number): number
  uv_poll_init(loop: unknown, handle: unknown, fd: number): number
  uv_poll_start(handle: unknown, events: number, callback: unknown): number
  uv_poll_stop(handle: unknown): number
  uv_close(handle: unknown, callback: unknown): void
  uv_ref(handle: unknown): void
  uv_unref(handle: unknown): void
}

/** What all polls of the process share: koffi keeps the names of its types, and its callbacks are few. */
class Library {
  readonly koffi: Koffi
  readonly uv: Uv
  readonly loop: unknown
  readonly readied: unknown
  readonly closed: unknown
  /** By the addresses of their handles. */
  readonly polls = new Map<number, Poll>()

  constructor(koffi: Koffi) {
    this.koffi = koffi
    const node = koffi.load(null)
    const pollCallback = koffi.pointer(koffi.proto('void ReticlePollCallback(uintptr_t, int, int)'))
    const closeCallback = koffi.pointer(koffi.proto('void ReticleCloseCallback(uintptr_t)'))
    this.uv = {
      uv_default_loop: node.func('void* uv_default_loop()'),
      uv_handle_size: node.func('size_t uv_handle_size(int)'),
      uv_poll_init: node.func('int uv_poll_init(void*, void*, int)'),
      uv_poll_start: node.func('uv_poll_start', 'int', ['void*', 'int', pollCallback]),
      uv_poll_stop: node.func('int uv_poll_stop(void*)'),
      uv_close: node.func('uv_close', 'void', ['void*', closeCallback]),
      uv_ref: node.func('void uv_ref(void*)'),
      uv_unref: node.func('void uv_unref(void*)'),
    }
    this.loop = this.uv.uv_default_loop()
    this.readied = koffi.register((handle: number | bigint, status: number, events: number) => {
      this.polls.get(Number(handle))?.happened(status < 0 ? UV_READABLE | UV_WRITABLE : events)
    }, pollCallback)
    this.closed = koffi.register((handle: number | bigint) => {
      setImmediate(() => koffi.free(BigInt(handle)))
    }, closeCallback)
    // Node runs the loop once more while it tears itself down; no callback must be called then.
    process.once('exit', () => {
      for (const poll of this.polls.values()) poll.stop()
    })
  }
}

let library: Library | undefined

export class Poll {
  readonly #library: Library
  readonly #handle: unknown
  readonly #address: number
  readonly #readable: () => void
  readonly #writable: () => void
  #events = 0

  /**
   * Watches nothing at first, and keeps the process alive.
   * @param readable called outside any JavaScript callback scope: it may do no more than `setImmediate`, whose
   *   callback runs right after this poll phase with microtasks and errors handled as they should be.
   * @param writable the same
   */
  constructor(libc: Libc, fd: number, readable: () => void, writable: () => void = () => {}) {
    const { koffi } = libc
    library ??= new Library(koffi)
    this.#library = library
    this.#readable = readable
    this.#writable = writable
    const { uv, loop, polls } = library
    this.#handle = koffi.alloc('uint8_t', Number(uv.uv_handle_size(UV_POLL)))
    this.#address = Number(koffi.address(this.#handle))
    const status = uv.uv_poll_init(loop, this.#handle, fd)
    if (status !== 0) {
      koffi.free(this.#handle)
      throw new Error(`uv_poll_init answers ${status}`)
    }
    polls.set(this.#address, this)
  }

  /** From now on. */
  watch(readable: boolean, writable: boolean): void {
    const events = (readable ? UV_READABLE : 0) | (writable ? UV_WRITABLE : 0)
    if (events === this.#events) return
    this.#events = events
    const { uv, readied } = this.#library
    if (events === 0) uv.uv_poll_stop(this.#handle)
    else uv.uv_poll_start(this.#handle, events, readied)
  }

  /** libuv's word. */
  happened(events: number): void {
    if ((events & this.#events & UV_READABLE) !== 0) this.#readable()
    if ((events & this.#events & UV_WRITABLE) !== 0) this.#writable()
  }

  /** Keeps the process alive from now on. */
  ref(): void {
    this.#library.uv.uv_ref(this.#handle)
  }

  unref(): void {
    this.#library.uv.uv_unref(this.#handle)
  }

  /** Watches nothing any more. */
  stop(): void {
    this.watch(false, false)
  }

  /** The descriptor may be closed as soon as this returns. */
  close(): void {
    this.stop()
    this.#library.polls.delete(this.#address)
    this.#library.uv.uv_close(this.#handle, this.#library.closed)
  }
}
