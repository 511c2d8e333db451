/** A body on its way out, piece by piece: the one implementation of `BodyWriter`, for replies and for uploads. */
import type { FileSource } from '../../socket/host.ts'
import { HttpMisuse } from '../errors.ts'
import type { BodyWriter, FieldLines } from '../exchange.ts'
import { utf8Length } from '../machine/text.ts'
import { formatTrailers } from '../machine/writer.ts'

/** Where the pieces go. */
export interface PieceSink {
  /** Whether pieces are taken: the message has begun, has not ended and is not lost. */
  readonly taking: boolean
  /** Whether more may be written now. */
  readonly ready: boolean
  /** Why nobody waits for the body any more; null as long as somebody may. */
  readonly gone: Error | null
  /** Content. Taken before the call returns. */
  bytes(bytes: Uint8Array): void
  /** Content as text. @param length of it in bytes of UTF-8 */
  text(text: string, length: number): void
  /** Content out of a file that the network itself takes; null where it cannot. */
  file?(file: FileSource, offset: number, length: number): Promise<void> | null
  /** The end of the content. @param trailers as lines with their CRLF, '' for none. */
  end(trailers: string): void
  /** Breaks the message off: the other side sees that the body is not whole. */
  reset(why: Error): void
}

export class OutgoingBody implements BodyWriter {
  onDrain: (() => void | Promise<void>) | null = null
  #written = 0
  #ended = false
  readonly #sink: PieceSink
  readonly #content: boolean
  readonly #length: number
  #waiting: PromiseWithResolvers<void> | null = null

  /**
   * @param content whether what is written is sent at all.
   * @param length the Content-Length given; -1 for none.
   */
  constructor(sink: PieceSink, content: boolean, length: number) {
    this.#sink = sink
    this.#content = content
    this.#length = length
  }

  write(piece: Uint8Array | string): boolean {
    if (this.#ended) throw endedAlready()
    const length = lengthOf(piece)
    if (length > 0 && this.#content && this.#sink.taking) {
      this.#count(length)
      if (typeof piece === 'string') this.#sink.text(piece, length)
      else this.#sink.bytes(piece)
    }
    return this.#sink.ready && this.#sink.gone === null
  }

  sendFile(file: FileSource, offset: number, length: number): Promise<void> | null {
    if (this.#ended) throw endedAlready()
    if (!this.#content || !this.#sink.taking) return null
    const sent = this.#sink.file?.(file, offset, length) ?? null
    if (sent !== null) this.#count(length)
    return sent
  }

  ready(): Promise<void> {
    const { gone, ready } = this.#sink
    if (gone !== null) return refused(gone)
    if (this.#ended) return refused(endedAlready())
    if (ready) return Promise.resolve()
    if (this.#waiting === null) {
      this.#waiting = Promise.withResolvers<void>()
      this.#waiting.promise.catch(() => {}) // somebody may ask and not wait
    }
    return this.#waiting.promise
  }

  end(trailers: FieldLines = []): void {
    if (this.#ended) return
    const lines = formatTrailers(trailers)
    this.#ended = true
    if (!this.#sink.taking) return
    if (this.#content && this.#length >= 0 && this.#written !== this.#length) throw this.#wrongLength()
    this.#sink.end(lines)
  }

  /** More is taken. @param fail what `onDrain` throws, or rejects with, goes there. */
  drained(fail: (error: unknown) => void): void {
    this.#waiting?.resolve()
    this.#waiting = null
    try {
      const working = this.onDrain?.()
      if (working instanceof Promise) working.catch(fail)
    } catch (error) {
      fail(error)
    }
  }

  /** Nobody waits for the body any more. */
  left(why: Error): void {
    this.#waiting?.reject(why)
    this.#waiting = null
  }

  #count(bytes: number): void {
    this.#written += bytes
    if (this.#length >= 0 && this.#written > this.#length) throw this.#wrongLength()
  }

  #wrongLength(): HttpMisuse {
    const what = `Content-Length said ${this.#length} bytes, and ${this.#written} were written`
    const error = new HttpMisuse('HTTP_INVALID_LENGTH', what)
    this.#sink.reset(error)
    return error
  }
}

/** Bytes of what goes out. @throws HttpMisuse for what is neither text nor bytes. */
export function lengthOf(piece: Uint8Array | string): number {
  if (typeof piece === 'string') return utf8Length(piece)
  if (piece instanceof Uint8Array) return piece.length
  const given: unknown = piece
  const kind = typeof given === 'object' && given !== null ? `a ${given.constructor?.name}` : String(given)
  throw new HttpMisuse('HTTP_INVALID_BODY', `a body must be a string, a Uint8Array or null, not ${kind}`)
}

/** @throws HttpMisuse for a body that is not as long as its Content-Length (-1: none) says. */
export function requireLength(said: number, length: number): void {
  if (said >= 0 && said !== length)
    throw new HttpMisuse('HTTP_INVALID_LENGTH', `Content-Length ${said} is given for a body of ${length} bytes`)
}

/** A rejected promise that ends no process if nobody looks at it. */
function refused(error: Error): Promise<never> {
  const promise = Promise.reject(error)
  promise.catch(() => {})
  return promise
}

export function endedAlready(): HttpMisuse {
  return new HttpMisuse('HTTP_BODY_ENDED', 'the body has ended: nothing more can be written')
}
