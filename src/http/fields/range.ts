/** Byte ranges (RFC 9110 §14): one range per request is answered; several are answered by the whole. */
import type { FieldReader, Validators } from './conditional.ts'
import { parseDate } from './date.ts'

/** What of a representation a request asks for. */
export type Selection =
  | { readonly kind: 'whole' }
  /** Answer 206 with bytes `start` to `end`, the latter not included. */
  | { readonly kind: 'part'; readonly start: number; readonly end: number }
  /** Answer 416. */
  | { readonly kind: 'unsatisfiable' }

const WHOLE: Selection = { kind: 'whole' }

/**
 * What of `size` bytes a GET asks for. A Range that is malformed or not in bytes is ignored (§14.2).
 *
 * @example
 * const wanted = selectRange((name) => exchange.header(name), size, { etag }, Date.now())
 * if (wanted.kind === 'part') exchange.reply(206, ['Content-Range', formatContentRange(wanted, size)], bytes.subarray(wanted.start, wanted.end))
 */
export function selectRange(header: FieldReader, size: number, validators: Validators, nowMillis: number): Selection {
  const range = header('range')
  if (range === undefined) return WHOLE
  const ifRange = header('if-range')
  if (ifRange !== undefined && !stillSame(ifRange, validators, nowMillis)) return WHOLE
  const match = /^bytes=[ \t]*(\d{0,15})-(\d{0,15})[ \t]*$/i.exec(range)
  if (match === null) return WHOLE
  const [, first, last] = match
  if (first === '') {
    if (last === '') return WHOLE
    const suffix = Math.min(Number(last), size)
    return suffix === 0 ? { kind: 'unsatisfiable' } : { kind: 'part', start: size - suffix, end: size }
  }
  const start = Number(first)
  const end = last === '' ? size : Math.min(Number(last) + 1, size)
  if (last !== '' && Number(last) < start) return WHOLE
  return start >= size ? { kind: 'unsatisfiable' } : { kind: 'part', start, end }
}

/** The Content-Range of a 206, or of a 416 when there is no part. */
export function formatContentRange(selection: Selection, size: number): string {
  return selection.kind === 'part' ? `bytes ${selection.start}-${selection.end - 1}/${size}` : `bytes */${size}`
}

/** If-Range (§13.1.5): a strong tag that is equal, or the exact date. */
function stillSame(ifRange: string, validators: Validators, nowMillis: number): boolean {
  if (ifRange.startsWith('"')) return ifRange === validators.etag
  const date = parseDate(ifRange, nowMillis)
  return (
    date !== null && validators.lastModified !== undefined && Math.floor(validators.lastModified / 1000) * 1000 === date
  )
}
