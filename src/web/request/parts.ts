/** The parts of a `multipart/form-data` body one after another, as fast as they are taken. */

import {
  BodyError,
  boundaryOf,
  type MultipartLimits,
  MultipartParser,
  type PartHead,
  type RequestBody,
} from '../../http/index.ts'
import { UsageError } from '../errors.ts'

/** One part of a form as it comes in. Its bytes can be taken once: as a stream, or whole. */
export interface BodyPart extends PartHead, AsyncIterable<Uint8Array> {
  /** The whole part. @throws BodyError (413) when it takes more than `limit` bytes. */
  bytes(limit: number): Promise<Uint8Array>
  /** The whole part as text, UTF-8. @throws BodyError (413) when it takes more than `limit` bytes. */
  text(limit: number): Promise<string>
}

/** What the parser found: the head of a part, bytes of it, its end. */
type Found = { readonly head: PartHead } | { readonly bytes: Uint8Array } | 'end'

/**
 * The parts in their order. What of a part is not taken is skipped when the next one is asked for; the body is held back
 * while nobody asks, so that memory stays constant however slow the taker is.
 * @throws BodyError 400, 413 or 415, at the part where it happens.
 */
export async function* partsOf(
  body: RequestBody,
  contentType: string | undefined,
  limits: Partial<MultipartLimits> = {},
): AsyncGenerator<BodyPart, void, undefined> {
  const boundary = boundaryOf(contentType)
  if (boundary === null)
    throw new BodyError(415, 'the body must be multipart/form-data, and its Content-Type must name the boundary')
  const source = new PartSource(body, boundary, limits)
  try {
    for (;;) {
      const found = await source.next()
      if (found === null) return
      if (typeof found === 'object' && 'head' in found) yield new StreamedPart(found.head, source)
    }
  } finally {
    source.leave()
  }
}

/** Pulls what the parser pushes: what one piece of the body held waits here, and the body waits for it to be taken. */
class PartSource {
  readonly #body: RequestBody
  readonly #parser: MultipartParser
  readonly #found: Found[] = []
  #ended = false
  #left = false
  #failure: Error | null = null
  #wake: (() => void) | null = null

  constructor(body: RequestBody, boundary: string, limits: Partial<MultipartLimits>) {
    this.#body = body
    const take = (head: PartHead) => {
      this.#found.push({ head })
      return {
        // The piece is the driver's: it is kept beyond the call.
        data: (bytes: Uint8Array) => void this.#found.push({ bytes: new Uint8Array(bytes) }),
        end: () => void this.#found.push('end'),
      }
    }
    this.#parser = new MultipartParser(boundary, take, limits)
    body.read({ data: (bytes) => this.#arrived(bytes), end: (error) => this.#over(error) })
  }

  #arrived(bytes: Uint8Array): void {
    if (this.#ended) return
    if (!this.#parser.write(bytes)) this.#over(this.#parser.failure)
    else if (this.#found.length > 0) this.#body.pause()
    this.#wakeUp()
  }

  #over(error: Error | null): void {
    if (this.#ended) return
    this.#ended = true
    this.#failure = error ?? this.#parser.end()
    this.#wakeUp()
  }

  #wakeUp(): void {
    const wake = this.#wake
    this.#wake = null
    wake?.()
  }

  /** What comes next; null at the end. What arrived before a failure is given first. */
  async next(): Promise<Found | null> {
    for (;;) {
      const found = this.#found.shift()
      if (found !== undefined) return found
      if (this.#failure !== null) throw this.#failure
      if (this.#left)
        throw new UsageError(
          'a part was read after the loop over c.body.parts() had ended: await what reads it inside the loop (return await saveUpload(…))',
        )
      if (this.#ended) return null
      this.#body.resume()
      if (this.#found.length > 0 || this.#ended) continue
      await new Promise<void>((resolve) => {
        this.#wake = resolve
      })
    }
  }

  /** Gives the rest of a part up to the next head, which stays. */
  async nextOfPart(): Promise<Uint8Array | null> {
    for (;;) {
      const [waiting] = this.#found
      if (waiting !== undefined && typeof waiting === 'object' && 'head' in waiting) return null
      const found = await this.next()
      if (found === null || found === 'end') return null
      if ('bytes' in found) return found.bytes
    }
  }

  /** Nobody asks any more: what still comes is thrown away. */
  leave(): void {
    this.#left = true
    this.#found.length = 0
    if (this.#ended) return
    this.#ended = true
    this.#body.resume()
  }
}

class StreamedPart implements BodyPart {
  readonly name: string
  readonly filename: string | null
  readonly type: string
  readonly charset: PartHead['charset']
  readonly #source: PartSource
  #taken = false

  constructor(head: PartHead, source: PartSource) {
    this.name = head.name
    this.filename = head.filename
    this.type = head.type
    this.charset = head.charset
    this.#source = source
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Uint8Array, void, undefined> {
    if (this.#taken) throw new UsageError(`the part '${this.name}' has been read already: read it once`)
    this.#taken = true
    for (let bytes = await this.#source.nextOfPart(); bytes !== null; bytes = await this.#source.nextOfPart())
      yield bytes
  }

  async bytes(limit: number): Promise<Uint8Array> {
    const pieces: Uint8Array[] = []
    let size = 0
    for await (const piece of this) {
      size += piece.length
      if (size > limit) throw new BodyError(413, `the part '${this.name}' takes more than ${limit} bytes`)
      pieces.push(piece)
    }
    const whole = new Uint8Array(size)
    let at = 0
    for (const piece of pieces) {
      whole.set(piece, at)
      at += piece.length
    }
    return whole
  }

  async text(limit: number): Promise<string> {
    return new TextDecoder().decode(await this.bytes(limit))
  }
}
