/** The platform's streams as bodies. */
import type { MessageBody } from '../exchange.ts'
import { HTTP_LIMITS } from '../limits.ts'
import { utf8 } from '../machine/text.ts'
import { type BodyAbout, type BodySource, IncomingBody } from './incoming.ts'

/**
 * A body that comes out of a stream, read while nobody has paused it.
 * @param stream null for a body without content.
 * @param length in bytes; null when only the end will tell.
 */
export function bodyFrom(
  stream: ReadableStream<Uint8Array> | null,
  length: number | null,
  about: BodyAbout,
): IncomingBody {
  const source = new StreamSource(stream)
  const body = new IncomingBody(stream === null ? 0 : length, source, about)
  source.feeds(body)
  return body
}

/**
 * A body out of what is at hand: for a layer of the client that answers by itself, or changes what came.
 * @param contentType says how `text()` reads it; UTF-8 when absent.
 *
 * @example
 * const body = messageBody('kept from before', 'text/plain')
 */
export function messageBody(
  content: ReadableStream<Uint8Array> | Uint8Array | string | null,
  contentType?: string,
): MessageBody {
  const { bodyBytes, prefetchBytes } = HTTP_LIMITS
  const about = { contentType: () => contentType, bodyBytes, prefetchBytes }
  if (content === null || content instanceof ReadableStream) return bodyFrom(content, null, about)
  const bytes = typeof content === 'string' ? utf8(content) : content
  const stream = new ReadableStream<Uint8Array>({
    pull(controller) {
      if (bytes.length > 0) controller.enqueue(bytes)
      controller.close()
    },
  })
  return bodyFrom(stream, bytes.length, about)
}

class StreamSource implements BodySource {
  readonly #stream: ReadableStream<Uint8Array> | null
  #reader: ReadableStreamDefaultReader<Uint8Array> | null = null
  #body!: IncomingBody
  #paused = false
  #wake: (() => void) | null = null

  constructor(stream: ReadableStream<Uint8Array> | null) {
    this.#stream = stream
  }

  feeds(body: IncomingBody): void {
    this.#body = body
  }

  open(): void {
    void this.#pull()
  }

  pause(): void {
    this.#paused = true
  }

  resume(): void {
    this.#paused = false
    this.#wake?.()
    this.#wake = null
  }

  discard(): void {
    const cancelled = this.#reader === null ? this.#stream?.cancel() : this.#reader.cancel()
    cancelled?.catch(() => {})
    this.resume()
    this.#body.finish(null)
  }

  failed(error: unknown): void {
    this.#reader?.cancel(error).catch(() => {})
    this.#body.finish(asError(error))
  }

  async #pull(): Promise<void> {
    try {
      const reader = this.#stream?.getReader()
      this.#reader = reader ?? null
      for (;;) {
        if (this.#paused) await new Promise<void>((resolve) => (this.#wake = resolve))
        const step = await reader?.read()
        if (step === undefined || step.done) break
        this.#body.push(step.value)
      }
      this.#body.finish(null)
    } catch (error) {
      this.#body.finish(asError(error))
    }
  }
}

function asError(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error))
}
