/**
 * A field: what one property of a model holds, how it is written in a form, checked, stored and read back.
 * Fields are declared with `f` (`f.text(200).unique()`); each chained call gives a new field, and the one before stays.
 */

import { type Problem, problem } from '../../base/problem.ts'
import type { StandardSchema } from '../../base/standard-schema.ts'
import type { Kind, Parsed, Widget } from './kind.ts'

/** The default of a datetime that says when the row was made: the clock is known only when a row is made. */
export const NOW: unique symbol = Symbol('now')

export interface FieldOptions<T> {
  readonly nullable: boolean
  readonly unique: boolean
  readonly index: boolean
  readonly blank: boolean
  /** Undefined when there is none. A function is called for every new row. */
  readonly default: T | (() => T) | typeof NOW | undefined
  readonly label: string | undefined
  readonly help: string | undefined
  readonly autocomplete: string | undefined
}

/** Of a field that says nothing more. */
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

/** What follows from a value being absent. */
export const REQUIRED: Problem = problem('required', 'This field is required.')

export class Field<T, Optional extends boolean = false> {
  /** For the type checker only. */
  declare readonly '~value': T
  declare readonly '~optional': Optional

  readonly kind: Kind<NonNullable<T>>
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

  /** Looked up or sorted by often. */
  index(): this {
    return this.but({ index: true })
  }

  /** Taken when `create` or a form gives nothing. A function is asked anew for every row. */
  default(value: T | (() => T)): Field<T, true> {
    return this.but({ default: value }) as unknown as Field<T, true>
  }

  /** The empty string is a value too; without this a form's empty text is refused as missing. */
  blank(): this {
    return this.but({ blank: true })
  }

  /** What people call it; otherwise made from the property's name. */
  label(words: string): this {
    return this.but({ label: words })
  }

  /** A sentence shown beside the input. */
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
    if (typeof standard === 'function') return (standard as () => T)()
    // A list or an object of its own for each row: who changes one shall not change the default.
    return typeof standard === 'object' && standard !== null ? structuredClone(standard) : standard
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
      return this.options.nullable ? null : 'null where a value belongs; add .null() to the field if null is a value'
    if (value === undefined) return 'undefined where a value belongs; write null for no value'
    return this.kind.check(value)
  }

  /** The field as a Standard Schema v1 (standardschema.dev), for libraries that take any validator. */
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
