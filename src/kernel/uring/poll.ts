/**
 * Wakes Node's event loop when a descriptor becomes readable, through the libuv functions that the Node binary
 * exports: a `uv_poll_t` on Node's own default loop.
 */
import type { Koffi, Libc } from '../libc.ts'

const UV_POLL = 8 // uv_handle_type
const UV_READABLE = 1

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

interface Library {
  readonly uv: Uv
  readonly pollCallback: unknown
  readonly closeCallback: unknown
}

let library: Library | undefined

/** The binding is made once: koffi keeps the names of its types for the life of the process. */
function load(koffi: Koffi): Library {
  const node = koffi.load(null)
  const pollCallback = koffi.pointer(koffi.proto('void ReticlePollCallback(void*, int, int)'))
  const closeCallback = koffi.pointer(koffi.proto('void ReticleCloseCallback(void*)'))
  const uv: Uv = {
    uv_default_loop: node.func('void* uv_default_loop()'),
    uv_handle_size: node.func('size_t uv_handle_size(int)'),
    uv_poll_init: node.func('int uv_poll_init(void*, void*, int)'),
    uv_poll_start: node.func('uv_poll_start', 'int', ['void*', 'int', pollCallback]),
    uv_poll_stop: node.func('int uv_poll_stop(void*)'),
    uv_close: node.func('uv_close', 'void', ['void*', closeCallback]),
    uv_ref: node.func('void uv_ref(void*)'),
    uv_unref: node.func('void uv_unref(void*)'),
  }
  return { uv, pollCallback, closeCallback }
}

export class Poll {
  readonly #koffi: Koffi
  readonly #library: Library
  readonly #handle: unknown
  readonly #readable: unknown
  readonly #stopAtExit = (): void => this.#stop()
  #stopped = false

  /**
   * @param readable called outside any JavaScript callback scope: it may do no more than `setImmediate`, whose
   *   callback runs right after this poll phase with microtasks and errors handled as they should be.
   */
  constructor(libc: Libc, fd: number, readable: () => void) {
    const { koffi } = libc
    library ??= load(koffi)
    const { uv, pollCallback } = library
    this.#koffi = koffi
    this.#library = library
    this.#handle = koffi.alloc('uint8_t', Number(uv.uv_handle_size(UV_POLL)))
    const status = uv.uv_poll_init(uv.uv_default_loop(), this.#handle, fd)
    if (status !== 0) throw new Error(`uv_poll_init answers ${status}`)
    this.#readable = koffi.register(readable, pollCallback)
    uv.uv_poll_start(this.#handle, UV_READABLE, this.#readable)
    uv.uv_unref(this.#handle)
    // Node runs the loop once more while it tears itself down; the callback must not be called then.
    process.once('exit', this.#stopAtExit)
  }

  /** Keeps the process alive from now on. */
  ref(): void {
    this.#library.uv.uv_ref(this.#handle)
  }

  unref(): void {
    this.#library.uv.uv_unref(this.#handle)
  }

  /** The descriptor may be closed as soon as this returns. */
  close(): void {
    this.#stop()
    process.removeListener('exit', this.#stopAtExit)
    const { uv, closeCallback } = this.#library
    const closed = this.#koffi.register(() => {
      setImmediate(() => {
        this.#koffi.unregister(closed)
        this.#koffi.unregister(this.#readable)
        this.#koffi.free(this.#handle)
      })
    }, closeCallback)
    uv.uv_close(this.#handle, closed)
  }

  #stop(): void {
    if (this.#stopped) return
    this.#stopped = true
    this.#library.uv.uv_poll_stop(this.#handle)
  }
}
