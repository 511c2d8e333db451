/** A reply as a cache keeps it. */
import type { FieldLines } from '../../exchange.ts'
import { fieldValue } from '../../fields/lines.ts'
import { splitList, stripSpace } from '../../fields/list.ts'

/** A reply as a cache keeps it: plain values, so that a store can write them anywhere. */
export interface StoredReply {
  readonly status: number
  readonly reason: string
  /** Without those of the connection. */
  readonly fields: FieldLines
  /** What the reply's Vary named of the request: name in lower case, value, name, value. */
  readonly vary: FieldLines
  readonly body: Uint8Array
  /** Of a part (206): its first byte, and the bytes of the whole; null where the body is the whole. */
  readonly part: { readonly start: number; readonly total: number } | null
  /** Milliseconds since 1970 when the request was sent, and when the head of its reply came. */
  readonly requestedAt: number
  readonly receivedAt: number
}

/** Fields of the connection, not of the reply (RFC 9111 §3.1). */
const OF_CONNECTION: ReadonlySet<string> = new Set([
  'connection',
  'keep-alive',
  'proxy-authenticate',
  'proxy-authentication-info',
  'proxy-authorization',
  'proxy-connection',
  'te',
  'transfer-encoding',
  'upgrade',
])

/** The fields that are kept. @param more names in lower case that are not. */
export function keptFields(fields: FieldLines, more: ReadonlySet<string> = new Set()): string[] {
  const nominated = new Set(splitList((fieldValue(fields, 'connection') ?? '').toLowerCase()))
  return fieldsBut(fields, (name) => OF_CONNECTION.has(name) || nominated.has(name) || more.has(name))
}

/** @param leave whether a field of that name (lower case) is left out */
export function fieldsBut(fields: FieldLines, leave: (name: string) => boolean): string[] {
  const kept: string[] = []
  for (let i = 0; i + 1 < fields.length; i += 2)
    if (!leave(fields[i]!.toLowerCase())) kept.push(fields[i]!, fields[i + 1]!)
  return kept
}

/** What a reply's Vary names of its request; null for `*`, which nothing matches. */
export function varyOf(reply: FieldLines, request: FieldLines): string[] | null {
  const names = [...new Set(splitList((fieldValue(reply, 'vary') ?? '').toLowerCase()))].sort()
  if (names.includes('*')) return null
  return names.flatMap((name) => [name, normal(fieldValue(request, name))])
}

/** Whether a request asks for that variant (RFC 9111 §4.1). */
export function selects(request: FieldLines, vary: FieldLines): boolean {
  for (let i = 0; i + 1 < vary.length; i += 2) if (normal(fieldValue(request, vary[i]!)) !== vary[i + 1]) return false
  return true
}

/** Without the white space that changes nothing. An absent field is not an empty one. */
function normal(value: string | undefined): string {
  if (value === undefined) return '\0'
  return value
    .split(',')
    .map((element) => stripSpace(element))
    .join(',')
}

/** What came with a 304 or a HEAD, put in place of what was kept (RFC 9111 §3.2). */
export function freshened(
  stored: StoredReply,
  fields: FieldLines,
  requestedAt: number,
  receivedAt: number,
): StoredReply {
  const newer = keptFields(fields, OF_CONTENT)
  const named = new Set<string>()
  for (let i = 0; i < newer.length; i += 2) named.add(newer[i]!.toLowerCase())
  // An Age of before would count twice.
  const older = fieldsBut(stored.fields, (name) => named.has(name) || name === 'age' || name === 'date')
  return { ...stored, fields: [...older, ...newer], requestedAt, receivedAt }
}

/** What describes the content that is kept: a 304 has none (RFC 9111 §3.2). */
const OF_CONTENT: ReadonlySet<string> = new Set(['content-encoding', 'content-length', 'content-range', 'content-type'])
