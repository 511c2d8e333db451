/** A body that somebody looks at while its reader reads it. */
import type { MessageBody } from '../exchange.ts'
import { HTTP_LIMITS } from '../limits.ts'
import { type BodySource, IncomingBody } from './incoming.ts'

/** Who looks. */
export interface BodyTap {
  /** A piece, before the reader has it. It is valid during the call only. */
  data(bytes: Uint8Array): void
  /** The body is through. @returns what the reader is told: null for an end that is right. */
  end(failure: Error | null): Error | null
  /** The rest will not come: the reader wants no more, or has failed. */
  dropped?(): void
  /** Whether a body that its reader throws away unread is to be read all the same. */
  readonly wantsUnread?: boolean
}

/** The body, with its length, pace, trailers and failures. @param contentType says how `text()` reads it; UTF-8 when absent */
export function tappedBody(of: MessageBody, contentType: string | undefined, tap: BodyTap): MessageBody {
  const source = new TappedSource(of, tap)
  const { bodyBytes, prefetchBytes } = HTTP_LIMITS
  const body = new IncomingBody(of.length, source, { contentType: () => contentType, bodyBytes, prefetchBytes })
  source.feeds(body)
  return body
}

class TappedSource implements BodySource {
  readonly #of: MessageBody
  readonly #tap: BodyTap
  #body!: IncomingBody
  #opened = false

  constructor(of: MessageBody, tap: BodyTap) {
    this.#of = of
    this.#tap = tap
  }

  feeds(body: IncomingBody): void {
    this.#body = body
  }

  open(): void {
    this.#opened = true
    this.#of.read({
      data: (bytes) => {
        this.#tap.data(bytes)
        this.#body.push(bytes)
      },
      end: (failure) => {
        this.#body.trailers = this.#of.trailers
        this.#body.finish(this.#tap.end(failure))
      },
    })
  }

  pause(): void {
    this.#of.pause()
  }

  resume(): void {
    this.#of.resume()
  }

  discard(): void {
    if (!this.#opened && this.#tap.wantsUnread === true) this.open()
    else this.#drop(null)
  }

  failed(error: unknown): void {
    this.#drop(error instanceof Error ? error : new Error(String(error)))
  }

  #drop(why: Error | null): void {
    this.#tap.dropped?.()
    this.#of.discard()
    this.#body.finish(why)
  }
}
