/** Part of an open file as the body of a reply. */
import type { FileSource } from '../../socket/index.ts'

/** What is needed of a file: it can be read and is to be closed. */
export interface ReadableFile extends FileSource {
  close(): Promise<void>
}

const PIECE = 64 * 1024

/**
 * Pieces of a file; closes it at the end, also when it is never begun or broken off. A reply that can have the network
 * take the file looks at `file`, `start` and `end` instead.
 */
export class FilePieces implements AsyncIterable<Uint8Array> {
  readonly file: ReadableFile
  readonly start: number
  readonly end: number
  #closed = false

  constructor(file: ReadableFile, start: number, end: number) {
    this.file = file
    this.start = start
    this.end = end
  }

  async close(): Promise<void> {
    if (this.#closed) return
    this.#closed = true
    await this.file.close()
  }

  [Symbol.asyncIterator](): AsyncIterator<Uint8Array> {
    let at = this.start
    const close = async () => {
      await this.close()
      return { done: true as const, value: undefined }
    }
    return {
      next: async () => {
        if (at >= this.end) return close()
        const bytes = new Uint8Array(Math.min(PIECE, this.end - at))
        const got = await this.file.read(bytes, at)
        // The length has been promised: a body that ends early must not look whole.
        if (got < bytes.length) {
          await close()
          throw new Error('the file became shorter while it was sent')
        }
        at += got
        return { done: false, value: bytes }
      },
      return: close,
    }
  }
}
