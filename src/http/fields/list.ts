/**
 * Lists and parameters (RFC 9110 §5.6): the one parser behind every field that has them. White space is SP and HTAB
 * and nothing else: `String.trim` and `\s` take U+00A0 too, which is a letter of a name to everybody else on the wire.
 */
import { isToken, isValueCode } from './characters.ts'

/**
 * How a quoted string is read.
 * - `http`: a backslash takes the next character as it is (RFC 9110 §5.6.4).
 * - `form`: a backslash takes a quote or another backslash only, and a value without quotes goes to the next semicolon:
 *   Content-Disposition as browsers write it (RFC 7578 §4.2).
 * - `tag`: there is no escape: an entity tag may end in a backslash (RFC 9110 §8.8.3).
 */
export type Quoting = 'http' | 'form' | 'tag'

const TAB = 9
const SPACE = 32
const QUOTE = 34
const COMMA = 44
const SEMICOLON = 59
const BACKSLASH = 92

/** `text` from `start` to `end` without SP and HTAB at both ends (RFC 9110 §5.6.3). */
export function stripSpace(text: string, start = 0, end = text.length): string {
  let from = start
  let to = end
  while (from < to && isSpace(text.charCodeAt(from))) from++
  while (to > from && isSpace(text.charCodeAt(to - 1))) to--
  return text.slice(from, to)
}

/**
 * The elements of a comma-separated list as they stand, without the space around them; empty ones are left out (RFC
 * 9110 §5.6.1.2). A comma within quotes parts nothing. Whether an element is sound is for its own parser to say.
 */
export function splitList(text: string, quoting: Quoting = 'http'): string[] {
  const elements: string[] = []
  for (let at = 0; at <= text.length; ) {
    const end = endOfElement(text, at, COMMA, quoting)
    const element = stripSpace(text, at, end)
    if (element !== '') elements.push(element)
    at = end + 1
  }
  return elements
}

/** An element with parameters: `text/html;q=0.5`, `gzip`, `close;x=y`. */
export interface Item {
  /** What stands before the first semicolon, as sent. */
  readonly value: string
  /** Names in lower case; values as sent, unquoted. */
  readonly parameters: ReadonlyMap<string, string>
}

const NO_PARAMETERS: ReadonlyMap<string, string> = new Map()

/**
 * One element and its parameters; null when the parameters are not the grammar's or more than `most`.
 * @param text an element as `splitList` gives it, or a field that is no list.
 */
export function parseItem(text: string, most: number): Item | null {
  const mark = endOfElement(text, 0, SEMICOLON, 'http')
  const value = stripSpace(text, 0, mark)
  if (mark === text.length) return { value, parameters: NO_PARAMETERS }
  const parameters = parseParameters(text, mark, most)
  return parameters === null ? null : { value, parameters }
}

/**
 * `*( OWS ";" OWS [ name "=" ( token / quoted-string ) ] )` from `at` to the end (RFC 9110 §5.6.6); null when it is
 * not that, when a name comes twice, or when there are more than `most`.
 */
export function parseParameters(
  text: string,
  at: number,
  most: number,
  quoting: Quoting = 'http',
): Map<string, string> | null {
  const parameters = new Map<string, string>()
  let i = at
  for (;;) {
    i = skipSpace(text, i)
    if (i === text.length) return parameters
    if (text.charCodeAt(i) !== SEMICOLON) return null
    i = skipSpace(text, i + 1)
    if (i === text.length || text.charCodeAt(i) === SEMICOLON) continue
    const equals = text.indexOf('=', i)
    if (equals < 0) return null
    const name = text.slice(i, equals).toLowerCase()
    if (!isToken(name) || parameters.has(name) || parameters.size >= most) return null
    const value = readValue(text, equals + 1, quoting)
    if (value === null) return null
    parameters.set(name, value.text)
    i = value.end
  }
}

/** Reads a quoted string that starts at `at`; null when it is not closed or holds a control. */
export function readQuoted(text: string, at: number, quoting: Quoting = 'http'): { text: string; end: number } | null {
  let value = ''
  // Runs of plain characters are cut out whole: character by character a long value would be a long rope.
  let run = at + 1
  for (let i = run; i < text.length; i++) {
    const code = text.charCodeAt(i)
    if (code === QUOTE) return { text: value + text.slice(run, i), end: i + 1 }
    if (code === BACKSLASH && escapes(text, i, quoting)) {
      value += text.slice(run, i)
      run = ++i
    }
    if (!isValueCode(text.charCodeAt(i))) return null
  }
  return null
}

function readValue(text: string, at: number, quoting: Quoting): { text: string; end: number } | null {
  if (text.charCodeAt(at) === QUOTE) return readQuoted(text, at, quoting)
  let end = at
  if (quoting === 'form') {
    while (end < text.length && text.charCodeAt(end) !== SEMICOLON) end++
    return { text: stripSpace(text, at, end), end }
  }
  while (end < text.length && text.charCodeAt(end) !== SEMICOLON && !isSpace(text.charCodeAt(end))) end++
  const token = text.slice(at, end)
  return isToken(token) ? { text: token, end } : null
}

/** Where the element that starts at `at` ends: at the next mark outside quotes, or at the end of the text. */
function endOfElement(text: string, at: number, mark: number, quoting: Quoting): number {
  let quoted = false
  for (let i = at; i < text.length; i++) {
    const code = text.charCodeAt(i)
    if (code === QUOTE) quoted = !quoted
    else if (quoted && code === BACKSLASH && escapes(text, i, quoting)) i++
    else if (code === mark && !quoted) return i
  }
  return text.length
}

function escapes(text: string, at: number, quoting: Quoting): boolean {
  if (quoting === 'tag') return false
  if (quoting === 'http') return true
  const next = text.charCodeAt(at + 1)
  return next === QUOTE || next === BACKSLASH
}

function skipSpace(text: string, at: number): number {
  let i = at
  while (isSpace(text.charCodeAt(i))) i++
  return i
}

function isSpace(code: number): boolean {
  return code === SPACE || code === TAB
}
