/** Replies encoded for the clients that take them so (RFC 9110 §8.4, §12.5.3). */
import { endedAlready, lengthOf } from '../body/outgoing.ts'
import { ExchangeDecorator } from '../decorate.ts'
import type { BodyWriter, Exchange, FieldLines, Handler, ReplyBody } from '../exchange.ts'
import { fieldValue } from '../fields/lines.ts'
import { splitList } from '../fields/list.ts'
import { chooseCoding } from '../fields/negotiation.ts'
import { HTTP_LIMITS } from '../limits.ts'
import { utf8 } from '../machine/text.ts'
import { formatTrailers } from '../machine/writer.ts'
import { isWithoutContent } from '../status.ts'
import type { Coder, Coding } from './coding.ts'
import { ENCODED_CODINGS, encoder, encodeWhole } from './encode.ts'

/** Which replies are encoded, and how. */
export interface CompressOptions {
  /** The codings, the one that is liked best first. Default: zstd, br, gzip, as far as the platform has them. */
  readonly codings?: readonly Coding[]
  /** Bodies that are shorter are sent as they are; default 1024 bytes: below that a packet is saved by nothing. */
  readonly least?: number
  /** Whether content of that type gets smaller; default `isCompressible`. */
  readonly types?: (contentType: string) => boolean
}

/** What gets smaller: text, JSON, XML, scripts, SVG, WebAssembly, old fonts and bitmaps. Pictures and films are compressed already. */
export function isCompressible(contentType: string): boolean {
  const type = contentType.toLowerCase()
  if (type.startsWith('text/')) return true
  return /^(?:application|image|font|model)\/(?:[^;]*\+)?(?:json|xml|javascript|wasm|x-www-form-urlencoded|ld|ndjson|rtf|bmp|svg|ttf|otf|vnd\.ms-fontobject|x-icon)\b/.test(
    type,
  )
}

/** `deflate` is left out: its two forms have been mixed up for thirty years. */
const LIKED: readonly Coding[] = ENCODED_CODINGS.filter((coding) => coding !== 'deflate')
/** Longer bodies are encoded in pieces beside the event loop: one of this length takes half a millisecond. */
const AT_ONCE = 64 * 1024
/** A piece for the coder. */
const PIECE = 64 * 1024

/**
 * A handler whose replies are encoded for clients that take them so: by type and length, once, as they stream. A stream is
 * flushed whenever its writer pauses, so that server-sent events arrive at once. Not encoded is what says `no-transform`,
 * has a coding, or is a part of something; a strong ETag becomes a weak one, since the bytes are others (RFC 9110 §8.8.1).
 *
 * **Not for replies that hold a secret beside what a stranger may choose**: the length would tell the secret letter by letter
 * (BREACH). The web framework looks out for that by itself; here it is the program's to do.
 *
 * @example
 * await serve(host, compressed((exchange) => exchange.reply(200, ['Content-Type', 'text/plain'], book)), { port: 8080 })
 */
export function compressed(handler: Handler, options: CompressOptions = {}): Handler {
  return (exchange) => handler(compressExchange(exchange, options))
}

/** An exchange whose reply is encoded where that is worth while; see `compressed`. */
export function compressExchange(exchange: Exchange, options: CompressOptions = {}): Exchange {
  return new CompressedExchange(exchange, options)
}

class CompressedExchange extends ExchangeDecorator {
  readonly #options: CompressOptions

  constructor(of: Exchange, options: CompressOptions) {
    super(of)
    this.#options = options
  }

  override reply(status: number, fields: FieldLines, body: string | Uint8Array | null): void {
    const { least = 1024 } = this.#options
    // A character is three bytes at most.
    if (body === null || body.length * 3 < least || !this.#compressible(status, fields)) {
      this.of.reply(status, fields, body)
      return
    }
    if (lengthOf(body) < least) {
      this.of.reply(status, fields, body)
      return
    }
    const coding = this.#coding()
    if (coding === null) {
      this.of.reply(status, varied(fields), body)
      return
    }
    const bytes = typeof body === 'string' ? utf8(body) : body
    const whole = bytes.length <= AT_ONCE ? encodeWhole(coding, bytes) : null
    if (whole !== null) {
      this.of.reply(status, encoded(fields, coding), whole)
      return
    }
    const writer = this.start(status, fields)
    for (let at = 0; at < bytes.length; at += PIECE) writer.write(bytes.subarray(at, at + PIECE))
    writer.end()
  }

  override start(status: number, fields: FieldLines): ReplyBody {
    if (!this.#compressible(status, fields)) return this.of.start(status, fields)
    const { least = 1024 } = this.#options
    const said = fieldValue(fields, 'content-length')
    if (said !== undefined && Number(said) < least) return this.of.start(status, fields)
    const coding = this.#coding()
    if (coding === null) return this.of.start(status, varied(fields))
    const body = this.of.start(status, encoded(fields, coding))
    // What a GET would have had; nothing is worth encoding for it.
    return this.of.method === 'HEAD' ? body : new EncodingWriter(this.of, body, coding)
  }

  #coding(): Coding | null {
    const coding = chooseCoding(this.of.header('accept-encoding'), this.#options.codings ?? LIKED)
    return coding === 'identity' ? null : coding
  }

  #compressible(status: number, fields: FieldLines): boolean {
    // A 206 is a part of something that has another length when it is encoded.
    if (isWithoutContent(status) || status === 206) return false
    const type = fieldValue(fields, 'content-type')
    if (type === undefined || !(this.#options.types ?? isCompressible)(type)) return false
    if (fieldValue(fields, 'content-encoding') !== undefined || fieldValue(fields, 'content-range') !== undefined)
      return false
    const control = fieldValue(fields, 'cache-control')
    return control === undefined || !splitList(control).some((directive) => directive.toLowerCase() === 'no-transform')
  }
}

/** The reply might have been another for another client. */
function varied(fields: FieldLines): FieldLines {
  const vary = fieldValue(fields, 'vary')
  const named = vary === undefined ? [] : splitList(vary.toLowerCase())
  return named.includes('*') || named.includes('accept-encoding') ? fields : [...fields, 'Vary', 'Accept-Encoding']
}

/** The fields of a reply that is encoded: those of the plain one that hold for other bytes go. */
function encoded(fields: FieldLines, coding: Coding): FieldLines {
  const lines: string[] = []
  const plain = varied(fields)
  for (let i = 0; i < plain.length; i += 2) {
    const name = plain[i]!.toLowerCase()
    const value = plain[i + 1]!
    // Digests of the content (RFC 9530 §2) and its length are of the bytes that are not sent.
    if (name === 'content-length' || name === 'accept-ranges' || name === 'content-digest' || name === 'content-md5')
      continue
    lines.push(plain[i]!, name === 'etag' && value.startsWith('"') ? `W/${value}` : value)
  }
  lines.push('Content-Encoding', coding)
  return lines
}

/** Takes pieces as any reply does, and encodes them one after another beside the event loop. */
class EncodingWriter implements BodyWriter {
  onDrain: (() => void | Promise<void>) | null = null
  readonly #of: Exchange
  readonly #body: ReplyBody
  readonly #coder: Coder
  #work: Promise<void> = Promise.resolve()
  /** Bytes and pieces that wait for the coder. */
  #waiting = 0
  #pieces = 0
  #full = false
  #ended = false
  #failure: unknown = null
  #ready: PromiseWithResolvers<void> | null = null

  constructor(of: Exchange, body: ReplyBody, coding: Coding) {
    this.#of = of
    this.#body = body
    const { clock } = of.machine
    this.#coder = encoder(coding, (bytes) => (body.write(bytes) ? undefined : body.ready()), {
      hold: (work) => clock.hold(work),
    })
  }

  write(piece: Uint8Array | string): boolean {
    if (this.#ended) throw endedAlready()
    if (lengthOf(piece) === 0) return !this.#full
    const bytes = typeof piece === 'string' ? utf8(piece) : new Uint8Array(piece)
    if (this.#failure === null) {
      this.#waiting += bytes.length
      this.#pieces++
      this.#do(() => this.#encode(bytes))
    }
    this.#full = this.#waiting > HTTP_LIMITS.backlogBytes
    return !this.#full && this.#failure === null
  }

  ready(): Promise<void> {
    if (this.#failure !== null || this.#ended) return this.#body.ready()
    if (!this.#full) return Promise.resolve()
    if (this.#ready === null) {
      this.#ready = Promise.withResolvers<void>()
      this.#ready.promise.catch(() => {})
    }
    return this.#ready.promise
  }

  end(trailers: FieldLines = []): void {
    if (this.#ended) return
    formatTrailers(trailers) // refused here, and not when nobody listens any more
    this.#ended = true
    this.#do(async () => {
      await this.#coder.end()
      this.#body.end(trailers)
    })
  }

  async #encode(bytes: Uint8Array): Promise<void> {
    await this.#coder.push(bytes)
    this.#waiting -= bytes.length
    // The writer pauses: what it has written must not wait for what it will write.
    if (--this.#pieces === 0 && !this.#ended) await this.#coder.flush()
    if (this.#full && this.#waiting <= HTTP_LIMITS.backlogBytes / 2) this.#drained()
  }

  #drained(): void {
    this.#full = false
    this.#ready?.resolve()
    this.#ready = null
    const working = this.onDrain?.()
    if (working instanceof Promise) working.catch((error: unknown) => this.#fail(error))
  }

  #do(step: () => Promise<void>): void {
    this.#work = this.#work.then(async () => {
      if (this.#failure !== null) return
      try {
        await step()
      } catch (error) {
        this.#fail(error)
      }
    })
  }

  /** The client has gone, or what was encoded cannot be sent: a body that is not whole must not look whole. */
  #fail(error: unknown): void {
    if (this.#failure !== null) return
    this.#failure = error
    this.#coder.close()
    this.#ready?.reject(error)
    this.#ready = null
    this.#of.abort()
  }
}
