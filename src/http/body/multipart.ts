/**
 * `multipart/form-data` (RFC 7578) as it streams: parts are pushed to whoever wants them, memory stays constant however
 * long the body is. Only CRLF line ends, only bare delimiters; everything is capped.
 */

import { sizeText } from '../../base/size.ts'
import { BodyError } from '../errors.ts'
import type { RequestBody } from '../exchange.ts'
import { parseParameters } from '../fields/list.ts'
import { parseMediaType } from '../fields/media-type.ts'
import { HTTP_LIMITS, type MultipartLimits } from '../limits.ts'
import { ByteAccumulator } from '../machine/accumulator.ts'
import { Head } from '../machine/head.ts'
import { parseFields } from '../machine/parse.ts'
import { indexOfLine, latin1, latin1Bytes } from '../machine/text.ts'
import { type Charset, charsetNamed, decode, decodeField } from './charset.ts'
import { Parameters } from './query.ts'

/** The head of one part. */
export interface PartHead {
  /** The name of the form's control. */
  readonly name: string
  /** As the client named it: never a path to use. Null for a plain field. */
  readonly filename: string | null
  /** Content-Type, `text/plain` when absent. */
  readonly type: string
  /** Of the part's text; `utf-8` when its Content-Type names none. */
  readonly charset: Charset
}

/** Takes the bytes of one part, in order. */
export interface PartSink {
  /**
   * Bytes of the part, valid until the call returns. A promise holds the body back: the next piece of it is parsed when
   * the promise has settled, and its failure ends the reading.
   */
  data(bytes: Uint8Array): void | Promise<void>
  /** The part is whole. */
  end(): void | Promise<void>
}

/** Gets a part's head; answers who takes its bytes, null to skip them. What it throws ends the reading. */
export type PartTaker = (head: PartHead) => PartSink | null

type State = 'preamble' | 'delimiter' | 'head' | 'data' | 'epilogue' | 'failed'

const SKIP: PartSink = { data() {}, end() {} }
const HEAD_END = latin1Bytes('\r\n\r\n')
/** A part's head is looked through again with each piece that comes: pieces of one byte would make that quadratic. */
const SMALL_WRITE = 4_096

/**
 * The boundary of a Content-Type; null when it is not multipart/form-data with a usable one: 1 to 70 visible characters and
 * inner spaces. RFC 2046 §5.1.1 allows fewer of them, but libraries send `$` and others, which mean only themselves.
 */
export function boundaryOf(contentType: string | undefined): string | null {
  const media = contentType === undefined ? null : parseMediaType(contentType)
  if (media === null || media.type !== 'multipart/form-data') return null
  const boundary = media.parameters.get('boundary')
  return boundary !== undefined && /^[\x20-\x7e]{0,69}[\x21-\x7e]$/.test(boundary) ? boundary : null
}

/** Parts out of bytes as they come; `readMultipart` feeds one from a body. */
export class MultipartParser {
  /** Why the body is refused, once it is. */
  failure: BodyError | null = null
  readonly #delimiter: Uint8Array
  readonly #take: PartTaker
  readonly #limits: MultipartLimits
  #state: State = 'preamble'
  #sink: PartSink = SKIP
  /** Promises of the sinks that are not looked at yet. */
  #working: Promise<void>[] = []
  #parts = 0
  #bytes = 0
  /** Pieces too small to be worth a look each. */
  readonly #small = new ByteAccumulator()
  // The first delimiter has no line before it whose end it could begin with.
  #tail: Uint8Array = latin1Bytes('\r\n')

  constructor(boundary: string, take: PartTaker, limits: Partial<MultipartLimits> = {}) {
    this.#delimiter = latin1Bytes(`\r\n--${boundary}`)
    this.#take = take
    this.#limits = { ...HTTP_LIMITS, ...limits }
  }

  /** Takes bytes; false once the body is refused. */
  write(bytes: Uint8Array): boolean {
    this.#bytes += bytes.length
    if (this.#bytes > this.#limits.partsBytes)
      this.#fail(413, `the parts take more than ${sizeText(this.#limits.partsBytes)}`)
    if (this.#state === 'failed') return false
    if (this.#small.length === 0 && bytes.length >= SMALL_WRITE) this.#parse(bytes)
    else {
      this.#small.append(bytes)
      if (this.#small.length >= SMALL_WRITE) this.#parse(this.#small.take())
    }
    return this.failure === null
  }

  /** What the sinks are at work on; null when nothing. Whoever feeds the parser waits for it, and hears of its failure. */
  get working(): Promise<unknown> | null {
    if (this.#working.length === 0) return null
    return Promise.all(this.#working.splice(0))
  }

  /** The body has ended; null when that was at its closing delimiter. */
  end(): BodyError | null {
    this.#parse(this.#small.take())
    if (this.#state !== 'epilogue') this.#fail(400, 'the multipart body ends before its closing delimiter')
    return this.failure
  }

  #parse(bytes: Uint8Array): void {
    const all = this.#tail.length === 0 ? bytes : joined(this.#tail, bytes)
    let at = 0
    for (let next = this.#step(all, at); next >= 0; next = this.#step(all, at)) at = next
    this.#tail = this.failure === null ? new Uint8Array(all.subarray(at)) : new Uint8Array(0)
  }

  /** Goes on from `at`; -1 when more bytes are needed, of which those from `at` on are kept. */
  #step(all: Uint8Array, at: number): number {
    switch (this.#state) {
      case 'preamble':
      case 'data':
        return this.#content(all, at)
      case 'delimiter':
        return this.#afterDelimiter(all, at)
      case 'head':
        return this.#partHead(all, at)
      default:
        return at < all.length && this.#state === 'epilogue' ? all.length : -1
    }
  }

  #content(all: Uint8Array, at: number): number {
    const found = indexOfLine(all, this.#delimiter, at)
    // Without a delimiter, all but what could be the beginning of one.
    const end = found >= 0 ? found : Math.max(at, all.length - this.#delimiter.length + 1)
    if (end > at && this.#state === 'data') this.#note(this.#sink.data(all.subarray(at, end)))
    if (found < 0) return end > at ? end : -1
    if (this.#state === 'data') this.#note(this.#sink.end())
    this.#state = 'delimiter'
    return found + this.#delimiter.length
  }

  #note(working: void | Promise<void>): void {
    if (working instanceof Promise) this.#working.push(working)
  }

  #afterDelimiter(all: Uint8Array, at: number): number {
    if (all.length - at < 2) return -1
    const mark = latin1(all, at, at + 2)
    if (mark === '--') this.#state = 'epilogue'
    else if (mark === '\r\n') this.#state = 'head'
    else this.#fail(400, 'a multipart delimiter is followed by something else than CRLF or --')
    return at + 2
  }

  #partHead(all: Uint8Array, at: number): number {
    const { partHeadBytes, parts, partFields } = this.#limits
    // An empty line at once: no field, hence no name.
    if (all[at] === 13) return this.#nameless()
    const found = indexOfLine(all, HEAD_END, at)
    if ((found < 0 ? all.length : found) - at > partHeadBytes) {
      this.#fail(413, `the head of a part takes more than ${partHeadBytes} bytes`)
      return -1
    }
    if (found < 0) return -1
    if (++this.#parts > parts) this.#fail(413, `more than ${parts} parts`)
    const head = new Head()
    head.reset(latin1(all, at, found + 4))
    const fault = parseFields(head, 0, { fieldCount: partFields }, 400)
    if (fault !== null) this.#fail(400, `the head of part ${this.#parts}: ${fault}`)
    if (this.failure !== null) return -1
    const part = this.#describe(head)
    if (part === null) return this.#nameless()
    this.#sink = this.#take(part) ?? SKIP
    this.#state = 'data'
    return found + 4
  }

  #describe(head: Head): PartHead | null {
    const disposition = parseDisposition(head.get('content-disposition') ?? '', this.#limits.parameterCount)
    const name = disposition?.get('name')
    if (disposition === null || name === undefined) return null
    const filename = disposition.get('filename') ?? null
    const { partNameBytes } = this.#limits
    if (name.length > partNameBytes || (filename !== null && filename.length > partNameBytes)) {
      this.#fail(413, `the name of part ${this.#parts} takes more than ${partNameBytes} bytes`)
      return null
    }
    const type = head.get('content-type') ?? 'text/plain'
    const charset = charsetNamed(parseMediaType(type)?.parameters.get('charset') ?? 'utf-8') ?? 'utf-8'
    return { name: text(name), filename: filename === null ? null : text(filename), type, charset }
  }

  #nameless(): number {
    this.#fail(400, `part ${this.#parts} has no Content-Disposition: form-data with a name`)
    return -1
  }

  #fail(status: number, why: string): void {
    if (this.failure !== null) return
    this.failure = new BodyError(status, why)
    this.#state = 'failed'
  }
}

function joined(first: Uint8Array, second: Uint8Array): Uint8Array {
  const both = new Uint8Array(first.length + second.length)
  both.set(first)
  both.set(second, first.length)
  return both
}

/** Names are UTF-8 in practice (WHATWG HTML §4.10.22.8); what is not is taken for ISO-8859-1. */
function text(value: string): string {
  return decodeField(value, 'utf-8') ?? value
}

/** `form-data *( ";" name "=" value )`; null for anything else. */
function parseDisposition(value: string, most: number): Map<string, string> | null {
  const kind = /^form-data[ \t]*(?=;|$)/i.exec(value)
  return kind === null ? null : parseParameters(value, kind[0].length, most, 'form')
}

/**
 * Reads a body part by part. Resolves when it is through, rejects with a `BodyError` (status 400, 413, 415) or with
 * what the taker threw. What is left of the body then is thrown away by its connection.
 *
 * @example
 * await readMultipart(exchange.body, exchange.header('content-type'), ({ filename }) =>
 *   filename === null ? null : { data: (bytes) => hash.update(bytes), end() {} },
 * )
 */
export function readMultipart(
  body: RequestBody,
  contentType: string | undefined,
  take: PartTaker,
  limits: Partial<MultipartLimits> = {},
): Promise<void> {
  const boundary = boundaryOf(contentType)
  if (boundary === null)
    return Promise.reject(
      new BodyError(415, 'the body must be multipart/form-data, and its Content-Type must name the boundary'),
    )
  return new Promise((resolve, reject) => {
    const parser = new MultipartParser(boundary, take, limits)
    let failed = false
    const fail = (error: unknown) => {
      failed = true
      reject(error)
    }
    body.read({
      data(bytes) {
        if (failed) return
        try {
          if (!parser.write(bytes)) fail(parser.failure)
        } catch (error) {
          fail(error)
        }
        return parser.working?.then(() => {}, fail)
      },
      end(error) {
        if (failed) return
        try {
          const failure = error ?? parser.end()
          if (failure !== null) fail(failure)
        } catch (thrown) {
          fail(thrown) // what is taken last is taken here
        }
        Promise.resolve(parser.working).then(() => resolve(), fail)
      },
    })
  })
}

/** A file of a form, in memory. */
export interface FormFile extends PartHead {
  /** As the client named it: never a path to use. */
  readonly filename: string
  /** The whole file. */
  readonly bytes: Uint8Array
}

/** A form that was read into memory: its texts by name, its files in order. */
export interface FormData {
  /** Texts by name. */
  readonly fields: Parameters
  /** In order. A file input without a file sends one that is empty and unnamed; those are left out. */
  readonly files: readonly FormFile[]
}

/**
 * Reads a whole form into memory, within the limits.
 *
 * @example
 * const { fields, files } = await readForm(exchange.body, exchange.header('content-type'))
 * fields.get('title')
 */
export async function readForm(
  body: RequestBody,
  contentType: string | undefined,
  limits: Partial<MultipartLimits> = {},
): Promise<FormData> {
  const fields = new Parameters()
  const files: FormFile[] = []
  const take: PartTaker = (head) => {
    const whole = new ByteAccumulator()
    return {
      data: (piece) => whole.append(piece),
      end() {
        const bytes = whole.take()
        if (head.filename === null) fields.append(head.name, decode(bytes, head.charset))
        else if (head.filename !== '' || bytes.length > 0) files.push({ ...head, filename: head.filename, bytes })
      },
    }
  }
  await readMultipart(body, contentType, take, limits)
  return { fields, files }
}
