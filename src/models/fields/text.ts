/** The kinds of field that hold text: plain text, slugs, addresses, passwords, choices, paths of files. */
import type { Machine } from '../../base/machine.ts'
import { type Problem, problem } from '../../base/problem.ts'
import { ModelError } from '../errors.ts'
import type { ColumnType, Json } from '../state.ts'
import { article, input, type Kind, type Parsed, type Widget } from './kind.ts'

/** Up to this many characters a text is one line in a form. */
const ONE_LINE = 255
/** `f.text()` without a maximum of its own, in UTF-16 units: a body of text, not an upload. */
export const LONGEST_TEXT = 1_000_000
/** `f.slug()`: it becomes one segment of a URL. */
export const LONGEST_SLUG = 100
/** RFC 5321 §4.5.3.1.3 allows a path of 256 octets, two of which are the angle brackets. */
const LONGEST_EMAIL = 254
/** `f.file()`, in UTF-16 units. */
const LONGEST_PATH = 255

/** Options of `f.text`. */
export interface TextOptions {
  /** Fewest characters. */
  readonly min?: number
  /** What the whole text must match, as with `pattern` in HTML; explain the form in `help`. Avoid patterns that backtrack. */
  readonly pattern?: RegExp
}

/** Options of `f.password`. */
export interface PasswordOptions {
  /** Makes the hash that is stored. Default: `hashPassword`. */
  readonly hash?: PasswordHash
  /** Fewest characters that a form accepts. Default 8, the minimum of NIST SP 800-63B §5.1.1.2; the program may set shorter ones. */
  readonly min?: number
  /** Most characters of a password. Default 1,024: hashing more costs time and adds no safety. */
  readonly max?: number
}

/** Makes a stored hash from a password. */
export type PasswordHash = (password: string, machine: Machine) => Promise<string>

interface TextKind {
  readonly name: string
  readonly params?: { readonly [name: string]: Json }
  readonly stores: ColumnType & { readonly type: 'text' }
  readonly widget: Widget
  readonly refuse: (text: string) => Problem | null
}

function textKind({ name, params = {}, stores, widget, refuse }: TextKind): Kind<string> {
  return {
    name,
    params,
    stores,
    widget,
    parse(given): Parsed<string> {
      // A number is what JSON has for a text like "2024"; anything else (arrays, objects) is no text at all.
      if (typeof given !== 'string' && typeof given !== 'number') return { error: problem('not-text', 'Enter text.') }
      const text = String(given).toWellFormed().replaceAll('\r\n', '\n') // what browsers send for a line end (HTML, "newline normalization")
      if (text.includes('\0')) return { error: problem('null-character', 'Null characters are not allowed.') }
      const error = refuse(text)
      return error === null ? { value: text } : { error }
    },
    typed,
    check(value) {
      if (typeof value !== 'string') return typed(value)
      if (!value.isWellFormed()) return 'the text contains half of a surrogate pair, which cannot be stored as UTF-8'
      if (value.includes('\0')) return 'the text contains a null character, where SQLite would cut the text off'
      return value === '' ? null : (refuse(value)?.text ?? null)
    },
  }
}

function typed(value: unknown): string | null {
  return typeof value === 'string' ? null : `a string is expected, not ${article(value)}`
}

function tooLong(text: string, max: number): Problem | null {
  if (text.length <= max) return null
  const { length } = text
  return problem('too-long', `Use at most ${max} characters (these are ${length}).`, { max, length })
}

function tooShort(text: string, min: number): Problem | null {
  return text.length >= min ? null : problem('too-short', `Use at least ${min} characters.`, { min })
}

/** @throws ModelError for what cannot be a length. */
function length(what: string, value: number, least = 1): number {
  if (Number.isSafeInteger(value) && value >= least) return value
  throw new ModelError(`${what} must be a whole number, at least ${least}, not ${value}`)
}

/** `max` counts UTF-16 units as `maxlength` in HTML does. */
export function text(max: number, { min, pattern }: TextOptions): Kind<string> {
  length('f.text(max)', max)
  if (min !== undefined) length('f.text(…, { min })', min, 0)
  const attributes: { [name: string]: string } = max < LONGEST_TEXT ? { maxlength: String(max) } : {}
  if (min !== undefined) attributes['minlength'] = String(min)
  const matches = pattern === undefined ? null : wholeMatch(pattern)
  return textKind({
    name: 'text',
    params: {
      max,
      ...(min === undefined ? {} : { min }),
      ...(pattern === undefined ? {} : { pattern: pattern.source, flags: pattern.flags }),
    },
    stores: { type: 'text', max },
    widget: max <= ONE_LINE ? input('text', attributes) : { element: 'textarea', attributes },
    refuse(given) {
      const long = tooLong(given, max) ?? (min === undefined ? null : tooShort(given, min))
      if (long !== null || matches === null || matches(given)) return long
      return problem('pattern', 'This does not have the expected form.')
    },
  })
}

/** Whether a text matches from its beginning to its end. The pattern of the program keeps no place between calls. */
function wholeMatch(pattern: RegExp): (text: string) => boolean {
  const whole = new RegExp(`^(?:${pattern.source})$`, pattern.flags.replace(/[gy]/g, ''))
  return (text) => whole.exec(text)?.[0].length === text.length
}

const SLUG = '[-a-zA-Z0-9_]+'

export function slug(max: number): Kind<string> {
  length('f.slug(max)', max)
  const matches = wholeMatch(new RegExp(SLUG))
  return textKind({
    name: 'slug',
    params: { max },
    stores: { type: 'text', max },
    widget: input('text', { maxlength: String(max), pattern: '[a-zA-Z0-9_\\-]+' }),
    refuse: (given) =>
      matches(given) ? tooLong(given, max) : problem('slug', 'Use letters, digits, hyphens and underscores only.'),
  })
}

// The form that HTML defines for <input type=email>, with at least one dot in the domain; a willful violation of
// RFC 5322 there and here: no comments, no quoted strings. No two repetitions can match the same character twice.
const EMAIL =
  /^[a-zA-Z0-9.!#$%&'*+/=?^_`{|}~-]+@[a-zA-Z0-9](?:[a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?(?:\.[a-zA-Z0-9](?:[a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?)+$/

/** The domain is lower-cased when it comes from a form (domains are compared without case, local parts may not be). */
export function email(): Kind<string> {
  const kind = textKind({
    name: 'email',
    stores: { type: 'text', max: LONGEST_EMAIL },
    widget: input('email', { maxlength: String(LONGEST_EMAIL), autocomplete: 'email' }),
    refuse: (given) =>
      given.length > LONGEST_EMAIL || !EMAIL.test(given)
        ? problem('email', 'Enter a valid e-mail address, such as ada@example.org.')
        : null,
  })
  return {
    ...kind,
    parse(given) {
      const parsed = kind.parse(given)
      if (parsed.error !== undefined) return parsed
      const at = parsed.value.lastIndexOf('@')
      return { value: parsed.value.slice(0, at) + parsed.value.slice(at).toLowerCase() }
    },
  }
}

/** A password: a form gives it in clear, the column holds its hash, made on the way in. Left out of JSON. */
export function password({
  hash,
  min = 8,
  max = 1024,
}: PasswordOptions & { readonly hash: PasswordHash }): Kind<string> {
  const kind = textKind({
    name: 'password',
    params: { min: length('f.password({ min })', min), max: length('f.password({ max })', max) },
    stores: { type: 'text' }, // of the hash, whose length is its maker's business
    widget: input('password', { maxlength: String(max), autocomplete: 'new-password' }),
    refuse: (given) => tooLong(given, max),
  })
  return {
    ...kind,
    verbatim: true,
    secret: true,
    parse(given) {
      if (typeof given !== 'string') return { error: problem('not-text', 'Enter text.') }
      const error = tooShort(given, min)
      return error === null ? kind.parse(given) : { error }
    },
    prepare: hash,
    format: () => '',
  }
}

/** One of a few strings. @param choices the values, or values with the words that people see. */
export function choice<const C extends string>(choices: readonly C[] | { readonly [value in C]: string }): Kind<C> {
  const pairs = isList(choices)
    ? choices.map((value) => ({ value, label: words(value) }))
    : Object.entries<string>(choices).map(([value, label]) => ({ value, label }))
  if (pairs.length === 0) throw new ModelError('f.choice: give it at least one value')
  const values = new Set<string>(pairs.map(({ value }) => value))
  const kind = textKind({
    name: 'choice',
    params: { choices: Object.fromEntries(pairs.map(({ value, label }) => [value, label])) },
    stores: { type: 'text', choices: [...values] },
    widget: { element: 'select', choices: pairs },
    refuse: (given) => (values.has(given) ? null : problem('choice', 'Choose one of the values offered.')),
  }) as unknown as Kind<C>
  const { check } = kind
  return {
    ...kind,
    check: (value) => (value === '' && !values.has('') ? 'the empty string is not one of the choices' : check(value)),
  }
}

function isList<C extends string>(choices: readonly C[] | { readonly [value in C]: string }): choices is readonly C[] {
  return Array.isArray(choices)
}

/** `in-review` → `In review`. */
function words(name: string): string {
  const spaced = name
    .replace(/([a-z0-9])([A-Z])/g, (_, before: string, after: string) => `${before} ${after.toLowerCase()}`)
    .replace(/[-_]+/g, ' ')
    .trim()
  return spaced.charAt(0).toUpperCase() + spaced.slice(1)
}

/** The path of a stored file, relative to where uploads are kept: whoever stores the file checks and names it. */
export function file(): Kind<string> {
  return textKind({
    name: 'file',
    stores: { type: 'text', max: LONGEST_PATH },
    widget: { element: 'file' },
    refuse(given) {
      const long = tooLong(given, LONGEST_PATH)
      if (long !== null) return long
      const parts = given.split('/')
      const odd = given.startsWith('/') || given.includes('\\') || parts.some((part) => part === '..' || part === '.')
      return odd ? problem('path', 'The path of a file is relative and stays inside its folder.') : null
    },
  })
}
