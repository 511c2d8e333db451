/**
 * Media types (RFC 9110 §8.3.1): the one parser behind Content-Type, for choosing a body's reader and for checking
 * it alike, so that the two cannot be made to disagree.
 */
import { HTTP_LIMITS } from '../limits.ts'
import { isToken } from './characters.ts'
import { parseItem } from './list.ts'

/** A media type and its parameters. */
export interface MediaType {
  /** `text/html`, lower case. */
  readonly type: string
  /** Names in lower case; values as sent, unquoted. */
  readonly parameters: ReadonlyMap<string, string>
}

/** Parses `type/subtype *( ; name=value )`; null for anything else, also for a parameter that comes twice. */
export function parseMediaType(text: string, most = HTTP_LIMITS.parameterCount): MediaType | null {
  const item = parseItem(text, most)
  if (item === null) return null
  const type = item.value.toLowerCase()
  const slash = type.indexOf('/')
  if (slash < 0 || !isToken(type.slice(0, slash)) || !isToken(type.slice(slash + 1))) return null
  return { type, parameters: item.parameters }
}

/** `charset` of a Content-Type, lower case; undefined when it names none or cannot be parsed. */
export function charsetOf(contentType: string | undefined): string | undefined {
  if (contentType === undefined) return undefined
  return parseMediaType(contentType)?.parameters.get('charset')?.toLowerCase()
}
