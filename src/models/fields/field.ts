/**
 * A field: what one property of a model holds, how it is written in a form, checked, stored and read back.
 * Fields are declared with `f` (`f.text(200).unique()`); each chained call answers the same field with another type.
 */

import type { Machine } from '../../base/machine.ts'

/** What a database column can hold. */
export type SqlValue = string | number | bigint | Uint8Array | null

/** The outcome of reading input: the value, or why it is refused, in words for the person who typed it. */
export type Parsed<T> =
  | { readonly value: T; readonly error?: undefined }
  | { readonly error: string; readonly value?: undefined }

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

/** What a kind of field knows: one value for every `f.text`, `f.int`, … */
export interface Kind<T> {
  readonly name: string
  /** The column's type, as STRICT tables of SQLite have them. */
  readonly column: 'integer' | 'real' | 'text'
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
  /** The value as the column holds it. Only called with values that `typed` passed. */
  encode(value: T): SqlValue
  decode(stored: SqlValue): T
  /** What it takes to make a given value ready to be stored: a hash. */
  prepare?(value: T, machine: Machine): Promise<T>
  /** The value as an input shows it. */
  format?(value: T): string
}

/** The default of a datetime that says when the row was made: the clock is known only when a row is made. */
export const NOW: unique symbol = Symbol('now')

export interface FieldOptions<T> {
  nullable: boolean
  unique: boolean
  index: boolean
  blank: boolean
  /** Undefined when there is none. A function is called for every new row. */
  default: T | (() => T) | typeof NOW | undefined
  label: string | undefined
  help: string | undefined
  autocomplete?: string | undefined
}

/** What follows from a value being absent. */
export const REQUIRED = 'This field is required.'

export class Field<T, Optional extends boolean = false> {
  /** For the type checker only. */
  declare readonly '~value': T
  declare readonly '~optional': Optional

  readonly kind: Kind<NonNullable<T>>
  readonly options: FieldOptions<T> = {
    nullable: false,
    unique: false,
    index: false,
    blank: false,
    default: undefined,
    label: undefined,
    help: undefined,
  }

  constructor(kind: Kind<NonNullable<T>>) {
    this.kind = kind
  }

  /** May be null; a form's empty input becomes null, and `create` may leave it out. */
  null(): Field<T | null, true> {
    this.options.nullable = true
    return this as unknown as Field<T | null, true>
  }

  /** No two rows have the same value (any number may have null). */
  unique(): this {
    this.options.unique = true
    return this
  }

  /** Looked up or sorted by often. */
  index(): this {
    this.options.index = true
    return this
  }

  /** Taken when `create` or a form gives nothing. A function is asked anew for every row. */
  default(value: T | (() => T)): Field<T, true> {
    this.options.default = value
    return this as unknown as Field<T, true>
  }

  /** The empty string is a value too; without this a form's empty text is refused as missing. */
  blank(): this {
    this.options.blank = true
    return this
  }

  /** What people call it; otherwise made from the property's name. */
  label(words: string): this {
    this.options.label = words
    return this
  }

  /** A sentence shown beside the input. */
  help(words: string): this {
    this.options.help = words
    return this
  }

  /** What browsers and password keepers fill in: `username`, `current-password`, `off` (HTML §4.10.18.7). */
  autocomplete(purpose: string): this {
    this.options.autocomplete = purpose
    return this
  }

  /** Whether a form must give a value. */
  get required(): boolean {
    const { nullable, blank, default: standard } = this.options
    return !nullable && !blank && standard === undefined && this.kind.name !== 'boolean'
  }

  get widget(): Widget {
    const { widget } = this.kind
    const { autocomplete } = this.options
    return autocomplete === undefined ? widget : { ...widget, attributes: { ...widget.attributes, autocomplete } }
  }

  /**
   * Reads the value that a form or a JSON body gave for this field. Remote input: never throws.
   * @param input a string, number, boolean or what JSON has; undefined, null and '' mean that nothing was given.
   */
  parse(input: unknown): Parsed<T> {
    const given = typeof input === 'string' && !this.kind.verbatim ? input.trim() : input
    if (given === undefined || given === null || given === '') return this.#nothing(given)
    return this.kind.parse(given) as Parsed<T>
  }

  #nothing(given: '' | null | undefined): Parsed<T> {
    const { nullable, blank } = this.options
    // A browser sends nothing at all for a box that is not ticked (HTML, "constructing the entry list").
    if (this.kind.name === 'boolean') return { value: (nullable && given !== undefined ? null : false) as T }
    if (blank && given === '') return { value: '' as T }
    if (nullable) return { value: null as T }
    // A default that only `create` can know (NOW) stays undefined here, and `create` fills it in.
    if (this.options.default !== undefined) return { value: this.standard() as T }
    return blank ? { value: '' as T } : { error: REQUIRED }
  }

  /** The default for a new row; undefined when there is none, or when it needs the clock. */
  standard(): T | undefined {
    const standard = this.options.default
    if (standard === NOW) return undefined
    return typeof standard === 'function' ? (standard as () => T)() : standard
  }

  /** The value as an input of a form shows it. */
  format(value: unknown): string {
    if (value === null || value === undefined) return ''
    if (this.kind.check(value) === null && this.kind.format) return this.kind.format(value as NonNullable<T>)
    return typeof value === 'object' ? '' : String(value)
  }

  /** What is wrong with a value that the program gives, or null. */
  check(value: unknown): string | null {
    if (value === null)
      return this.options.nullable ? null : 'it may not be null; add .null() to the field if it should'
    if (value === undefined) return 'it is undefined; say null if you mean no value'
    return this.kind.check(value)
  }

  /** The field as a Standard Schema v1 (standardschema.dev), for libraries that take any validator. */
  get '~standard'(): StandardSchema<T> {
    return {
      version: 1,
      vendor: 'reticle',
      validate: (input) => {
        const parsed = this.parse(input)
        return parsed.error === undefined ? { value: parsed.value as T } : { issues: [{ message: parsed.error }] }
      },
    }
  }
}

interface StandardSchema<T> {
  readonly version: 1
  readonly vendor: string
  readonly validate: (input: unknown) => { value: T } | { issues: readonly { message: string }[] }
  readonly types?: { readonly input: unknown; readonly output: T }
}
