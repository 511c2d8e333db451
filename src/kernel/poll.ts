/**
 * Wakes Node's event loop when a descriptor becomes readable or writable, through the libuv functions that the Node
 * binary exports: a `uv_poll_t` on Node's own default loop.
 */
import type { Callback, Ffi } from './ffi/ffi.ts'
import type { Libc } from './libc.ts'

const UV_POLL = 8 // uv_handle_type
const UV_READABLE = 1
const UV_WRITABLE = 2

/** What all polls of the thread share: callbacks are few. */
class Library {
  readonly uv
  readonly loop: bigint
  readonly size: number
  readonly readied: Callback
  readonly closed: Callback
  /** By the addresses of their handles. */
  readonly polls = new Map<bigint, Poll>()

  constructor(ffi: Ffi) {
    this.uv = callsOf(ffi)
    this.loop = ffi.loop()
    this.size = Number(ffi.func('uv_handle_size', 'wide', 'int')(UV_POLL))
    this.readied = ffi.callback(
      (handle, status, events) => {
        this.polls.get(handle)?.happened(status < 0 ? UV_READABLE | UV_WRITABLE : events)
      },
      'address',
      'int',
      'int',
    )
    this.closed = ffi.callback((handle) => {
      setImmediate(() => this.uv.free(handle))
    }, 'address')
    // Node runs the loop once more while it tears itself down; no callback must be called then.
    process.once('exit', () => {
      for (const poll of this.polls.values()) poll.stop()
    })
  }
}

function callsOf(ffi: Ffi) {
  return {
    calloc: ffi.func('calloc', 'address', 'wide', 'wide'),
    free: ffi.func('free', 'void', 'address'),
    uv_poll_init: ffi.func('uv_poll_init', 'int', 'address', 'address', 'int'),
    uv_poll_start: ffi.func('uv_poll_start', 'int', 'address', 'int', 'address'),
    uv_poll_stop: ffi.func('uv_poll_stop', 'int', 'address'),
    uv_close: ffi.func('uv_close', 'void', 'address', 'address'),
    uv_ref: ffi.func('uv_ref', 'void', 'address'),
    uv_unref: ffi.func('uv_unref', 'void', 'address'),
  }
}

let library: Library | undefined

export class Poll {
  readonly #library: Library
  /** The address of the `uv_poll_t`. */
  readonly #handle: bigint
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
    library ??= new Library(libc.ffi)
    this.#library = library
    this.#readable = readable
    this.#writable = writable
    const { uv, loop, polls, size } = library
    this.#handle = uv.calloc(1n, BigInt(size))
    const status = uv.uv_poll_init(loop, this.#handle, fd)
    if (status !== 0) {
      uv.free(this.#handle)
      throw new Error(`uv_poll_init answers ${status}`)
    }
    polls.set(this.#handle, this)
  }

  /** From now on. */
  watch(readable: boolean, writable: boolean): void {
    const events = (readable ? UV_READABLE : 0) | (writable ? UV_WRITABLE : 0)
    if (events === this.#events) return
    this.#events = events
    const { uv, readied } = this.#library
    if (events === 0) uv.uv_poll_stop(this.#handle)
    else uv.uv_poll_start(this.#handle, events, readied.address)
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
    this.#library.polls.delete(this.#handle)
    this.#library.uv.uv_close(this.#handle, this.#library.closed.address)
  }
}
