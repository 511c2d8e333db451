/** A body on its way in: the one implementation of `MessageBody`, whatever the bytes come from. */

import { BodyError, BodyTooLarge, HttpMisuse } from '../errors.ts'
import type { BodySink, FieldLines, MessageBody } from '../exchange.ts'
import { charsetOf } from '../fields/media-type.ts'
import { ByteAccumulator } from '../machine/accumulator.ts'
import { charsetNamed, decode } from './charset.ts'
import { streamOf } from './stream.ts'

/** Where the bytes come from. */
export interface BodySource {
  /** A reader is there: what it is given must not come from inside this call. */
  open(): void
  pause(): void
  resume(): void
  /** Nobody reads what still comes: it is to be thrown away, or cut off where that is cheaper. */
  discard(): void
  /** What the reader threw, or its promise was rejected with: it must not reach the driver. */
  failed(error: unknown): void
}

/** What a body needs to know of its message. */
export interface BodyAbout {
  contentType(): string | undefined
  /** What `bytes()` and `text()` take when they are not told. */
  readonly bodyBytes: number
  /** How much is kept before there is a reader. */
  readonly prefetchBytes: number
  /** Told of what has come. */
  readonly received?: ((bytes: number, total: number | null) => void) | undefined
}

const DISCARD: BodySink = { data() {}, end() {} }

export class IncomingBody implements MessageBody {
  readonly length: number | null
  /** Body bytes that have come, without framing. */
  received = 0
  ended = false
  trailers: FieldLines = []
  readonly #source: BodySource
  readonly #about: BodyAbout
  #sink: BodySink | null = null
  #failure: Error | null = null
  /** What came before its reader, or while the reader would not have it. */
  readonly #held = new ByteAccumulator()
  /** The source was paused because so much is held, and goes on when that has been given. */
  #full = false
  #paused = false
  /** The reader is at work on a piece: its promise has not settled. */
  #busy = false
  #told = false

  constructor(length: number | null, source: BodySource, about: BodyAbout) {
    this.length = length
    this.#source = source
    this.#about = about
  }

  /** Whether somebody reads the body, or has read it. */
  get claimed(): boolean {
    return this.#sink !== null && this.#sink !== DISCARD
  }

  /** For the source. Bytes need be valid during the call only. */
  push(bytes: Uint8Array): void {
    if (this.ended) return
    this.received += bytes.length
    if (this.#about.received !== undefined && !this.#tell()) return
    if (this.#sink !== null && !this.#busy && this.#held.length === 0) {
      this.#give(bytes)
      return
    }
    this.#held.append(bytes)
    if (!this.#busy && this.#held.length <= this.#about.prefetchBytes) return
    this.#full = true
    this.#source.pause()
  }

  /** False when whoever is told wants no more. */
  #tell(): boolean {
    try {
      this.#about.received!(this.received, this.length)
      return true
    } catch (error) {
      this.#source.failed(error)
      return false
    }
  }

  /** For the source: the last call. Later ones are without effect. */
  finish(failure: Error | null): void {
    if (this.ended) return
    this.ended = true
    this.#failure = failure
    if (this.#held.length === 0 && !this.#busy) this.#tellEnd()
  }

  discard(): void {
    if (this.#sink === DISCARD) return
    this.#sink = DISCARD
    this.#held.take()
    if (!this.ended) this.#source.discard()
  }

  read(sink: BodySink): void {
    if (this.#sink === DISCARD)
      throw new BodyError(500, 'the body was thrown away: read the body before the reply ends')
    if (this.#sink !== null)
      throw new HttpMisuse('HTTP_BODY_IN_USE', 'the body has a reader already: read the body once and share the result')
    this.#sink = sink
    if (this.ended || this.#held.length > 0) queueMicrotask(() => this.#flush())
    if (!this.ended) this.#source.open()
  }

  pause(): void {
    this.#paused = true
    if (!this.ended) this.#source.pause()
  }

  resume(): void {
    if (this.#paused && (this.ended || this.#held.length > 0)) queueMicrotask(() => this.#flush())
    this.#paused = false
    if (!this.ended && !this.#busy) this.#source.resume()
  }

  /** Gives the reader what came before it was there, or while it had paused. */
  #flush(): void {
    if (this.#paused || this.#busy) return
    if (this.#held.length > 0) this.#give(this.#held.take())
    if (this.#full && !this.#paused && !this.#busy) {
      this.#full = false
      if (!this.ended) this.#source.resume()
    }
    if (this.ended && !this.#paused && !this.#busy && this.#held.length === 0) this.#tellEnd()
  }

  #give(bytes: Uint8Array): void {
    try {
      const working = this.#sink!.data(bytes)
      if (working instanceof Promise) this.#waitFor(working)
    } catch (error) {
      this.#source.failed(error)
    }
  }

  /** A reader that gave a promise gets the next piece when the promise has settled. */
  #waitFor(working: Promise<void>): void {
    this.#busy = true
    if (!this.ended) this.#source.pause()
    working.then(
      () => {
        this.#busy = false
        this.#flush()
        if (!this.ended && !this.#paused && !this.#busy) this.#source.resume()
      },
      (error: unknown) => {
        this.#busy = false
        this.#source.failed(error)
      },
    )
  }

  #tellEnd(): void {
    if (this.#told || this.#sink === null) return
    this.#told = true
    try {
      const working = this.#sink.end(this.#failure)
      if (working instanceof Promise) working.catch((error: unknown) => this.#source.failed(error))
    } catch (error) {
      this.#source.failed(error)
    }
  }

  bytes(limit = this.#about.bodyBytes): Promise<Uint8Array> {
    return new Promise((resolve, reject) => {
      if (this.length !== null && this.length > limit) {
        reject(new BodyTooLarge(limit))
        this.discard()
        return
      }
      const whole = new ByteAccumulator()
      this.read({
        data: (bytes) => {
          if (whole.length + bytes.length <= limit) {
            whole.append(bytes)
            return
          }
          reject(new BodyTooLarge(limit))
          this.discard()
        },
        end: (failure) => {
          if (failure === null) resolve(whole.take())
          else reject(failure)
        },
      })
    })
  }

  async text(limit = this.#about.bodyBytes): Promise<string> {
    const label = charsetOf(this.#about.contentType()) ?? 'utf-8'
    const charset = charsetNamed(label)
    if (charset === undefined)
      throw new BodyError(415, `the charset must be us-ascii, utf-8 or iso-8859-1, not ${JSON.stringify(label)}`)
    return decode(await this.bytes(limit), charset)
  }

  stream(): ReadableStream<Uint8Array> {
    return streamOf(this)
  }
}
