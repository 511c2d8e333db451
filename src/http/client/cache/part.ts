/** Parts of a body: kept, joined, and cut out of what is kept (RFC 9110 §14, RFC 9111 §3.4). */

import { parseDate } from '../../fields/date.ts'
import { fieldValue } from '../../fields/lines.ts'
import { formatContentRange, selectRange } from '../../fields/range.ts'
import { fieldsBut, type StoredReply } from './stored.ts'

/** Where the body of a 206 stands in the whole; null for what cannot be kept: several parts, or a whole of unknown size. */
export function partOf(contentRange: string | undefined): { start: number; total: number; length: number } | null {
  const match = /^bytes (\d{1,15})-(\d{1,15})\/(\d{1,15})$/.exec(contentRange ?? '')
  if (match === null) return null
  const [start, last, total] = [Number(match[1]), Number(match[2]), Number(match[3])]
  return start <= last && last < total ? { start, total, length: last - start + 1 } : null
}

/** What a stored reply gives for a request with Range; null when it does not have that part. */
export function cutOut(
  stored: StoredReply,
  header: (name: string) => string | undefined,
  now: number,
): StoredReply | null {
  const { part, body, fields, status } = stored
  if (status !== 200 && part === null) return stored
  const total = part?.total ?? body.length
  const validators = {
    etag: fieldValue(fields, 'etag'),
    lastModified: parseDate(fieldValue(fields, 'last-modified') ?? '', now) ?? undefined,
  }
  const wanted = selectRange(header, total, validators, now)
  const from = part?.start ?? 0
  // Several ranges are answered by the whole (RFC 9110 §14.2), where there is a whole.
  if (wanted.kind === 'whole' || wanted.kind === 'parts') return part === null ? stored : null
  const others = fieldsBut(fields, (name) => name === 'content-range' || name === 'content-length')
  const range = ['Content-Range', formatContentRange(wanted, total)]
  if (wanted.kind === 'unsatisfiable')
    return {
      ...stored,
      status: 416,
      reason: 'Range Not Satisfiable',
      fields: [...others, ...range],
      body: new Uint8Array(0),
    }
  const { start, end } = wanted
  if (start < from || end > from + body.length) return null
  const cut = body.subarray(start - from, end - from)
  const lengthened = [...others, ...range, 'Content-Length', String(cut.length)]
  return { ...stored, status: 206, reason: 'Partial Content', fields: lengthened, body: cut }
}

/** Two parts of the same whole as one, where they touch and a strong tag says that it is the same; else null. */
export function joined(older: StoredReply, newer: StoredReply): StoredReply | null {
  const tag = fieldValue(newer.fields, 'etag')
  if (tag === undefined || tag.startsWith('W/') || tag !== fieldValue(older.fields, 'etag')) return null
  if (newer.part === null || older.part === null || older.part.total !== newer.part.total) return null
  const { total } = newer.part
  const [a, b] = older.part.start <= newer.part.start ? [older, newer] : [newer, older]
  const [from, middle] = [a.part!.start, b.part!.start]
  if (from + a.body.length < middle) return null
  const end = Math.max(from + a.body.length, middle + b.body.length)
  const body = new Uint8Array(end - from)
  body.set(a.body)
  body.set(b.body, middle - from)
  const others = fieldsBut(newer.fields, (name) => name === 'content-range' || name === 'content-length')
  if (from === 0 && end === total)
    return {
      ...newer,
      status: 200,
      reason: 'OK',
      part: null,
      body,
      fields: [...others, 'Content-Length', String(total)],
    }
  const range = ['Content-Range', `bytes ${from}-${end - 1}/${total}`, 'Content-Length', String(body.length)]
  return { ...newer, part: { start: from, total }, body, fields: [...others, ...range] }
}
