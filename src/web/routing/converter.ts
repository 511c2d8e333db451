/** Converters: how one path segment matches a parameter, becomes a value, and is made from one. */

export interface Converter<T = unknown> {
  /**
   * Which converter is asked first when several fit at the same place: higher first. Two at the same place with the
   * same rank and different names are a conflict, except that nothing else decides.
   */
  readonly rank: number
  /** Whether it takes the rest of the path, slashes and all. */
  readonly rest?: boolean
  /** The value of a decoded segment; undefined when it does not match. Must not throw. */
  match(text: string): T | undefined
  /** The text of a value, not yet percent-encoded; undefined when the value would not match. */
  text(value: T): string | undefined
}

/** The longest integer that is exact as a double has 16 digits. */
const INTEGER = /^(?:0|[1-9][0-9]{0,15})$/
const SLUG = /^[A-Za-z0-9_-]+$/
const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/

/** Non-negative, exact, no leading zero: one number has one address. */
const int: Converter<number> = {
  rank: 50,
  match(text) {
    if (!INTEGER.test(text)) return undefined
    const value = Number(text)
    return value <= Number.MAX_SAFE_INTEGER ? value : undefined
  },
  text: (value) => (Number.isSafeInteger(value) && value >= 0 ? String(value) : undefined),
}

/** Lower case only, so that one thing has one address. */
const uuid: Converter<string> = {
  rank: 40,
  match: (text) => (UUID.test(text) ? text : undefined),
  text: (value) => (typeof value === 'string' && UUID.test(value.toLowerCase()) ? value.toLowerCase() : undefined),
}

/** ASCII letters, digits, `-`, `_`. */
const slug: Converter<string> = {
  rank: 30,
  match: (text) => (SLUG.test(text) ? text : undefined),
  text: (value) => (typeof value === 'string' && SLUG.test(value) ? value : undefined),
}

/** Any one segment. */
const str: Converter<string> = {
  rank: 10,
  match: (text) => (text === '' ? undefined : text),
  text: (value) => (typeof value === 'string' && segmentable(value) ? value : undefined),
}

/** The rest of the path: one or more segments. */
const path: Converter<string> = {
  rank: 0,
  rest: true,
  match: (text) => (text === '' ? undefined : text),
  text: (value) => (typeof value === 'string' && value.split('/').every(segmentable) ? value : undefined),
}

/** Whether a text can stand as one segment of a canonical path (`path.ts` would refuse others). */
function segmentable(text: string): boolean {
  return text !== '' && text !== '.' && text !== '..' && !/[/\\\0]/.test(text) && text.isWellFormed()
}

export const converters = { int, uuid, slug, str, path } as const

export type Converters = Readonly<Record<string, Converter<never> | Converter>>
/** The type of the values of the converter named `N`, the built-in ones under those of the site. */
export type ConverterValue<N extends string, C> = N extends keyof C
  ? C[N] extends Converter<infer T>
    ? T
    : never
  : N extends keyof typeof converters
    ? (typeof converters)[N] extends Converter<infer T>
      ? T
      : never
    : never
