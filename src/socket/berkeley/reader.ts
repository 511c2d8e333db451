/** Reading a stream by lines and by exact numbers of bytes, as Python's `socket.makefile('rb')` does. */
import { SocketError } from '../../base/errors.ts'
import type { SocketLimits } from '../limits.ts'
import { ByteQueue } from '../queue.ts'

const LF = 10
const AHEAD = 65_536

/** What `Socket.makefile` gives. Bytes that it has read ahead are the reader's: `recv` does not see them. */
export class SocketReader {
  readonly #recv: (size: number) => Promise<Uint8Array>
  readonly #limits: SocketLimits
  readonly #bytes = new ByteQueue()
  #ended = false

  /** @param recv the next bytes of the stream, none at its end */
  constructor(recv: (size: number) => Promise<Uint8Array>, limits: SocketLimits) {
    this.#recv = recv
    this.#limits = limits
  }

  /**
   * The next line, with its line feed; what is left at the end of the stream without one; nothing at the end.
   * @throws SocketError EMSGSIZE for a line that is longer than the limit `lineLength`.
   */
  async readline(): Promise<Uint8Array> {
    for (let searched = 0; ; ) {
      const at = this.#bytes.indexOf(LF, searched)
      if (at >= 0 && at < this.#limits.lineLength) return this.#bytes.take(at + 1)
      if (at >= 0 || this.#bytes.length >= this.#limits.lineLength) throw this.#tooLong()
      searched = this.#bytes.length
      if (!(await this.#more())) return this.#bytes.take(searched)
    }
  }

  /** `size` bytes, fewer only at the end of the stream; without a size all to the end of the stream. */
  async read(size = Number.POSITIVE_INFINITY): Promise<Uint8Array> {
    while (this.#bytes.length < size && (await this.#more()));
    return this.#bytes.take(Math.min(size, this.#bytes.length))
  }

  /** The lines, to the end of the stream: `for await (const line of socket.makefile())`. */
  async *[Symbol.asyncIterator](): AsyncGenerator<Uint8Array, void, undefined> {
    for (;;) {
      const line = await this.readline()
      if (line.length === 0) return
      yield line
    }
  }

  async #more(): Promise<boolean> {
    if (this.#ended) return false
    const bytes = await this.#recv(AHEAD)
    if (bytes.length === 0) this.#ended = true
    else this.#bytes.push(bytes)
    return !this.#ended
  }

  #tooLong(): SocketError {
    const { lineLength } = this.#limits
    return new SocketError('EMSGSIZE', 'readline', {
      hint: `no line feed within ${lineLength} bytes: new Socket(host, family, type, { limits: { lineLength } }) sets the limit`,
    })
  }
}
