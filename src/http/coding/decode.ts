/** Bodies as they were before they were encoded, with an end to how much comes out of little. */
import { codingLibrary } from '#codings'
import { Fault } from '../../base/fault.ts'
import { BodyError, BodyTooLarge, HttpMisuse } from '../errors.ts'
import { splitList } from '../fields/list.ts'
import { HTTP_LIMITS } from '../limits.ts'
import type { CodedSink, Coder, CoderOptions, Coding } from './coding.ts'

/** `x-gzip` is gzip (RFC 9110 §8.4.1.3). */
const NAMES: ReadonlyMap<string, Coding> = new Map<string, Coding>([
  ['gzip', 'gzip'],
  ['x-gzip', 'gzip'],
  ['deflate', 'deflate'],
  ['br', 'br'],
  ['zstd', 'zstd'],
])

/**
 * What Reticle can decode on this platform: a client names these in its Accept-Encoding. `br` is among them only where the
 * platform's decoder is known to be sound: not on Node before 24.22.1 and 26.12.1 (CVE-2026-111497).
 */
export const DECODED_CODINGS: readonly Coding[] = codingLibrary.decodes

/**
 * The codings of a Content-Encoding in the order in which they were applied; `identity` is none.
 * @returns a Fault for a coding that cannot be decoded here, and for more than `most`: nobody encodes three times but an attacker.
 */
export function contentCodings(field: string | undefined, most = HTTP_LIMITS.codings): readonly Coding[] | Fault {
  if (field === undefined) return []
  const codings: Coding[] = []
  for (const name of splitList(field)) {
    const lower = name.toLowerCase()
    if (lower === 'identity') continue
    const coding = NAMES.get(lower)
    if (coding === undefined || !codingLibrary.decodes.includes(coding))
      return new Fault(`the coding ${JSON.stringify(name)} is not known: ${codingLibrary.decodes.join(', ')} are`, 0)
    if (codings.length >= most) return new Fault(`the body is encoded more than ${most} times`, 0)
    codings.push(coding)
  }
  return codings
}

/** How a body is decoded. */
export interface DecoderOptions extends CoderOptions {
  /** Decoded bytes, also between two codings; past it a `BodyTooLarge`. Default `HTTP_LIMITS.bodyBytes`. */
  readonly limit?: number
}

/**
 * Decodes a body as it streams: what is pushed comes out at `sink`. Work stops as soon as `limit` is passed, however much
 * the rest would be. Calls reject with a `BodyError` for what is not of the coding, or breaks off.
 * @param codings in the order in which they were applied, as `contentCodings` gives them
 * @throws HttpMisuse for a coding that `DECODED_CODINGS` has not.
 *
 * @example
 * const plain: Uint8Array[] = []
 * const gunzip = decoder(['gzip'], (bytes) => void plain.push(bytes.slice()), { limit: 1_000_000 })
 * await gunzip.push(compressed)
 * await gunzip.end()
 */
export function decoder(codings: Coding | readonly Coding[], sink: CodedSink, options: DecoderOptions = {}): Coder {
  const all = typeof codings === 'string' ? [codings] : codings
  for (const coding of all)
    if (!DECODED_CODINGS.includes(coding))
      throw new HttpMisuse(
        'HTTP_INVALID_ARGUMENT',
        `${coding} cannot be decoded here: ${DECODED_CODINGS.join(', ')} can`,
      )
  return stages(all, sink, options)
}

/** The decoder without the check of what is sound here: for tests, with bodies of their own. */
export function stages(all: readonly Coding[], sink: CodedSink, options: DecoderOptions = {}): Coder {
  const { limit = HTTP_LIMITS.bodyBytes } = options
  let next: Coder = new Plain(sink)
  for (const coding of all) next = new Stage(coding, next, limit, options)
  return next
}

/** No coding: for bodies that have none, and behind the last. */
class Plain implements Coder {
  readonly #sink: CodedSink

  constructor(sink: CodedSink) {
    this.#sink = sink
  }

  async push(bytes: Uint8Array): Promise<void> {
    await this.#sink(bytes)
  }
  async flush(): Promise<void> {}
  async end(): Promise<void> {}
  close(): void {}
}

/** One coding before the next. */
class Stage implements Coder {
  readonly #coding: Coding
  readonly #coder: Coder
  readonly #next: Coder

  constructor(coding: Coding, next: Coder, limit: number, options: CoderOptions) {
    let made = 0
    this.#coding = coding
    this.#next = next
    const sink = (bytes: Uint8Array) => {
      made += bytes.length
      if (made > limit) throw new BodyTooLarge(limit, 'the limit of decoded bytes')
      return next.push(bytes)
    }
    this.#coder = codingLibrary.decoder(coding, sink, options)
  }

  push(bytes: Uint8Array): Promise<void> {
    return this.#checked(this.#coder.push(bytes))
  }

  flush(): Promise<void> {
    return this.#checked(this.#coder.flush()).then(() => this.#next.flush())
  }

  end(): Promise<void> {
    return this.#checked(this.#coder.end()).then(() => this.#next.end())
  }

  close(): void {
    this.#coder.close()
    this.#next.close()
  }

  async #checked(work: Promise<void>): Promise<void> {
    try {
      await work
    } catch (error) {
      this.close()
      if (error instanceof BodyError || !isCodingError(error)) throw error
      throw new BodyError(400, `the body is not ${this.#coding}: ${error.message}`)
    }
  }
}

/** What node:zlib or the platform's streams say of bytes that they cannot decode. */
function isCodingError(error: unknown): error is Error {
  if (error instanceof TypeError) return true
  const code = error instanceof Error && 'code' in error ? String(error.code) : ''
  return /^(?:Z_|ERR_(?:_ERROR|BROTLI|ZSTD|ZLIB|PADDING|TRAILING)|ZSTD_)/.test(code)
}
