/** The kinds of field that hold text: plain text, slugs, addresses, passwords, choices, paths of files. */
import type { Machine } from '../../base/machine.ts'
import { MAX_EMAIL, MAX_PASSWORD, MAX_PATH, MAX_SLUG, MAX_TEXT, MIN_PASSWORD } from '../limits.ts'
import type { Kind, Parsed, Widget } from './field.ts'

/** Up to this many characters a text is one line in a form. */
const ONE_LINE = 255

export interface TextOptions {
  /** Fewest characters. */
  readonly min?: number
  /** What the whole text must match; say in `help` what that means. Mind patterns that backtrack. */
  readonly pattern?: RegExp
}

function input(type: string, attributes: { [name: string]: string } = {}): Widget {
  return { element: 'input', type, attributes }
}

function typed(value: unknown): string | null {
  return typeof value === 'string' ? null : `it is ${article(value)}, not a string`
}

function textKind(name: string, widget: Widget, refuse: (text: string) => string | null): Kind<string> {
  return {
    name,
    column: 'text',
    widget,
    parse(given): Parsed<string> {
      // A number is what JSON has for a text like "2024"; anything else (arrays, objects) is no text at all.
      if (typeof given !== 'string' && typeof given !== 'number') return { error: 'Enter text.' }
      const text = String(given).toWellFormed().replaceAll('\r\n', '\n') // what browsers send for a line end (HTML, "newline normalization")
      const error = text.includes('\0') ? 'Null characters are not allowed.' : refuse(text)
      return error === null ? { value: text } : { error }
    },
    typed,
    check(value) {
      if (typeof value !== 'string') return typed(value)
      if (!value.isWellFormed()) return 'it has half of a surrogate pair, which no database keeps'
      if (value.includes('\0')) return 'it has a null character, at which SQLite would cut it off'
      return value === '' ? null : refuse(value)
    },
    encode: (value) => value,
    decode: (stored) => String(stored),
  }
}

/** `a number`, `an array`: for messages about values of the wrong type. */
export function article(value: unknown): string {
  if (value === null) return 'null'
  if (Array.isArray(value)) return 'an array'
  if (value instanceof Date) return 'a Date'
  return typeof value === 'object' ? 'an object' : `a ${typeof value}`
}

/** `max` counts UTF-16 units as `maxlength` in HTML does. */
export function text(max: number, options: TextOptions): Kind<string> {
  const attributes: { [name: string]: string } = max < MAX_TEXT ? { maxlength: String(max) } : {}
  if (options.min !== undefined) attributes['minlength'] = String(options.min)
  const widget: Widget = max <= ONE_LINE ? input('text', attributes) : { element: 'textarea', attributes }
  return textKind('text', widget, (given) => {
    if (given.length > max) return `Use at most ${max} characters (these are ${given.length}).`
    if (options.min !== undefined && given.length < options.min) return `Use at least ${options.min} characters.`
    if (options.pattern && !options.pattern.test(given)) return 'This does not have the expected form.'
    return null
  })
}

export function slug(max = MAX_SLUG): Kind<string> {
  const attributes = { maxlength: String(max), pattern: '[a-zA-Z0-9_\\-]+' }
  return textKind('slug', input('text', attributes), (given) => {
    if (!/^[-a-zA-Z0-9_]+$/.test(given)) return 'Use letters, digits, hyphens and underscores only.'
    return given.length > max ? `Use at most ${max} characters (these are ${given.length}).` : null
  })
}

// The form that HTML defines for <input type=email>, with at least one dot in the domain; a willful violation of
// RFC 5322 there and here: no comments, no quoted strings. No two repetitions can match the same character twice.
const EMAIL =
  /^[a-zA-Z0-9.!#$%&'*+/=?^_`{|}~-]+@[a-zA-Z0-9](?:[a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?(?:\.[a-zA-Z0-9](?:[a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?)+$/

/** The domain is lower-cased when it comes from a form (domains are compared without case, local parts may not be). */
export function email(): Kind<string> {
  const widget = input('email', { maxlength: String(MAX_EMAIL), autocomplete: 'email' })
  const kind = textKind('email', widget, (given) =>
    given.length > MAX_EMAIL || !EMAIL.test(given) ? 'Enter a valid e-mail address, such as ada@example.org.' : null,
  )
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

/** Makes a stored hash from a password. */
export type PasswordHash = (password: string, machine: Machine) => Promise<string>

/** A password: a form gives it in clear, the column holds its hash, made by `hash` on the way in. Left out of JSON. */
export function password(hash: PasswordHash): Kind<string> {
  const widget = input('password', { maxlength: String(MAX_PASSWORD), autocomplete: 'new-password' })
  const kind = textKind('password', widget, (given) =>
    given.length > MAX_PASSWORD ? `Use at most ${MAX_PASSWORD} characters.` : null,
  )
  return {
    ...kind,
    verbatim: true,
    secret: true,
    parse(given) {
      if (typeof given !== 'string') return { error: 'Enter text.' }
      if (given.length < MIN_PASSWORD) return { error: `Use at least ${MIN_PASSWORD} characters.` }
      return kind.parse(given)
    },
    prepare: hash,
    format: () => '',
  }
}

/** One of a few strings. @param choices the values, or values with the words that people see. */
export function choice<const C extends string>(choices: readonly C[] | { readonly [value in C]: string }): Kind<C> {
  const pairs = Array.isArray(choices)
    ? choices.map((value: C) => ({ value, label: words(value) }))
    : Object.entries<string>(choices).map(([value, label]) => ({ value, label }))
  const values = new Set<string>(pairs.map(({ value }) => value))
  const kind = textKind('choice', { element: 'select', choices: pairs }, (given) =>
    values.has(given) ? null : 'Choose one of the values offered.',
  ) as unknown as Kind<C>
  const { check } = kind
  return {
    ...kind,
    check: (value) => (value === '' && !values.has('') ? 'it is not one of the choices' : check(value)),
  }
}

/** `in-review` → `In review`. */
export function words(name: string): string {
  const spaced = name
    .replace(/([a-z0-9])([A-Z])/g, (_, before: string, after: string) => `${before} ${after.toLowerCase()}`)
    .replace(/[-_]+/g, ' ')
    .trim()
  return spaced.charAt(0).toUpperCase() + spaced.slice(1)
}

/** The path of a stored file, relative to where uploads are kept: whoever stores the file checks and names it. */
export function file(): Kind<string> {
  return textKind('file', { element: 'file' }, (given) => {
    if (given.length > MAX_PATH) return `The path is longer than ${MAX_PATH} characters.`
    const odd =
      given.startsWith('/') || given.includes('\\') || given.split('/').some((part) => part === '..' || part === '.')
    return odd ? 'The path of a file is relative and stays inside its folder.' : null
  })
}
