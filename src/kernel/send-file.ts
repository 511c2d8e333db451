/**
 * A file on its way into a socket by sendfile(2): the kernel takes the pages from its cache, and no byte passes through
 * this process. What is not in the cache is read first, outside this thread: sendfile would keep all others waiting.
 */
import { FileTooShort } from '../socket/file.ts'
import type { FileSource } from '../socket/host.ts'
import type { Libc } from './libc.ts'

const EAGAIN = 11
const EINTR = 4
const F_SETFL = 4
const O_NONBLOCK = 0o4000
/** Only what is in the page cache (preadv2(2)). */
const RWF_NOWAIT = 8
/** What is asked of the cache at once, and read at once where it is not there. */
const PIECE = 1 << 20
const COLD_PIECE = 1 << 18
/** Bytes that a connection may move before others get their turn. */
const TURN = 4 << 20

/** `more`: there is room still, but others wait. A number is an errno. */
export type Step = 'done' | 'full' | 'cold' | 'more' | 'short' | number

export class FileTransfer {
  readonly done: Promise<void>
  /** Bytes that are not in the socket yet. */
  left: number
  /** Somebody waits for room or for the disk, and calls `step` then. */
  waiting = false
  readonly #libc: Libc
  readonly #fd: number
  readonly #blocks: boolean
  readonly #file: FileSource
  readonly #length: number
  readonly #position = new BigInt64Array(1)
  /** Up to where the file is known to be in the cache. */
  #warm: number
  #settle!: { resolve(): void; reject(error: unknown): void }

  /** @param blocks whether the socket waits (no O_NONBLOCK): then it is told not to, as long as `step` runs */
  constructor(libc: Libc, fd: number, blocks: boolean, file: FileSource, offset: number, length: number) {
    this.#libc = libc
    this.#fd = fd
    this.#blocks = blocks
    this.#file = file
    this.#length = length
    this.left = length
    this.#warm = offset
    this.#position[0] = BigInt(offset)
    this.done = new Promise((resolve, reject) => {
      this.#settle = { resolve, reject }
    })
    this.done.catch(() => {}) // whoever asked is told; nobody has to look
  }

  /** Moves what the socket takes now. */
  step(): Step {
    if (this.#blocks) this.#libc.fcntl(this.#fd, F_SETFL, O_NONBLOCK)
    try {
      return this.#move()
    } finally {
      if (this.#blocks) this.#libc.fcntl(this.#fd, F_SETFL, 0)
    }
  }

  #move(): Step {
    for (let moved = 0; this.left > 0; ) {
      if (moved >= TURN) return 'more'
      if (this.#at === this.#warm && !this.#isWarm()) return 'cold'
      const count = Math.min(this.left, this.#warm - this.#at)
      const sent = this.#libc.sendfile(this.#fd, this.#file.descriptor!, this.#position, count)
      if (sent > 0) {
        this.left -= sent
        moved += sent
      } else if (sent === 0) return 'short'
      else {
        const errno = this.#libc.errno()
        if (errno === EAGAIN) return 'full'
        if (errno !== EINTR) return errno
      }
    }
    return 'done'
  }

  get #at(): number {
    return Number(this.#position[0])
  }

  /** Looks at the first and the last byte of the next piece: pages come and go in runs. */
  #isWarm(): boolean {
    const at = this.#at
    const count = Math.min(PIECE, this.left)
    if (!this.#cached(at) || !this.#cached(at + count - 1)) return false
    this.#warm = at + count
    return true
  }

  #cached(position: number): boolean {
    const { vector } = oneByte(this.#libc)
    const got = this.#libc.preadv2(this.#file.descriptor!, vector, 1, position, RWF_NOWAIT)
    // A file system that cannot say does not get another chance: sendfile reads what is missing.
    return got >= 0 || this.#libc.errno() !== EAGAIN
  }

  /** Reads the next piece, and thereby puts it into the cache. */
  async warm(): Promise<void> {
    const at = this.#at
    const count = Math.min(COLD_PIECE, this.left)
    const memory = new Uint8Array(count)
    for (let got = 0; got < count; ) {
      const more = await this.#file.read(memory.subarray(got), at + got)
      if (more === 0) break
      got += more
    }
    this.#warm = at + count
  }

  finish(): void {
    this.#settle.resolve()
  }

  fail(error: unknown): void {
    this.#settle.reject(error)
  }

  tooShort(): FileTooShort {
    return new FileTooShort(this.#length, this.#length - this.left)
  }
}

let made: { readonly vector: Uint8Array; readonly byte: Uint8Array } | undefined

/** struct iovec of one byte. */
function oneByte(libc: Libc): { readonly vector: Uint8Array } {
  if (made !== undefined) return made
  const byte = new Uint8Array(1)
  const vector = new BigUint64Array([libc.ffi.addressOf(byte), 1n])
  made = { vector: new Uint8Array(vector.buffer), byte }
  return made
}
