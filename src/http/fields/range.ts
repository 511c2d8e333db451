/** Byte ranges (RFC 9110 §14): what is asked for, and how it is said what is sent. */
import { HTTP_LIMITS } from '../limits.ts'
import type { FieldReader, Validators } from './conditional.ts'
import { parseDate } from './date.ts'
import { checkField } from './lines.ts'
import { splitList, stripSpace } from './list.ts'

/** Bytes from `start` to `end`, the latter not included. */
export interface ByteRange {
  readonly start: number
  readonly end: number
}

/** What of a representation a request asks for. */
export type Selection =
  | { readonly kind: 'whole' }
  /** Answer 206 with these bytes. */
  | ({ readonly kind: 'part' } & ByteRange)
  /** Answer 206 with `multipart/byteranges`: two parts or more, none of which touch. */
  | { readonly kind: 'parts'; readonly parts: readonly ByteRange[] }
  /** Answer 416. */
  | { readonly kind: 'unsatisfiable' }

const WHOLE: Selection = { kind: 'whole' }
/** What the head of another part takes, about: ranges nearer than that are sent as one (RFC 9110 §15.3.7.2). */
const NEAR = 80

/** How ranges are selected. */
export interface RangeOptions {
  /** Ranges that one request may ask for; past it the whole is sent (RFC 9110 §14.2). Default `HTTP_LIMITS.ranges`. */
  readonly most?: number
}

/**
 * What of `size` bytes a GET asks for. A Range that is malformed, not in bytes, or has too many ranges is ignored (§14.2).
 * Ranges that overlap or nearly touch are one, so that nobody is sent more than the whole.
 *
 * @example
 * const wanted = selectRange((name) => exchange.header(name), size, { etag }, Date.now())
 * if (wanted.kind === 'part') exchange.reply(206, ['Content-Range', formatContentRange(wanted, size)], bytes.subarray(wanted.start, wanted.end))
 */
export function selectRange(
  header: FieldReader,
  size: number,
  validators: Validators,
  nowMillis: number,
  options: RangeOptions = {},
): Selection {
  const field = header('range')
  if (field === undefined) return WHOLE
  const ifRange = header('if-range')
  if (ifRange !== undefined && !stillSame(ifRange, validators, nowMillis)) return WHOLE
  const set = /^bytes=(.*)$/i.exec(stripSpace(field))?.[1]
  const asked = set === undefined ? null : parseRanges(set, size, options.most ?? HTTP_LIMITS.ranges)
  if (asked === null) return WHOLE
  const parts = joined(asked)
  const [first] = parts
  if (first === undefined) return { kind: 'unsatisfiable' }
  return parts.length === 1 ? { kind: 'part', ...first } : { kind: 'parts', parts }
}

/** The ranges that can be satisfied; null for a set that is not of the grammar, or too long. */
function parseRanges(set: string, size: number, most: number): readonly ByteRange[] | null {
  const specs = splitList(set)
  if (specs.length === 0 || specs.length > most) return null
  const ranges: ByteRange[] = []
  for (const spec of specs) {
    const match = /^(\d{0,15})-(\d{0,15})$/.exec(spec)
    if (match === null) return null
    const [, first, last] = match
    if (first === '' && last === '') return null
    const start = first === '' ? Math.max(0, size - Number(last)) : Number(first)
    const end = first === '' || last === '' ? size : Math.min(Number(last) + 1, size)
    if (first !== '' && last !== '' && Number(last) < start) return null
    if (start < end) ranges.push({ start, end })
  }
  return ranges
}

/** In the order asked for, unless some overlap or nearly touch: then in the order of the content, those as one. */
function joined(ranges: readonly ByteRange[]): readonly ByteRange[] {
  const sorted = [...ranges].sort((a, b) => a.start - b.start)
  const parts: ByteRange[] = []
  for (const range of sorted) {
    const last = parts.at(-1)
    if (last !== undefined && range.start - last.end < NEAR)
      parts[parts.length - 1] = { start: last.start, end: Math.max(last.end, range.end) }
    else parts.push(range)
  }
  return parts.length === ranges.length ? ranges : parts
}

/** The Content-Range of a 206 with one part, or of a 416. */
export function formatContentRange(selection: Selection | ByteRange, size: number): string {
  return 'start' in selection ? `bytes ${selection.start}-${selection.end - 1}/${size}` : `bytes */${size}`
}

/** If-Range (§13.1.5): a strong tag that is equal, or the exact date. */
function stillSame(ifRange: string, validators: Validators, nowMillis: number): boolean {
  if (ifRange.startsWith('"')) return ifRange === validators.etag
  const date = parseDate(ifRange, nowMillis)
  return (
    date !== null && validators.lastModified !== undefined && Math.floor(validators.lastModified / 1000) * 1000 === date
  )
}

/** The frame around several parts: `multipart/byteranges` (RFC 9110 §14.6). */
export interface Byteranges {
  /** The Content-Type of the reply. */
  readonly type: string
  /** The Content-Length of the reply. */
  readonly length: number
  /** What stands before each part's bytes; the parts in the same order. */
  readonly heads: readonly string[]
  /** What stands behind the last. */
  readonly end: string
}

/**
 * The frame for several parts of a representation.
 * @param type of the whole representation; '' for none.
 * @param boundary at least 16 random characters, so that the content cannot have them.
 * @throws HttpMisuse for a type that would write fields, or parts, of its own.
 */
export function frameByteranges(parts: readonly ByteRange[], size: number, type: string, boundary: string): Byteranges {
  checkField('Content-Type', type)
  checkField('Content-Type', boundary)
  const heads = parts.map((part, i) => {
    const kind = type === '' ? '' : `Content-Type: ${type}\r\n`
    return `${i === 0 ? '' : '\r\n'}--${boundary}\r\n${kind}Content-Range: ${formatContentRange(part, size)}\r\n\r\n`
  })
  const end = `\r\n--${boundary}--\r\n`
  let length = end.length
  for (const head of heads) length += head.length
  for (const part of parts) length += part.end - part.start
  return { type: `multipart/byteranges; boundary=${boundary}`, length, heads, end }
}
