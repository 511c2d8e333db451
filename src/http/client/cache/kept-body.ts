/** A body that is kept while its reader reads it. */
import { type BodySource, IncomingBody } from '../../body/incoming.ts'
import type { MessageBody } from '../../exchange.ts'
import { HTTP_LIMITS } from '../../limits.ts'
import { ByteAccumulator } from '../../machine/accumulator.ts'

/**
 * @param most bytes that are kept; a longer body is passed on and not kept.
 * @param kept called once: with the whole body, or with null when there is nothing to keep.
 */
export function keptBody(
  of: MessageBody,
  contentType: string | undefined,
  most: number,
  kept: (body: Uint8Array | null) => void,
): MessageBody {
  const source = new KeepingSource(of, most, kept)
  const { bodyBytes, prefetchBytes } = HTTP_LIMITS
  const body = new IncomingBody(of.length, source, { contentType: () => contentType, bodyBytes, prefetchBytes })
  source.feeds(body)
  return body
}

class KeepingSource implements BodySource {
  readonly #of: MessageBody
  readonly #most: number
  readonly #bytes = new ByteAccumulator()
  #kept: ((body: Uint8Array | null) => void) | null
  #body!: IncomingBody
  #opened = false

  constructor(of: MessageBody, most: number, kept: (body: Uint8Array | null) => void) {
    this.#of = of
    this.#most = most
    this.#kept = kept
  }

  feeds(body: IncomingBody): void {
    this.#body = body
  }

  open(): void {
    this.#opened = true
    this.#of.read({
      data: (bytes) => {
        if (this.#kept !== null) {
          if (this.#bytes.length + bytes.length > this.#most) this.#tell(null)
          else this.#bytes.append(bytes)
        }
        this.#body.push(bytes)
      },
      end: (failure) => {
        this.#body.trailers = this.#of.trailers
        this.#tell(failure === null ? this.#bytes.take() : null)
        this.#body.finish(failure)
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
    const { length } = this.#of
    // The few bytes of a redirect, which nobody reads, are worth having the next time.
    if (!this.#opened && length !== null && length <= HTTP_LIMITS.prefetchBytes) {
      this.open()
      return
    }
    this.#tell(null)
    this.#of.discard()
    this.#body.finish(null)
  }

  failed(error: unknown): void {
    this.#tell(null)
    this.#of.discard()
    this.#body.finish(error instanceof Error ? error : new Error(String(error)))
  }

  #tell(body: Uint8Array | null): void {
    const kept = this.#kept
    this.#kept = null
    if (body === null) this.#bytes.take()
    kept?.(body)
  }
}
