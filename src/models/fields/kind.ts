/** What a kind of field knows: one value for every `f.text`, `f.int`, … */
import type { Machine } from '../../base/machine.ts'
import type { Problem } from '../../base/problem.ts'
import type { ColumnType, Json } from '../state.ts'

/** The outcome of reading input: `value`, or `error` for the person who typed the input. */
export type Parsed<T> =
  /** The input is a value of the field. */
  | { readonly value: T; readonly error?: undefined }
  /** The input is refused. */
  | { readonly error: Problem; readonly value?: undefined }

/** The control of a field in an HTML form; forms have the same type. */
export interface Widget {
  /** Which element of HTML. */
  readonly element: 'input' | 'textarea' | 'select' | 'checkbox' | 'file'
  /** The `type` attribute of an input. */
  readonly type?: string
  /** More attributes: `maxlength`, `min`, `step`, `autocomplete`. `required` follows from the field. */
  readonly attributes?: { readonly [name: string]: string }
  /** The options of a select. */
  readonly choices?: readonly { readonly value: string; readonly label: string }[]
}

/**
 * A kind of field: its data, and the functions that read and check values. A kind of your own stores one of the logical
 * types that exist.
 *
 * @example
 * const postcode: Kind<string> = {
 *   ...f.text(5).kind,
 *   name: 'postcode',
 *   parse: (given) =>
 *     typeof given === 'string' && /^\d{5}$/.test(given)
 *       ? { value: given }
 *       : { error: problem('postcode', 'Enter five digits.') },
 * }
 * class Address extends Model {
 *   id = f.id()
 *   postcode = new Field(postcode)
 * }
 */
export interface Kind<T> {
  /** The name of the kind: `slug`. */
  readonly name: string
  /** The parameters, as JSON: `{ max: 100 }`. Two kinds with the same name and parameters are the same kind. */
  readonly params: { readonly [name: string]: Json }
  /** What the column holds: the column's type and its check follow from this. */
  readonly stores: ColumnType
  /** The control in a form. */
  readonly widget: Widget
  /** Whether white space around a form's text belongs to the value. */
  readonly verbatim?: boolean
  /** Values that must not leave the program by accident: left out of a row's JSON. */
  readonly secret?: boolean
  /** Reads the input of a form or a JSON body. Remote input: never throws. Never called with undefined, null or ''. */
  parse(input: unknown): Parsed<T>
  /** What is wrong with the type of a value, or null. A condition checks no more than this. */
  typed(value: unknown): string | null
  /** What is wrong with a value that the program wants to store, or null: its type, or a rule of the field. */
  check(value: unknown): string | null
  /** Makes the value to be stored from the given one: the hash of a password. */
  prepare?(value: T, machine: Machine): Promise<T>
  /** The value as an input shows it; `parse` reads the same value from this text. */
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
