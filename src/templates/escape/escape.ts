/** Turns values into text that stays what it is where it is put. One function for each place. */
import { SafeHtml } from '../safe.ts'

/** Text that is JSON already: the filter `json`. A script takes it as it is, everything else escapes it. */
export class JsonText {
  readonly text: string

  constructor(text: string) {
    this.text = text
  }

  toString(): string {
    return this.text
  }
}

/** Text that is percent-encoded already: the filter `urlencode`. The query of a URL takes it as it is. */
export class UrlText extends JsonText {}

const ENTITIES: { readonly [char: string]: string } = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&#34;',
  "'": '&#39;',
  '\0': '\ufffd',
  '`': '&#96;',
  '=': '&#61;',
  ' ': '&#32;',
  '\t': '&#9;',
  '\n': '&#10;',
  '\f': '&#12;',
  '\r': '&#13;',
  '-': '&#45;',
}
const SPECIAL = /[&<>"'\0]/
const entity = (char: string): string => ENTITIES[char]!

/** Text between tags, or in a quoted attribute: `& < > " '`. */
export function escapeHtml(text: string): string {
  return SPECIAL.test(text) ? text.replace(/[&<>"'\0]/g, entity) : text
}

/** HTML in a quoted attribute: what it says stays, its quotes and brackets are escaped. */
export function escapeMarkup(html: string): string {
  return html.replace(/[<>"'\0]/g, entity)
}

/** A value inside an unquoted attribute that has begun. */
export function escapeUnquoted(text: string): string {
  return text.replace(/[&<>"'`=\0 \t\n\f\r]/g, entity)
}

/** Text in an HTML comment: neither a bracket nor a hyphen can end it. */
export function escapeComment(text: string): string {
  return text.replace(/[&<>"'\0-]/g, entity)
}

/** Schemes that show or send something and run nothing of the page's. Relative URLs have none. */
const SCHEMES = new Set(['http', 'https', 'mailto', 'tel', 'sms', 'ftp', 'geo', 'xmpp', 'irc', 'ircs', 'magnet'])
/** What stands in the place of a URL whose scheme is not among them. */
export const BLOCKED_URL = 'about:invalid#blocked'

/** A value where a URL begins: its scheme is looked at as browsers see it. */
export function escapeUrlStart(url: string): string {
  if (PLAIN_URL.test(url)) return url // no colon, so no scheme
  // URL Standard §4.4: leading controls and spaces go, tabs and line ends go wherever they stand.
  const seen = url.replace(/^[\0- ]+/, '').replace(/[\t\n\r]/g, '')
  const colon = seen.search(/[:/?#\\]/)
  if (colon >= 0 && seen[colon] === ':' && !SCHEMES.has(seen.slice(0, colon).toLowerCase())) return BLOCKED_URL
  return escapeUrlPart(seen)
}

/** Most paths: nothing in them needs a second look. */
const PLAIN_URL = /^[A-Za-z0-9\-._~/]*$/

/** A value inside a URL: what cannot stand in one is percent-encoded, what is encoded stays. */
export function escapeUrlPart(url: string): string {
  if (PLAIN_URL.test(url)) return url
  return url.toWellFormed().replace(/[^A-Za-z0-9\-._~:/?#[\]@!$&()*+,;=%]/gu, percent)
}

/** A value in the query of a URL: everything that could separate is percent-encoded. */
export function escapeUrlQuery(text: string): string {
  return encodeURIComponent(text.toWellFormed()).replace(/[!'()*]/g, percent)
}

function percent(char: string): string {
  // encodeURIComponent leaves ! ' ( ) * alone
  return /[!'()*]/.test(char) ? `%${char.charCodeAt(0).toString(16).toUpperCase()}` : encodeURIComponent(char)
}

/** A URL among those of a srcset, where commas and white space separate. */
export function escapeSrcset(url: string): string {
  return escapeUrlStart(url).replace(/,/g, '%2C')
}

/** A value in JavaScript code: its JSON, but a key `__proto__`, which would set the prototype there, is computed. */
export function escapeJsValue(value: unknown): string {
  const json = jsonOf(value)
  return inCode(json.includes('"__proto__"') ? json.replace(KEY_OR_TEXT, computedProto) : json)
}

/** A value in JSON that a page holds. */
export function escapeJsonValue(value: unknown): string {
  return inCode(jsonOf(value))
}

/** A whole string of JSON, and the colon behind it when it is a key. */
const KEY_OR_TEXT = /"(?:[^"\\]|\\.)*"(?:\s*:)?/g

/** ECMA-262 §B.3.1: `{"__proto__": x}` sets the prototype, `{["__proto__"]: x}` a property. */
function computedProto(text: string): string {
  return /^"__proto__"\s*:$/.test(text) ? '["__proto__"]:' : text
}

function jsonOf(value: unknown): string {
  return value instanceof JsonText ? value.text : toJson(value)
}

/** What HTML or old scripts would trip over is written as `\u…`. */
function inCode(json: string): string {
  const safe = json.replace(/[<>&'\u2028\u2029\0]/g, unicode)
  // A number must not grow together with the word before it, nor `-1` with a minus.
  return /^["[{]/.test(safe) ? safe : ` ${safe} `
}

/** The JSON of a value; `null` for what JSON has no word for. Big integers become strings. */
export function toJson(value: unknown, indent?: number): string {
  const plain = (_: string, part: unknown) =>
    typeof part === 'bigint' || part instanceof SafeHtml || part instanceof JsonText ? String(part) : part
  return JSON.stringify(value, plain, indent) ?? 'null'
}

/**
 * Text inside a JavaScript string or template literal. More is escaped than a string needs: should a script be odd
 * enough that it was read wrongly, what arrives cannot call, assign or end anything.
 */
export function escapeJsString(text: string): string {
  return text.replace(/[^\p{L}\p{N} .,_]/gu, (char) => (char.length > 1 ? char : unicode(char)))
}

function unicode(char: string): string {
  return `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`
}

/** What stands where a value could have been more than one value of CSS. */
export const BLOCKED_CSS = 'unset'

/** A value in CSS code: numbers with units, words, colours, lists of them; nothing that calls, ends or begins anything. */
export function escapeCssValue(text: string): string {
  const value = text.trim()
  const plain =
    /^[\p{L}\p{N} .,%#+_-]*$/u.test(value) && !value.includes('--') && !/expression|behaviou?r|binding|url/i.test(value)
  return plain ? value : BLOCKED_CSS
}

/** Text inside a CSS string. */
export function escapeCssString(text: string): string {
  return text.replace(/[^\p{L}\p{N} .,_-]/gu, (char) => `\\${char.codePointAt(0)!.toString(16)} `)
}
