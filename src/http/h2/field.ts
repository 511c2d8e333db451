/**
 * One field as it came, with what its name means to the protocol. A field in a table of HPACK is looked at once, however
 * often it is referred to.
 */
import { isFieldValue, isTokenCode } from '../fields/characters.ts'

/** What a name means to the framing of messages; a number, to switch over. */
export const Kind = {
  plain: 0,
  method: 1,
  scheme: 2,
  authority: 3,
  path: 4,
  protocol: 5,
  status: 6,
  /** A pseudo-header field that nobody has defined. */
  strange: 7,
  /** Says something about one connection (RFC 9113 §8.2.2): there are none in HTTP/2. */
  connection: 8,
  te: 9,
  length: 10,
  host: 11,
  cookie: 12,
  priority: 13,
} as const

const KINDS: ReadonlyMap<string, number> = new Map<string, number>([
  [':method', Kind.method],
  [':scheme', Kind.scheme],
  [':authority', Kind.authority],
  [':path', Kind.path],
  [':protocol', Kind.protocol],
  [':status', Kind.status],
  ['connection', Kind.connection],
  ['keep-alive', Kind.connection],
  ['proxy-connection', Kind.connection],
  ['transfer-encoding', Kind.connection],
  ['upgrade', Kind.connection],
  ['te', Kind.te],
  ['content-length', Kind.length],
  ['host', Kind.host],
  ['cookie', Kind.cookie],
  ['priority', Kind.priority],
])

export interface Field {
  /** In lower case. */
  readonly name: string
  readonly value: string
  readonly kind: number
  /** Why a message with the field is malformed, '' where it is not. */
  readonly fault: string
}

/** RFC 7541 §4.1: what an entry takes of a table, and a field of a list (RFC 9113 §6.5.2). */
export function sizeOf(field: Field): number {
  return field.name.length + field.value.length + 32
}

export function fieldOf(name: string, value: string): Field {
  return { name, value, kind: kindOf(name), fault: nameFault(name) || valueFault(name, value) }
}

/** Another value under a name that was looked at. */
export function withValue(like: Field, value: string): Field {
  const { name, kind } = like
  // A field without fault has a name without one.
  const fault = like.fault === '' ? valueFault(name, value) : nameFault(name) || valueFault(name, value)
  return { name, value, kind, fault }
}

function kindOf(name: string): number {
  return KINDS.get(name) ?? (name.charCodeAt(0) === 58 ? Kind.strange : Kind.plain)
}

/** RFC 9113 §8.2.1, and the token of RFC 9110 §5.1 that it narrows. */
function nameFault(name: string): string {
  const first = name.charCodeAt(0) === 58 ? 1 : 0
  if (name.length === first) return 'a field without a name'
  for (let i = first; i < name.length; i++) {
    const code = name.charCodeAt(i)
    if (code >= 65 && code <= 90) return `an upper-case letter in the field name ${JSON.stringify(name)}`
    if (!isTokenCode(code)) return `${JSON.stringify(name)} is not a field name`
  }
  return ''
}

function valueFault(name: string, value: string): string {
  if (value === '') return ''
  if (!isFieldValue(value)) return `a control character in the value of ${name}`
  const first = value.charCodeAt(0)
  const last = value.charCodeAt(value.length - 1)
  if (first === 32 || first === 9 || last === 32 || last === 9) return `white space at an end of the value of ${name}`
  return ''
}
