/**
 * Forms: from one set of fields come the checked, typed data, the errors beside their controls, and the HTML.
 *
 *     const signUp = form({ email: f.email(), name: f.text(80) })       // or form(User, 'email', 'name')
 *     const form = await c.form(signUp)
 *     if (!form.ok) return c.render('signup.html', { form }, { status: 422 })
 *     form.data.email                                                    // string
 */
import type { Parameters } from '../../http/index.ts'
import { renderHtml, type SafeHtml } from '../../templates/safe.ts'
import { CSRF_FIELD } from '../security/csrf.ts'
import type { FormField, ValueOf } from './field.ts'
import type { FormInput } from './input.ts'
import { csrfInput, FormControl, type FormState, renderForm } from './render.ts'

export type FormFields = Readonly<Record<string, FormField<unknown>>>
export type DataOf<F extends FormFields> = { [K in keyof F]: ValueOf<F[K]> }
export type ErrorsOf<F extends FormFields> = { readonly [K in keyof F | '']?: string }

/** A form that was sent or is to be filled in; `ok` says whether `data` is there. */
export type FormResult<F extends FormFields> =
  | (BoundForm<F> & { readonly ok: true; readonly data: DataOf<F> })
  | (BoundForm<F> & { readonly ok: false; readonly data: null })

/** What a form needs of the request for its token. */
export interface TokenSource {
  readonly csrfToken: string
}

/** Names that a form has itself. */
const TAKEN = [
  'ok',
  'data',
  'errors',
  'controls',
  'error',
  'csrf',
  'fail',
  'reject',
  '__proto__',
  'constructor',
  CSRF_FIELD,
]

export class FormDefinition<F extends FormFields> {
  readonly fields: F

  /** @throws TypeError for a name that a form cannot have, or a field that is none. */
  constructor(fields: F) {
    for (const [name, field] of Object.entries(fields)) {
      if (TAKEN.includes(name)) throw new TypeError(`form: a field cannot be called '${name}'`)
      if (typeof field?.parse !== 'function' || field.widget === undefined)
        throw new TypeError(`form: '${name}' is no field that a form can hold`)
    }
    this.fields = fields
  }

  /** To be filled in. @param initial values that stand in the controls: a row, say. */
  blank(initial: object = {}, token: TokenSource | null = null): FormResult<F> {
    const texts = new Map<string, string>()
    for (const [name, field] of Object.entries(this.fields)) {
      const value = Object.hasOwn(initial, name) ? (initial as Record<string, unknown>)[name] : undefined
      if (value !== undefined && value !== null) texts.set(name, field.format ? field.format(value) : String(value))
    }
    return new BoundForm(this.fields, texts, new Map(), null, token) as FormResult<F>
  }

  /** Reads what was sent. Never throws for what it finds there. */
  read(input: FormInput, token: TokenSource | null = null): FormResult<F> {
    const find = (name: string, { widget }: FormField) =>
      widget.element === 'file' ? input.file(name) : input.get(name)
    const form = this.#bind(find, token)
    for (const [name, why] of input.oversized) if (this.takesFile(name)) form.fail(name as keyof F & string, why)
    return form
  }

  /** Whether it has a control for files of that name. */
  takesFile(name: string): boolean {
    return Object.hasOwn(this.fields, name) && this.fields[name]!.widget.element === 'file'
  }

  /** Reads the query of the page's address: for forms that search and sort. */
  readQuery(query: Parameters): FormResult<F> {
    return this.#bind((name) => query.all(name).at(-1), null)
  }

  /** Reads the own properties of an object, such as JSON has; what is none has no fields. Never throws for it. */
  readValues(values: unknown): FormResult<F> {
    const given = (typeof values === 'object' && values !== null ? values : {}) as Readonly<Record<string, unknown>>
    return this.#bind((name) => (Object.hasOwn(given, name) ? given[name] : undefined), null)
  }

  #bind(find: (name: string, field: FormField<unknown>) => unknown, token: TokenSource | null): FormResult<F> {
    const texts = new Map<string, string>()
    const errors = new Map<string, string>()
    const data: Record<string, unknown> = Object.create(null)
    for (const [name, field] of Object.entries(this.fields)) {
      const sent = find(name, field)
      if (typeof sent === 'string' && field.widget.type !== 'password') texts.set(name, sent)
      const parsed = field.parse(sent)
      if (parsed.error === undefined) data[name] = parsed.value
      else errors.set(name, parsed.error)
    }
    return new BoundForm(this.fields, texts, errors, errors.size === 0 ? data : null, token) as FormResult<F>
  }
}

/**
 * In a template `{{ form }}` is the whole form without its button, `{{ form.title }}` one field with label, control
 * and error, `{{ form.title.control }}`, `.label`, `.error`, `.value` its parts.
 */
export class BoundForm<F extends FormFields> {
  readonly #state: FormState
  #data: DataOf<F> | null
  /** The fields in order, for loops in templates. */
  readonly controls: readonly FormControl[]

  constructor(
    fields: F,
    texts: ReadonlyMap<string, string>,
    errors: Map<string, string>,
    data: Record<string, unknown> | null,
    token: TokenSource | null,
  ) {
    this.#state = { texts, errors, token }
    this.#data = data as DataOf<F> | null
    this.controls = Object.entries(fields).map(([name, field]) => new FormControl(name, field, this.#state))
    for (const control of this.controls) Object.defineProperty(this, control.name, { value: control, enumerable: true })
  }

  /** Whether it was sent and nothing is wrong with it. */
  get ok(): boolean {
    return this.#data !== null
  }

  get data(): DataOf<F> | null {
    return this.#data
  }

  /** What is wrong with the whole, '' for nothing. */
  get error(): string {
    return this.#state.errors.get('') ?? ''
  }

  /** By field; under '' what is wrong with the whole. */
  get errors(): ErrorsOf<F> {
    return Object.assign(Object.create(null), Object.fromEntries(this.#state.errors)) as ErrorsOf<F>
  }

  /** The hidden input with the page's token. */
  get csrf(): SafeHtml {
    return csrfInput(this.#state)
  }

  /** Makes the form wrong after all: `form.fail('email', 'This address is taken.')`; '' is the whole form. */
  fail(field: (keyof F & string) | '', message: string): this {
    this.#state.errors.set(field, message)
    this.#data = null
    return this
  }

  /**
   * Takes an error that names one of the fields, as the models throw when a value is taken already; any other is
   * thrown on: `try { … } catch (error) { form.reject(error) }`.
   */
  reject(error: unknown): this {
    const { field, message, words = message } = (error ?? {}) as Record<string, unknown>
    if (typeof field === 'string' && typeof words === 'string' && this.controls.some(({ name }) => name === field))
      return this.fail(field as keyof F & string, words)
    throw error
  }

  [renderHtml](): SafeHtml {
    return renderForm(this.controls, this.#state)
  }
}

/** The names of a model's properties that a form can hold. */
export type FormNames<M> = { [K in keyof M]: M[K] extends { parse(input: unknown): unknown } ? K : never }[keyof M] &
  string
export type PickFields<M, K extends keyof M> = { [P in K]: M[P] extends FormField<unknown> ? M[P] : never }

/** A form of free-standing fields, or of fields of a model. @throws TypeError for what is no field of a form. */
export function form<M extends object, const K extends FormNames<M>>(
  model: new () => M,
  ...names: readonly K[]
): FormDefinition<PickFields<M, K>>
export function form<F extends FormFields>(fields: F): FormDefinition<F>
export function form(of: FormFields | (new () => object), ...names: readonly string[]): FormDefinition<FormFields> {
  if (typeof of !== 'function') return new FormDefinition(of)
  const model = new of() as Record<string, FormField<unknown>>
  const fields: Record<string, FormField<unknown>> = {}
  for (const name of names) {
    if (!Object.hasOwn(model, name)) throw new TypeError(`form: ${of.name} has no field '${name}'`)
    fields[name] = model[name]!
  }
  return new FormDefinition(fields)
}
