/** The kinds of field that hold numbers and truth values. */
import { type Problem, problem } from '../../base/problem.ts'
import { ModelError } from '../errors.ts'
import { article, input, type Kind, type Parsed } from './kind.ts'

/** The range of a number; the table enforces it too. */
export interface RangeOptions {
  /** The smallest value. */
  readonly min?: number
  /** The largest value. */
  readonly max?: number
}

/** @throws ModelError for a range without values. */
function checkedRange(what: string, { min, max }: RangeOptions, fits: (bound: number) => boolean): RangeOptions {
  for (const bound of [min, max])
    if (bound !== undefined && !fits(bound))
      throw new ModelError(`${what}: ${bound} cannot be a bound; bounds are numbers of the field's own kind`)
  if (min !== undefined && max !== undefined && min > max)
    throw new ModelError(`${what}: min (${min}) is greater than max (${max})`)
  return { ...(min === undefined ? {} : { min }), ...(max === undefined ? {} : { max }) }
}

/** The attributes of an input: `min` and `max`. */
function texts(range: RangeOptions): { [name: string]: string } {
  return Object.fromEntries(Object.entries(range).map(([name, bound]) => [name, String(bound)]))
}

function outside(value: number, { min, max }: RangeOptions): Problem | null {
  if (min !== undefined && value < min) return problem('too-small', `The smallest value is ${min}.`, { min })
  if (max !== undefined && value > max) return problem('too-large', `The largest value is ${max}.`, { max })
  return null
}

/** Why a value of the program is refused. */
function refusal(value: number, range: RangeOptions): string | null {
  const error = outside(value, range)
  return error === null ? null : `${value} is refused: ${error.text}`
}

function typedNumber(value: unknown): string | null {
  return typeof value === 'number' ? null : `a number is expected, not ${article(value)}`
}

function typedBoolean(value: unknown): string | null {
  return typeof value === 'boolean' ? null : `a boolean is expected, not ${article(value)}`
}

/** A whole number that JavaScript holds exactly: up to 2^53 − 1 either way. */
export function int(given: RangeOptions = {}): Kind<number> {
  const range = checkedRange('f.int', given, Number.isSafeInteger)
  return {
    name: 'int',
    params: { ...range },
    stores: { type: 'integer', ...range },
    widget: input('number', { step: '1', ...texts(range) }),
    parse(given): Parsed<number> {
      const value = typeof given === 'string' && /^[+-]?\d{1,16}$/.test(given) ? Number(given) : given
      if (typeof value !== 'number' || !Number.isSafeInteger(value))
        return { error: problem('not-an-integer', 'Enter a whole number.') }
      const error = outside(value, range)
      return error === null ? { value: value + 0 } : { error } // + 0: −0 would come back as 0
    },
    typed: typedNumber,
    check(value) {
      if (typeof value !== 'number') return typedNumber(value)
      if (!Number.isSafeInteger(value)) return `${value} is not a whole number below 2^53`
      return refusal(value, range)
    },
  }
}

/** The row's own number, given by the database and never given twice. */
export function id(): Kind<number> {
  return { ...int({ min: 1 }), name: 'id', params: {}, stores: { type: 'id' } }
}

/** The id of another row. */
export function reference(): Kind<number> {
  const kind = int({ min: 1 })
  return {
    ...kind,
    name: 'ref',
    params: {},
    stores: { type: 'integer' },
    parse(given) {
      const parsed = kind.parse(given)
      return parsed.error === undefined ? parsed : { error: problem('choice', 'Choose one of the values offered.') }
    },
  }
}

const DECIMAL = /^[+-]?(?:\d{1,40}(?:\.\d{0,40})?|\.\d{1,40})(?:[eE][+-]?\d{1,3})?$/

/** A double. Not for money: count cents in an `f.int`. */
export function number(given: RangeOptions = {}): Kind<number> {
  const range = checkedRange('f.number', given, Number.isFinite)
  return {
    name: 'number',
    params: { ...range },
    stores: { type: 'float', ...range },
    widget: input('number', { step: 'any', ...texts(range) }),
    parse(given): Parsed<number> {
      const value = typeof given === 'string' && DECIMAL.test(given) ? Number(given) : given
      if (typeof value !== 'number' || !Number.isFinite(value))
        return { error: problem('not-a-number', 'Enter a number.') }
      const error = outside(value, range)
      return error === null ? { value: value + 0 } : { error } // −0 would come back as 0
    },
    typed: typedNumber,
    check(value) {
      if (typeof value !== 'number') return typedNumber(value)
      return Number.isFinite(value) ? refusal(value, range) : `${value} is not finite`
    },
  }
}

export function boolean(): Kind<boolean> {
  return {
    name: 'boolean',
    params: {},
    stores: { type: 'boolean' },
    widget: { element: 'checkbox' },
    parse(given): Parsed<boolean> {
      if (typeof given === 'boolean') return { value: given }
      if (given === 'true' || given === 'on' || given === '1' || given === 1) return { value: true }
      if (given === 'false' || given === 'off' || given === '0' || given === 0) return { value: false }
      return { error: problem('not-a-boolean', 'Say yes or no.') }
    },
    typed: typedBoolean,
    check: typedBoolean,
  }
}
