/** A body on its way in, decoded. */
import { type BodySource, IncomingBody } from '../body/incoming.ts'
import type { MessageBody } from '../exchange.ts'
import { HTTP_LIMITS } from '../limits.ts'
import type { Coder, Coding } from './coding.ts'
import { type DecoderOptions, decoder } from './decode.ts'

/**
 * What a body was before it was encoded. It is read at the pace of its own reader, trailers and failures come through, and
 * past `limit` decoded bytes it ends with a `BodyTooLarge` and the rest is thrown away.
 * @param codings as `contentCodings` gives them
 * @param contentType says how `text()` reads it; UTF-8 when absent.
 *
 * @example
 * const codings = contentCodings(exchange.header('content-encoding'))
 * if (codings instanceof Fault) return exchange.reply(415, ['Accept-Encoding', 'gzip'], codings.why)
 * const text = await decodedBody(exchange.body, codings, exchange.header('content-type')).text()
 */
export function decodedBody(
  of: MessageBody,
  codings: readonly Coding[],
  contentType?: string,
  options: DecoderOptions = {},
): MessageBody {
  if (codings.length === 0) return of
  const source = new DecodingSource(of, codings, options)
  const { bodyBytes, prefetchBytes } = HTTP_LIMITS
  const limit = options.limit ?? bodyBytes
  const body = new IncomingBody(null, source, { contentType: () => contentType, bodyBytes: limit, prefetchBytes })
  source.feeds(body)
  return body
}

class DecodingSource implements BodySource {
  readonly #of: MessageBody
  readonly #coder: Coder
  #body!: IncomingBody
  #paused: PromiseWithResolvers<void> | null = null

  constructor(of: MessageBody, codings: readonly Coding[], options: DecoderOptions) {
    this.#of = of
    this.#coder = decoder(codings, (bytes) => this.#made(bytes), options)
  }

  feeds(body: IncomingBody): void {
    this.#body = body
  }

  open(): void {
    this.#of.read({
      data: (bytes) => this.#coder.push(bytes).catch((error: unknown) => this.#failed(error)),
      end: (failure) => (failure === null ? this.#end() : this.#failed(failure)),
    })
  }

  pause(): void {
    this.#paused ??= Promise.withResolvers<void>()
  }

  resume(): void {
    this.#paused?.resolve()
    this.#paused = null
  }

  discard(): void {
    this.#coder.close()
    this.resume()
    this.#of.discard()
    this.#body.finish(null)
  }

  failed(error: unknown): void {
    this.#failed(error)
  }

  /** The coder goes on when the reader does. */
  #made(bytes: Uint8Array): void | Promise<void> {
    this.#body.push(bytes)
    return this.#paused?.promise
  }

  async #end(): Promise<void> {
    try {
      await this.#coder.end()
      this.#body.trailers = this.#of.trailers
      this.#body.finish(null)
    } catch (error) {
      this.#failed(error)
    }
  }

  #failed(error: unknown): void {
    this.#coder.close()
    this.resume()
    this.#of.discard()
    this.#body.finish(error instanceof Error ? error : new Error(String(error)))
  }
}
