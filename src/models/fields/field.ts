/** A field: what one property of a model holds, and how input for the field is read and checked. */

import { type Problem, problem } from '../../base/problem.ts'
import type { StandardSchema } from '../../base/standard-schema.ts'
import type { Kind, Parsed, Widget } from './kind.ts'

/** The default of a datetime that holds when the row was made: the clock is known only when a row is made. */
export const NOW: unique symbol = Symbol('now')

/** What the chained calls of a field set. */
export interface FieldOptions<T> {
  /** Whether null is a value: `.null()`. */
  readonly nullable: boolean
  /** Whether no two rows have the same value: `.unique()`. */
  readonly unique: boolean
  /** Whether the column has an index: `.index()`. */
  readonly index: boolean
  /** Whether the empty string is a value: `.blank()`. */
  readonly blank: boolean
  /** The default value, or a function that makes one for every new row; undefined for no default. */
  readonly default: T | (() => T) | typeof NOW | undefined
  /** What people call the field: `.label('E-mail')`. */
  readonly label: string | undefined
  /** A sentence beside the input: `.help('…')`. */
  readonly help: string | undefined
  /** What browsers fill in: `.autocomplete('username')`. */
  readonly autocomplete: string | undefined
}

/** The options of a field without chained calls. */
export const PLAIN = {
  nullable: false,
  unique: false,
  index: false,
  blank: false,
  default: undefined,
  label: undefined,
  help: undefined,
  autocomplete: undefined,
} as const

/** The problem of a field without a value. */
export const REQUIRED: Problem = problem('required', 'This field is required.')

/**
 * What one property of a model holds. Fields are declared with `f` (`f.text(200).unique()`); each chained call gives a new
 * field and leaves the field before as it was.
 *
 * @typeParam T the type of the values
 * @typeParam Optional whether `create` may leave the field out
 */
export class Field<T, Optional extends boolean = false> {
  /** For the type checker only. */
  declare readonly '~value': T
  declare readonly '~optional': Optional

  /** The kind of field: its type, its parameters, its control. */
  readonly kind: Kind<NonNullable<T>>
  /** What the chained calls have set. */
  readonly options: FieldOptions<T>

  constructor(kind: Kind<NonNullable<T>>, options: FieldOptions<T> = PLAIN) {
    this.kind = kind
    this.options = options
  }

  /** The same field with other options. */
  protected but(options: Partial<FieldOptions<T>>): this {
    const Same = this.constructor as new (kind: Kind<NonNullable<T>>, options: FieldOptions<T>) => this
    return new Same(this.kind, { ...this.options, ...options })
  }

  /** May be null; a form's empty input becomes null, and `create` may leave it out. */
  null(): Field<T | null, true> {
    return this.but({ nullable: true }) as unknown as Field<T | null, true>
  }

  /** No two rows have the same value (any number may have null). */
  unique(): this {
    return this.but({ unique: true })
  }

  /** Gives the column an index: for fields that are often looked up or sorted by. */
  index(): this {
    return this.but({ index: true })
  }

  /** The value for a new row when `create` or a form gives no value. A function is called for every row. */
  default(value: T | (() => T)): Field<T, true> {
    return this.but({ default: value }) as unknown as Field<T, true>
  }

  /** The empty string is a value too; without `.blank()` a form refuses empty text as missing. */
  blank(): this {
    return this.but({ blank: true })
  }

  /** What people call the field. Default: made from the property's name. */
  label(words: string): this {
    return this.but({ label: words })
  }

  /** A sentence that a form shows beside the input. */
  help(words: string): this {
    return this.but({ help: words })
  }

  /** What browsers and password keepers fill in: `username`, `current-password`, `off` (HTML §4.10.18.7). */
  autocomplete(purpose: string): this {
    return this.but({ autocomplete: purpose })
  }

  /** Whether a form must give a value. */
  get required(): boolean {
    const { nullable, blank, default: standard } = this.options
    return !nullable && !blank && standard === undefined && this.kind.name !== 'boolean'
  }

  /** The control in a form. */
  get widget(): Widget {
    const { widget } = this.kind
    const { autocomplete } = this.options
    return autocomplete === undefined ? widget : { ...widget, attributes: { ...widget.attributes, autocomplete } }
  }

  /**
   * Reads the value that a form or a JSON body gave for this field. Remote input: never throws.
   * @param input a string, or any value of JSON; undefined, null and '' mean that no value was given.
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

  /** The default for a new row; undefined without a default, or where the default is the time. */
  standard(): T | undefined {
    const standard = this.options.default
    if (standard === NOW) return undefined
    if (typeof standard === 'function') return (standard as () => T)()
    // A list or an object of its own for each row: who changes one shall not change the default.
    return typeof standard === 'object' && standard !== null ? structuredClone(standard) : standard
  }

  /** The value as an input of a form shows it; '' for null and for a value of another type. */
  format(value: unknown): string {
    if (value === null || value === undefined) return ''
    if (this.kind.check(value) === null && this.kind.format) return this.kind.format(value as NonNullable<T>)
    return typeof value === 'object' ? '' : String(value)
  }

  /** What is wrong with a value that the program wants to store, or null. */
  check(value: unknown): string | null {
    if (value === null)
      return this.options.nullable ? null : 'null is not allowed; add .null() to the field to allow null'
    if (value === undefined) return 'undefined is not a value; use null for no value'
    return this.kind.check(value)
  }

  /** The field as a Standard Schema v1 (standardschema.dev), for libraries that accept any validator. */
  get '~standard'(): StandardSchema<unknown, T>['~standard'] {
    return {
      version: 1,
      vendor: 'reticle',
      validate: (input) => {
        const parsed = this.parse(input)
        return parsed.error === undefined ? { value: parsed.value as T } : { issues: [{ message: parsed.error.text }] }
      },
    }
  }
}
