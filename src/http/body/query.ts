/** Query parameters and `application/x-www-form-urlencoded` bodies (WHATWG URL §5), in any of our charsets. */

import { isHexCode } from '../fields/characters.ts'
import { HTTP_LIMITS } from '../limits.ts'
import { utf8 } from '../machine/text.ts'
import { type Charset, decode, encode } from './charset.ts'

/** How a query or a urlencoded body is read. */
export interface QueryOptions {
  /** Of the percent-encoded bytes; default utf-8. */
  readonly charset?: Charset
  /** How many parameters are taken; default `HTTP_LIMITS.queryCount`. */
  readonly most?: number
}

/** Name and value pairs in order; a name may come again. Lookups go by a Map: no name is special. */
export class Parameters implements Iterable<readonly [name: string, value: string]> {
  /** There were more than were taken: a server answers 400. */
  overflow = false
  readonly #values = new Map<string, string[]>()
  readonly #pairs: [string, string][] = []

  /** Adds a pair behind the others. */
  append(name: string, value: string): void {
    this.#pairs.push([name, value])
    const values = this.#values.get(name)
    if (values === undefined) this.#values.set(name, [value])
    else values.push(value)
  }

  /** The first value. */
  get(name: string): string | undefined {
    return this.#values.get(name)?.[0]
  }

  /** All values of a name, in order. */
  all(name: string): readonly string[] {
    return this.#values.get(name) ?? []
  }

  /** Whether there is a parameter of that name. */
  has(name: string): boolean {
    return this.#values.has(name)
  }

  /** The names, each once, in order of first appearance. */
  names(): IterableIterator<string> {
    return this.#values.keys()
  }

  /** How many pairs there are. */
  get size(): number {
    return this.#pairs.length
  }

  [Symbol.iterator](): IterableIterator<readonly [name: string, value: string]> {
    return this.#pairs[Symbol.iterator]()
  }
}

/**
 * Parses what follows the `?`, or a form's body. Bad percent-encoding stays as it is; nothing throws.
 *
 * @example
 * parseQuery('tag=a&tag=b').all('tag') // ['a', 'b']
 */
export function parseQuery(text: string, options: QueryOptions = {}): Parameters {
  const { charset = 'utf-8', most = HTTP_LIMITS.queryCount } = options
  const parameters = new Parameters()
  // The next one from `at` on: looked for again only behind it, or names without a value would make that quadratic.
  let equals = text.indexOf('=')
  for (let at = 0; at < text.length; ) {
    const mark = text.indexOf('&', at)
    const end = mark < 0 ? text.length : mark
    if (end > at) {
      if (parameters.size >= most) {
        parameters.overflow = true
        break
      }
      if (equals >= 0 && equals < at) equals = text.indexOf('=', at)
      const split = equals < 0 || equals > end ? end : equals
      parameters.append(decodePart(text.slice(at, split), charset), decodePart(text.slice(split + 1, end), charset))
    }
    at = end + 1
  }
  return parameters
}

/** `a=1&b=x+y`, the inverse of `parseQuery`. @throws HttpMisuse for characters that the charset lacks. */
export function formatQuery(
  pairs: Iterable<readonly [name: string, value: string]>,
  charset: Charset = 'utf-8',
): string {
  const parts: string[] = []
  for (const [name, value] of pairs) parts.push(`${encodePart(name, charset)}=${encodePart(value, charset)}`)
  return parts.join('&')
}

function decodePart(text: string, charset: Charset): string {
  if (!/[%+\x80-\uffff]/.test(text)) return text
  const bytes = utf8(text)
  let length = 0
  for (let i = 0; i < bytes.length; i++) {
    let byte = bytes[i]!
    if (byte === 43) byte = 32
    else if (byte === 37 && i + 2 < bytes.length && isHexCode(bytes[i + 1]!) && isHexCode(bytes[i + 2]!)) {
      byte = (hex(bytes[i + 1]!) << 4) | hex(bytes[i + 2]!)
      i += 2
    }
    bytes[length++] = byte
  }
  return decode(bytes.subarray(0, length), charset)
}

function hex(code: number): number {
  return code <= 57 ? code - 48 : (code | 32) - 87
}

function encodePart(text: string, charset: Charset): string {
  let escaped = ''
  for (const byte of encode(text, charset)) {
    if (byte === 32) escaped += '+'
    else if (/[A-Za-z0-9*._-]/.test(String.fromCharCode(byte))) escaped += String.fromCharCode(byte)
    else escaped += `%${byte.toString(16).toUpperCase().padStart(2, '0')}`
  }
  return escaped
}
