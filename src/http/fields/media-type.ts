/**
 * Media types (RFC 9110 §8.3.1): the one parser behind Content-Type, for choosing a body's reader and for checking
 * it alike, so that the two cannot be made to disagree.
 */
import { MEDIA_TYPE_PARAMETERS } from '../limits.ts'
import { isToken, readQuoted } from '../machine/characters.ts'

export interface MediaType {
  /** `text/html`, lower case. */
  readonly type: string
  /** Names in lower case; values as sent, unquoted. */
  readonly parameters: ReadonlyMap<string, string>
}

/** Parses `type/subtype *( ; name=value )`; null for anything else, also for a parameter that comes twice. */
export function parseMediaType(text: string): MediaType | null {
  const semicolon = text.indexOf(';')
  const type = (semicolon < 0 ? text : text.slice(0, semicolon)).trim().toLowerCase()
  const slash = type.indexOf('/')
  if (slash < 0 || !isToken(type.slice(0, slash)) || !isToken(type.slice(slash + 1))) return null
  if (semicolon < 0) return { type, parameters: new Map() }
  const parameters = parseParameters(text, semicolon, MEDIA_TYPE_PARAMETERS)
  return parameters === null ? null : { type, parameters }
}

/** `charset` of a Content-Type, lower case; undefined when it names none or cannot be parsed. */
export function charsetOf(contentType: string | undefined): string | undefined {
  if (contentType === undefined) return undefined
  return parseMediaType(contentType)?.parameters.get('charset')?.toLowerCase()
}

/**
 * `*( OWS ";" OWS [ name "=" ( token / quoted-string ) ] )` from `at` to the end (RFC 9110 §5.6.6); null when it is
 * not that. Shared by Content-Type and Content-Disposition.
 */
export function parseParameters(text: string, at: number, most: number): Map<string, string> | null {
  const parameters = new Map<string, string>()
  let i = at
  for (;;) {
    i = skipSpace(text, i)
    if (i === text.length) return parameters
    if (text[i] !== ';') return null
    i = skipSpace(text, i + 1)
    if (i === text.length || text[i] === ';') continue
    const equals = text.indexOf('=', i)
    if (equals < 0) return null
    const name = text.slice(i, equals).toLowerCase()
    if (!isToken(name) || parameters.has(name) || parameters.size >= most) return null
    const value = readValue(text, equals + 1)
    if (value === null) return null
    parameters.set(name, value.text)
    i = value.end
  }
}

function readValue(text: string, at: number): { text: string; end: number } | null {
  if (text[at] === '"') return readQuoted(text, at)
  let end = at
  while (end < text.length && text[end] !== ';' && text[end] !== ' ' && text[end] !== '\t') end++
  const token = text.slice(at, end)
  return isToken(token) ? { text: token, end } : null
}

function skipSpace(text: string, at: number): number {
  let i = at
  while (text[i] === ' ' || text[i] === '\t') i++
  return i
}
