/** The kinds of field that hold numbers, truth values, times and JSON. */
import type { Kind, Parsed, SqlValue, Widget } from './field.ts'
import { article } from './text.ts'

export interface RangeOptions {
  readonly min?: number
  readonly max?: number
}

function input(type: string, attributes: { [name: string]: string } = {}): Widget {
  return { element: 'input', type, attributes }
}

function bounds({ min, max }: RangeOptions): { [name: string]: string } {
  return { ...(min === undefined ? {} : { min: String(min) }), ...(max === undefined ? {} : { max: String(max) }) }
}

function outside(value: number, { min, max }: RangeOptions): string | null {
  if (min !== undefined && value < min) return `The smallest value is ${min}.`
  if (max !== undefined && value > max) return `The largest value is ${max}.`
  return null
}

function typedNumber(value: unknown): string | null {
  return typeof value === 'number' ? null : `it is ${article(value)}, not a number`
}

function typedBoolean(value: unknown): string | null {
  return typeof value === 'boolean' ? null : `it is ${article(value)}, not a boolean`
}

function typedDate(value: unknown): string | null {
  return value instanceof Date ? null : `it is ${article(value)}, not a Date`
}

/** The row's own number, given by the database and never given twice. */
export function id(): Kind<number> {
  return { ...int({ min: 1 }), name: 'id' }
}

/** A whole number that JavaScript holds exactly: up to 2^53 − 1 either way. */
export function int(range: RangeOptions = {}): Kind<number> {
  return {
    name: 'int',
    column: 'integer',
    widget: input('number', { step: '1', ...bounds(range) }),
    parse(given): Parsed<number> {
      const value = typeof given === 'string' && /^[+-]?\d{1,16}$/.test(given) ? Number(given) : given
      if (typeof value !== 'number' || !Number.isSafeInteger(value)) return { error: 'Enter a whole number.' }
      const error = outside(value, range)
      return error === null ? { value: value + 0 } : { error } // + 0: −0 would come back as 0
    },
    typed: typedNumber,
    check(value) {
      if (typeof value !== 'number') return typedNumber(value)
      return Number.isSafeInteger(value) ? outside(value, range) : `${value} is not a whole number below 2^53`
    },
    encode: (value) => value,
    decode: Number,
  }
}

/** A double. Not for money: count cents in an `f.int`. */
export function number(range: RangeOptions = {}): Kind<number> {
  return {
    name: 'number',
    column: 'real',
    widget: input('number', { step: 'any', ...bounds(range) }),
    parse(given): Parsed<number> {
      const decimal = /^[+-]?(?:\d{1,40}(?:\.\d{0,40})?|\.\d{1,40})(?:[eE][+-]?\d{1,3})?$/
      const value = typeof given === 'string' && decimal.test(given) ? Number(given) : given
      if (typeof value !== 'number' || !Number.isFinite(value)) return { error: 'Enter a number.' }
      const error = outside(value, range)
      return error === null ? { value } : { error }
    },
    typed: typedNumber,
    check(value) {
      if (typeof value !== 'number') return typedNumber(value)
      return Number.isFinite(value) ? outside(value, range) : `${value} is not finite`
    },
    encode: (value) => value,
    decode: Number,
  }
}

export function boolean(): Kind<boolean> {
  return {
    name: 'boolean',
    column: 'integer',
    widget: { element: 'checkbox' },
    parse(given): Parsed<boolean> {
      if (typeof given === 'boolean') return { value: given }
      if (given === 'true' || given === 'on' || given === '1' || given === 1) return { value: true }
      if (given === 'false' || given === 'off' || given === '0' || given === 0) return { value: false }
      return { error: 'Say yes or no.' }
    },
    typed: typedBoolean,
    check: typedBoolean,
    encode: (value) => (value ? 1 : 0),
    decode: (stored) => stored !== 0 && stored !== 0n,
  }
}

const DATE = /^(\d{4})-(\d{2})-(\d{2})$/

/** A day of the calendar, in no time zone: the text `2026-11-24`, which sorts and compares as it is. */
export function date(): Kind<string> {
  const real = (text: string): boolean => {
    const parts = DATE.exec(text)
    if (!parts) return false
    const [year, month, day] = [Number(parts[1]), Number(parts[2]), Number(parts[3])]
    const made = new Date(Date.UTC(2000, 0, 1))
    made.setUTCFullYear(year, month - 1, day) // Date.UTC would read the years 0 to 99 as 1900 to 1999
    return made.getUTCMonth() === month - 1 && made.getUTCDate() === day
  }
  return {
    name: 'date',
    column: 'text',
    widget: input('date'),
    parse: (given) =>
      typeof given === 'string' && real(given) ? { value: given } : { error: 'Enter a date, such as 2026-11-24.' },
    typed: (value) => (typeof value === 'string' ? null : `it is ${article(value)}, not the text of a day`),
    check(value) {
      if (value instanceof Date)
        return 'it is a Date, which is a moment; a date field holds the text of a day, 2026-11-24'
      return typeof value === 'string' && real(value)
        ? null
        : `it is ${article(value)} that is no day such as 2026-11-24`
    },
    encode: (value) => value,
    decode: String,
  }
}

// What <input type=datetime-local> sends, and ISO 8601 with or without a zone.
const MOMENT = /^(\d{4}-\d{2}-\d{2})[T ](\d{2}:\d{2}(?::\d{2}(?:\.\d{1,3})?)?)(Z|[+-]\d{2}:\d{2})?$/

/**
 * A moment, to the millisecond. The column holds milliseconds since 1970-01-01T00:00:00Z as an integer: exact, short,
 * and its order is the order of time. A form's local time without a zone is read as UTC.
 */
export function datetime(): Kind<Date> {
  return {
    name: 'datetime',
    column: 'integer',
    widget: input('datetime-local'),
    parse(given): Parsed<Date> {
      const parts = typeof given === 'string' ? MOMENT.exec(given) : null
      const value = given instanceof Date ? given : parts ? new Date(`${parts[1]}T${parts[2]}${parts[3] ?? 'Z'}`) : null
      const wrongDay = parts && date().check(parts[1]) !== null // `new Date` makes March out of 30 February
      if (value === null || wrongDay || Number.isNaN(value.getTime())) {
        return { error: 'Enter a date and a time, such as 2026-11-24 09:30.' }
      }
      return { value }
    },
    typed: typedDate,
    check(value) {
      if (!(value instanceof Date)) return typedDate(value)
      return Number.isNaN(value.getTime()) ? 'it is an invalid Date' : null
    },
    encode: (value) => value.getTime(),
    decode: (stored) => new Date(Number(stored)),
    format: (value) => value.toISOString().slice(0, 16),
  }
}

function typedJson(value: unknown): string | null {
  try {
    return JSON.stringify(value) === undefined ? `it is ${article(value)}, which JSON has no word for` : null
  } catch (error) {
    return (error as Error).message
  }
}

/** Anything that JSON has; `undefined`, functions, cycles and bigints are refused. */
export function json<T>(): Kind<T & {}> {
  return {
    name: 'json',
    column: 'text',
    widget: { element: 'textarea', attributes: { spellcheck: 'false' } },
    parse(given): Parsed<T & {}> {
      if (typeof given !== 'string') return { value: given as T & {} }
      try {
        return { value: JSON.parse(given) }
      } catch (error) {
        return { error: `This is not JSON: ${(error as Error).message}.` }
      }
    },
    typed: typedJson,
    check: typedJson,
    encode: (value) => JSON.stringify(value),
    decode: (stored: SqlValue) => JSON.parse(String(stored)),
    format: (value) => JSON.stringify(value, null, 2),
  }
}
