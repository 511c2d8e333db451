/** What a form needs of a field: how text becomes a value, and how it is shown. The fields of models are such fields. */

import type { Problem } from '../../base/problem.ts'
import { problem } from '../../base/problem.ts'
import { type AnySchema, isStandardSchema, type SchemaOutput } from '../../base/standard-schema.ts'
import { UsageError } from '../errors.ts'
import type { Context } from '../request/context.ts'

/** The outcome of reading input: the value, or what is wrong with it. */
export type Parsed<T> =
  | { readonly value: T; readonly error?: undefined }
  | { readonly error: Problem | string; readonly value?: undefined }

/** One of the values that a control offers. */
export interface Choice {
  /** What is sent. */
  readonly value: string
  /** What people read. */
  readonly label: string
}

/** How a field is shown in HTML. */
export interface Widget {
  /** `input` takes `type`; a `checkbox` is an input that is on or off; `radios` shows all choices at once. */
  readonly element: 'input' | 'textarea' | 'select' | 'radios' | 'checkbox' | 'file'
  /** The input's type: text, email, password, number, date, datetime-local, url, hidden, … */
  readonly type?: string
  /** More attributes: `maxlength`, `min`, `accept`, … */
  readonly attributes?: Readonly<Record<string, string | number | boolean>>
  readonly choices?: readonly Choice[]
}

/** What a form can hold: `f.text(80)`, a model's field, `upload()`, a schema in `field(…)`, or one of your own. */
export interface FormField<T = unknown> {
  /**
   * The value of what was sent: the text of the control, undefined when it was not sent (an unticked checkbox), an
   * `Upload` for a file, all texts of that name where `many` is true. Never throws.
   */
  parse(input: unknown): Parsed<T> | Promise<Parsed<T>>
  /** How it is shown. */
  readonly widget: Widget
  /** Whether several values of the name are read, as an array. */
  readonly many?: boolean
  /** `label`: the text for people, made from the field's name when absent; `help`: a sentence beside the control. */
  readonly options?: { readonly label?: string | undefined; readonly help?: string | undefined }
  /** Whether the control must be filled in. */
  readonly required?: boolean
  /** The text that stands in the control for a value; `String(value)` when absent. */
  format?(value: unknown): string
  /** The field for one request, before it is shown or read: with the choices that this visitor has. */
  prepare?(c: Context<unknown, unknown> | null): FormField<T> | Promise<FormField<T>>
}

type Given<R> = R extends { readonly error?: undefined; readonly value: infer T } ? T : never

/** The type that a field's `parse` gives, or that a schema gives. */
export type ValueOf<F> = F extends { readonly widget: Widget; parse(input: unknown): infer R }
  ? Given<Awaited<R>>
  : SchemaOutput<F>

/** How a field made of a schema is shown. */
export interface SchemaFieldOptions {
  /** The text for people; made from the field's name when absent. */
  readonly label?: string
  /** A sentence beside the control. */
  readonly help?: string
  /** Default: a line of text. */
  readonly widget?: Widget
  /** Whether browsers insist on a value; the schema decides in the end. */
  readonly required?: boolean
  /** Whether several values of the name are read, as an array. */
  readonly many?: boolean
  /** The text that stands in the control for a value; `String(value)` when absent. */
  readonly format?: (value: unknown) => string
}

class SchemaField<T> implements FormField<T> {
  readonly widget: Widget
  readonly many: boolean
  readonly required: boolean
  readonly options: { readonly label?: string | undefined; readonly help?: string | undefined }
  readonly #schema: AnySchema<T>
  readonly #format: ((value: unknown) => string) | undefined

  constructor(schema: AnySchema<T>, options: SchemaFieldOptions) {
    this.#schema = schema
    this.widget = options.widget ?? { element: 'input', type: 'text' }
    this.many = options.many ?? false
    this.required = options.required ?? false
    this.options = { label: options.label, help: options.help }
    this.#format = options.format
  }

  async parse(input: unknown): Promise<Parsed<T>> {
    const result = await this.#schema['~standard'].validate(input)
    if (result.issues === undefined) return { value: result.value }
    return { error: problem('schema', result.issues.map((issue) => issue.message).join(' ')) }
  }

  format(value: unknown): string {
    return this.#format === undefined ? String(value) : this.#format(value)
  }
}

/**
 * A field of any Standard Schema (Zod, Valibot, ArkType, …), with a label and a control of its own. A form takes a bare
 * schema too, and shows a line of text for it.
 *
 * @example
 * const booking = form({ seats: field(z.coerce.number().int().min(1), { label: 'Seats', widget: { element: 'input', type: 'number' } }) })
 */
export function field<T>(schema: AnySchema<T>, options: SchemaFieldOptions = {}): FormField<T> {
  if (!isStandardSchema(schema)) throw new UsageError('field(): the first argument must be a Standard Schema')
  return new SchemaField(schema, options)
}

/** Whether a value has what a form needs of a field. */
export function isFormField(value: unknown): value is FormField {
  if (typeof value !== 'object' || value === null) return false
  const { parse, widget } = value as Partial<FormField>
  return typeof parse === 'function' && typeof widget === 'object'
}
