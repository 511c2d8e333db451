/** What a kind of field knows: one value for every `f.text`, `f.int`, … */
import type { Machine } from '../../base/machine.ts'
import type { Problem } from '../../base/problem.ts'
import type { ColumnType, Json } from '../state.ts'

/** The outcome of reading input: the value, or what is wrong with it for the person who typed it. */
export type Parsed<T> =
  | { readonly value: T; readonly error?: undefined }
  | { readonly error: Problem; readonly value?: undefined }

/** How a field is put into an HTML form; the same shape as the forms' own `Widget`. */
export interface Widget {
  readonly element: 'input' | 'textarea' | 'select' | 'checkbox' | 'file'
  /** The `type` of an input. */
  readonly type?: string
  /** More attributes: `maxlength`, `min`, `step`, `autocomplete`. `required` follows from the field. */
  readonly attributes?: { readonly [name: string]: string }
  /** The options of a select. */
  readonly choices?: readonly { readonly value: string; readonly label: string }[]
}

/**
 * A kind of field: data that says what it is, and the functions that follow from them. A kind of your own stores one of
 * the logical types there are: `new Field({ ...kindOf, name: 'postcode', … })`.
 */
export interface Kind<T> {
  /** What it is called: `slug`. */
  readonly name: string
  /** All that makes it what it is, as JSON: `{ max: 100 }`. Two kinds of one name and the same parameters are the same. */
  readonly params: { readonly [name: string]: Json }
  /** What its column holds: the database's type and its check follow from this. */
  readonly stores: ColumnType
  readonly widget: Widget
  /** Whether a form's text keeps the white space around it. */
  readonly verbatim?: boolean
  /** Values that must not leave the program by accident: left out of a row's JSON. */
  readonly secret?: boolean
  /** Reads what a form or a JSON body gave; never called with nothing (undefined, null, ''). Never throws. */
  parse(input: unknown): Parsed<T>
  /** What is wrong with the type of a value, or null: all that a condition asks, where any value may be looked for. */
  typed(value: unknown): string | null
  /** What is wrong with a value that the program wants stored, or null: its type, or a rule of the field. */
  check(value: unknown): string | null
  /** What it takes to make a given value ready to be stored: a hash. */
  prepare?(value: T, machine: Machine): Promise<T>
  /** The value as an input shows it; what `parse` reads as the same value. */
  format?(value: T): string
}

/** `a number`, `an array`: for messages about values of the wrong type. */
export function article(value: unknown): string {
  if (value === null) return 'null'
  if (value === undefined) return 'undefined'
  if (Array.isArray(value)) return 'an array'
  if (value instanceof Date) return 'a Date'
  if (value instanceof Promise) return 'a promise (await it first)'
  if (value instanceof Map || value instanceof Set) return `a ${value.constructor.name}`
  return typeof value === 'object' ? 'an object' : `a ${typeof value}`
}

/** An input of HTML. */
export function input(type: string, attributes: { [name: string]: string } = {}): Widget {
  return { element: 'input', type, attributes }
}
