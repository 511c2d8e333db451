/** The filters that every template has. A filter never throws for data that is merely empty: it gives nothing. */

import { listOf, read, truthy } from '../compile/read.ts'
import type { Filter } from '../compile/run.ts'
import { escapeHtml } from '../escape/values/html.ts'
import { printHtml, printText } from '../escape/values/print.ts'
import { toJson } from '../escape/values/script.ts'
import type { TemplateLimits } from '../limits.ts'
import {
  EncodedText,
  EscapedText,
  htmlOf,
  JsonText,
  SafeHtml,
  safeCss,
  safeScript,
  safeSrcset,
  safeUrl,
} from '../safe.ts'
import { DateFormats } from './dates.ts'

type Named = { readonly [name: string]: unknown }

const text = printText
const list = (value: unknown): readonly unknown[] => listOf(value) ?? []
const whole = (value: unknown, standard: number): number =>
  Number.isFinite(Number(value)) ? Math.trunc(Number(value)) : standard

/** What people take for one character: a letter with its accents, a family of emoji. */
const characters = new Intl.Segmenter('en', { granularity: 'grapheme' })

/** Where the text is to be cut for `limit` characters: no more of a long text is looked at. Null when it is no longer. */
function cut(text: string, limit: number): number | null {
  if (text.length <= limit) return null
  if (isPlain(text, limit + 1)) return limit - 1
  let count = 0
  let last = 0
  for (const { index } of characters.segment(text)) {
    if (count === limit) return last
    last = index
    count++
  }
  return null
}

/**
 * Whether each of the first `length` units is a character of its own: below U+0300 nothing joins what stands before it but the
 * line feed behind a carriage return. A segmenter takes 2 µs for each character.
 */
function isPlain(text: string, length: number): boolean {
  for (let i = 0; i < length; i++) {
    const unit = text.charCodeAt(i)
    if (unit >= 0x300 || unit === 13) return false
  }
  return true
}

const words: { readonly [name: string]: Filter } = {
  upper: (value: unknown) => text(value).toUpperCase(),
  lower: (value: unknown) => text(value).toLowerCase(),
  capitalize: (value: unknown) => text(value).charAt(0).toUpperCase() + text(value).slice(1).toLowerCase(),
  title: (value: unknown) =>
    text(value).replace(/[\p{L}\p{N}'’]+/gu, (word) => word.charAt(0).toUpperCase() + word.slice(1).toLowerCase()),
  trim: (value: unknown) => text(value).trim(),
  replace: (value: unknown, from: unknown, to: unknown) => text(value).replaceAll(text(from), () => text(to)),
  /** At most `length` characters, an ellipsis among them. */
  truncate: (value: unknown, length: unknown = 80) => {
    const all = text(value)
    const end = cut(all, Math.max(1, whole(length, 80)))
    return end === null ? all : `${all.slice(0, end).trimEnd()}…`
  },
  truncatewords: (value: unknown, count: unknown = 20) => {
    const parts = text(value).split(/\s+/).filter(Boolean)
    const limit = Math.max(0, whole(count, 20))
    return parts.length <= limit ? text(value) : `${parts.slice(0, limit).join(' ')}…`
  },
  wordcount: (value: unknown) => text(value).split(/\s+/).filter(Boolean).length,
  /** `{{ n }} comment{{ n|pluralize }}`, `{{ n|pluralize("y,ies") }}`. */
  pluralize: (value: unknown, suffixes: unknown = 's') => {
    const [first, second] = text(suffixes).split(',')
    const [singular, plural] = second === undefined ? ['', first] : [first, second]
    const count = typeof value === 'object' && value !== null ? list(value).length : Number(value)
    return count === 1 ? singular : plural
  },
  slugify: (value: unknown) =>
    text(value)
      .normalize('NFKD')
      .replace(/\p{M}/gu, '')
      .toLowerCase()
      .replace(/[^a-z0-9]+/g, '-')
      .replace(/^-|-$/g, ''),
}

const lists: { readonly [name: string]: Filter } = {
  length: (value: unknown) =>
    typeof value === 'string'
      ? value.length
      : value instanceof Map || value instanceof Set
        ? value.size
        : list(value).length,
  first: (value: unknown) => list(value)[0],
  last: (value: unknown) => list(value).at(-1),
  join: (value: unknown, separator: unknown = '') => list(value).map(text).join(text(separator)),
  /** From `start` to before `end`, both counted from the end when negative. */
  slice: (value: unknown, start: unknown = 0, end?: unknown) => {
    const range = [whole(start, 0), end === undefined || end === null ? undefined : whole(end, 0)] as const
    return typeof value === 'string' ? value.slice(...range) : list(value).slice(...range)
  },
  reverse: (value: unknown) =>
    typeof value === 'string'
      ? [...characters.segment(value)]
          .map(({ segment }) => segment)
          .reverse()
          .join('')
      : [...list(value)].reverse(),
  /** By itself, or by a property. */
  sort: (value: unknown, by?: unknown) => {
    const key = (item: unknown) => (by === undefined ? item : read(item, by))
    return [...list(value)].sort((a, b) => order(key(a), key(b)))
  },
  /** The same property of every item. */
  map: (value: unknown, property: unknown) => list(value).map((item) => read(item, property)),
  sum: (value: unknown, property?: unknown) =>
    list(value).reduce<number>(
      (sum, item) => sum + Number(property === undefined ? item : (read(item, property) ?? 0)),
      0,
    ),
  keys: (value: unknown) =>
    value instanceof Map ? [...value.keys()] : typeof value === 'object' && value ? Object.keys(value) : [],
}

const values: { readonly [name: string]: Filter } = {
  /** Takes the place of nothing; with `true` as second argument, of anything empty. */
  default: (value: unknown, standard: unknown = '', empty: unknown = false) =>
    value === undefined || value === null || (empty === true && !truthy(value)) ? standard : value,
  /** `1,234.5`; digits behind the point when given. */
  number: (value: unknown, digits?: unknown, named: Named = {}) => {
    if (value === null || value === undefined || value === '') return ''
    const exact = typeof digits === 'number' ? Math.min(20, Math.max(0, whole(digits, 0))) : undefined
    const options = exact === undefined ? {} : { minimumFractionDigits: exact, maximumFractionDigits: exact }
    return new Intl.NumberFormat(text(named['locale'] ?? 'en'), options).format(Number(value))
  },
  round: (value: unknown, digits: unknown = 0) =>
    Number(Number(value).toFixed(Math.min(20, Math.max(0, whole(digits, 0))))),
  abs: (value: unknown) => Math.abs(Number(value)),
  int: (value: unknown) => whole(value, 0),
  string: (value: unknown) => text(value),
  /** JSON. A script takes it as it is; for data in a script no filter is needed. */
  json: (value: unknown, indent?: unknown) =>
    new JsonText(toJson(value, typeof indent === 'number' ? indent : undefined)),
  /** `5.2 MB`. */
  filesizeformat: (value: unknown) => fileSize(Number(value)),
}

const markup: { readonly [name: string]: Filter } = {
  /** Marks text as HTML that is printed as it is: whoever wrote it writes the page. */
  safe: (value: unknown) => (isVouchedFor(value) ? value : new SafeHtml(text(value))),
  /** As `safe`, for the other languages of a page: `safeUrl` and so on of `reticle/templates`. */
  safeUrl: (value: unknown) => safeUrl(text(value)),
  safeCss: (value: unknown) => safeCss(text(value)),
  safeScript: (value: unknown) => safeScript(text(value)),
  safeSrcset: (value: unknown) => safeSrcset(text(value)),
  /** Escapes now what would be escaped when printed. Outside HTML, the text itself is printed as that place needs it. */
  escape: (value: unknown) => (htmlOf(value) === null ? new EscapedText(text(value), escapeHtml(text(value))) : value),
  /** Percent-encoded, for the query of an address. */
  urlencode: (value: unknown) => new EncodedText(encodeQuery(value)),
  nl2br: (value: unknown) => new SafeHtml(printHtml(value).replace(/\r\n|\r|\n/g, '<br>')),
  /** Paragraphs at empty lines, `<br>` at others. */
  linebreaks: (value: unknown) => {
    const paragraphs = printHtml(value)
      .replace(/\r\n?/g, '\n')
      .trim()
      .split(/\n{2,}/)
    return new SafeHtml(
      paragraphs
        .filter(Boolean)
        .map((part) => `<p>${part.replace(/\n/g, '<br>')}</p>`)
        .join('\n'),
    )
  },
  /** Links what begins with http:// or https://. */
  urlize: (value: unknown) => new SafeHtml(urlize(text(value))),
  striptags: (value: unknown) => stripTags(text(value)),
}

/** A moment in Django's letters: `{{ post.published|date("j F Y, H:i") }}`, UTC unless a zone is named. */
function date(formats: DateFormats): Filter {
  return (value: unknown, format: unknown = 'Y-m-d', zone: unknown = 'UTC') => {
    if (value === undefined || value === null || value === '') return ''
    const moment = value instanceof Date ? value : new Date(value as string | number)
    return Number.isNaN(moment.getTime()) ? '' : formats.print(moment, text(format), text(zone))
  }
}

/** All of them by name, each with a map of its own that a site may add to. */
export function builtinFilters(limits: TemplateLimits): Map<string, Filter> {
  const all = new Map(Object.entries({ ...words, ...lists, ...values, ...markup }))
  all.set('date', date(new DateFormats(limits.dateFormats)))
  all.set('e', markup['escape']!)
  all.set('tojson', values['json']!)
  return all
}

/** What is more than text already. `{{ x|tojson|safe }}` is how other engines say what `{{ x|json }}` says here. */
function isVouchedFor(value: unknown): boolean {
  return value instanceof SafeHtml || value instanceof JsonText || value instanceof EncodedText
}

function order(a: unknown, b: unknown): number {
  if (a instanceof Date && b instanceof Date) return a.getTime() - b.getTime()
  if (typeof a === 'number' && typeof b === 'number') return a - b
  const [left, right] = [text(a), text(b)]
  return left < right ? -1 : left > right ? 1 : 0
}

function encodeQuery(value: unknown): string {
  const encode = (part: unknown) => encodeURIComponent(text(part).toWellFormed())
  if (typeof value !== 'object' || value === null || value instanceof Date) return encode(value)
  return Object.entries(value)
    .filter(([, part]) => part !== undefined && part !== null)
    .map(([key, part]) => `${encode(key)}=${encode(part)}`)
    .join('&')
}

/** By hand: a pattern would look from every `<` of a text without `>` to its end. */
function stripTags(value: string): string {
  let kept = ''
  let from = 0
  for (let open = value.indexOf('<'); open >= 0; open = value.indexOf('<', from)) {
    const close = value.indexOf('>', open)
    if (close < 0) break
    kept += value.slice(from, open)
    from = close + 1
  }
  return kept + value.slice(from)
}

const TRAILING = '.,;:!?)]'

/** An address without the punctuation of the sentence that it stands in. */
function withoutTrailing(address: string): string {
  let end = address.length
  while (end > 0 && TRAILING.includes(address[end - 1]!)) end--
  return address.slice(0, end)
}

function urlize(value: string): string {
  let html = ''
  let from = 0
  for (const match of value.matchAll(/https?:\/\/[^\s<>"']+/g)) {
    const address = withoutTrailing(match[0])
    const href = escapeHtml(address)
    html += `${escapeHtml(value.slice(from, match.index))}<a href="${href}" rel="nofollow noopener">${href}</a>`
    from = match.index + address.length
  }
  return html + escapeHtml(value.slice(from))
}

function fileSize(bytes: number): string {
  const units = ['bytes', 'kB', 'MB', 'GB', 'TB']
  let size = Number.isFinite(bytes) ? Math.max(0, bytes) : 0
  let unit = 0
  while (size >= 1000 && unit < units.length - 1) {
    size /= 1000
    unit++
  }
  return unit === 0 ? `${Math.round(size)} ${size === 1 ? 'byte' : 'bytes'}` : `${size.toFixed(1)} ${units[unit]}`
}
