/** A body on its way in: the one implementation of `RequestBody`, whatever the bytes come from. */

import { BodyError, BodyTooLarge } from '../errors.ts'
import type { FieldLines, RequestBody } from '../exchange.ts'
import { charsetOf } from '../fields/media-type.ts'
import { LIMITS, PREFETCH_BYTES } from '../limits.ts'
import { ByteAccumulator } from '../machine/accumulator.ts'
import { charsetNamed, decode } from './charset.ts'

/** Where the bytes come from. */
export interface BodySource {
  /** A reader is there: what it is given must not come from inside this call. */
  open(): void
  pause(): void
  resume(): void
  /** What the reader threw: it must not reach the driver. */
  failed(error: unknown): void
}

export interface BodySink {
  data(bytes: Uint8Array): void
  end(error: Error | null): void
}

const DISCARD: BodySink = { data() {}, end() {} }

export class IncomingBody implements RequestBody {
  readonly length: number | null
  /** Body bytes that have come, without framing. */
  received = 0
  ended = false
  /** Field lines after a chunked body; complete when the body has ended. */
  trailers: FieldLines = []
  readonly #source: BodySource
  readonly #contentType: () => string | undefined
  #sink: BodySink | null = null
  #failure: Error | null = null
  /** What came before its reader, up to PREFETCH_BYTES: a source need not wait for one. */
  readonly #held = new ByteAccumulator()
  #paused = false
  #told = false

  constructor(length: number | null, source: BodySource, contentType: () => string | undefined) {
    this.length = length
    this.#source = source
    this.#contentType = contentType
  }

  /** Whether somebody reads it, or has read it. */
  get claimed(): boolean {
    return this.#sink !== null && this.#sink !== DISCARD
  }

  /** For the source. Bytes need be valid during the call only. */
  push(bytes: Uint8Array): void {
    if (this.ended) return
    this.received += bytes.length
    if (this.#sink !== null && this.#held.length === 0) this.#give(bytes)
    else {
      this.#held.append(bytes)
      if (this.#held.length > PREFETCH_BYTES) this.#source.pause()
    }
  }

  /** For the source: the last call. Later ones are without effect. */
  finish(failure: Error | null): void {
    if (this.ended) return
    this.ended = true
    this.#failure = failure
    if (this.#held.length === 0) this.#tellEnd()
  }

  /** Throws away what still comes. */
  discard(): void {
    const opened = this.#sink !== null
    this.#sink = DISCARD
    this.#held.take()
    if (this.ended) return
    if (opened) this.#source.resume()
    else this.#source.open()
  }

  read(sink: BodySink): void {
    if (this.#sink === DISCARD) throw new BodyError(500, 'the body was thrown away: read it before the reply ends')
    if (this.#sink !== null) throw new TypeError('the body has a reader already: read it once and share what it gave')
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
    if (!this.ended) this.#source.resume()
  }

  /** Gives the reader what came before it. */
  #flush(): void {
    if (this.#paused) return
    if (this.#held.length > 0) this.#give(this.#held.take())
    if (this.ended && !this.#paused && this.#held.length === 0) this.#tellEnd()
  }

  #give(bytes: Uint8Array): void {
    try {
      this.#sink!.data(bytes)
    } catch (error) {
      this.#source.failed(error)
    }
  }

  #tellEnd(): void {
    if (this.#told || this.#sink === null) return
    this.#told = true
    try {
      this.#sink.end(this.#failure)
    } catch (error) {
      this.#source.failed(error)
    }
  }

  bytes(limit = LIMITS.bodyBytes): Promise<Uint8Array> {
    return new Promise((resolve, reject) => {
      if (this.length !== null && this.length > limit) {
        reject(new BodyTooLarge(limit))
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

  async text(limit = LIMITS.bodyBytes): Promise<string> {
    const label = charsetOf(this.#contentType()) ?? 'utf-8'
    const charset = charsetNamed(label)
    if (charset === undefined)
      throw new BodyError(415, `charset ${JSON.stringify(label)} is none of us-ascii, utf-8, iso-8859-1`)
    return decode(await this.bytes(limit), charset)
  }

  stream(): ReadableStream<Uint8Array> {
    let full = false
    return new ReadableStream<Uint8Array>({
      start: (controller) => {
        this.read({
          data: (bytes) => {
            controller.enqueue(new Uint8Array(bytes))
            if (full || controller.desiredSize! > 0) return
            full = true
            this.pause()
          },
          end: (failure) => {
            if (failure === null) controller.close()
            else controller.error(failure)
          },
        })
      },
      pull: () => {
        if (!full) return
        full = false
        this.resume()
      },
      cancel: () => this.discard(),
    })
  }
}
