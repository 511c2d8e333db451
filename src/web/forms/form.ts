/**
 * Forms: from one set of fields come the checked, typed data, the errors beside their controls, and the HTML.
 *
 *     const signUp = form({ email: f.email(), name: f.text(80) })       // or form(User, 'email', 'name')
 *     const form = await c.form(signUp)
 *     if (!form.ok) return c.render('signup.html', { form }, { status: 422 })
 *     form.data.email                                                    // string
 */

import { type Problem, problem } from '../../base/problem.ts'
import { type AnySchema, isStandardSchema } from '../../base/standard-schema.ts'
import type { Parameters } from '../../http/index.ts'
import { renderHtml, type SafeHtml } from '../../templates/safe.ts'
import { UsageError } from '../errors.ts'
import type { Context, FormReader } from '../request/context.ts'
import type { FormInput } from '../request/form-input.ts'
import { CSRF_FIELD } from '../security/csrf.ts'
import { type FormField, field, isFormField, type ValueOf } from './field.ts'
import { csrfInput, FormControl, type FormState, renderForm } from './render.ts'

/** Fields by name: those of `f`, of models, `upload()`, or any Standard Schema. */
export type FormFields = Readonly<Record<string, FormField<unknown> | AnySchema>>
/** The checked data of a form. */
export type DataOf<F> = { [K in keyof F]: ValueOf<F[K]> }
export type ErrorsOf<F> = { readonly [K in keyof F | '']?: string }

/** A form with everything right. */
export type ValidForm<F> = BoundForm<F> & { readonly ok: true; readonly data: DataOf<F> }
/** A form that is to be filled in, or filled in again. */
export type OpenForm<F> = BoundForm<F> & { readonly ok: false; readonly data: null }
/** A form that was sent or is to be filled in; `ok` says whether `data` is there. */
export type FormResult<F> = ValidForm<F> | OpenForm<F>

/** What is wrong, by field; '' is the whole form. */
export type Problems<F> = { readonly [K in (keyof F & string) | '']?: Problem | string | undefined }

// biome-ignore lint/suspicious/noConfusingVoidType: a check that finds nothing need not say so
type Findings<F> = Problems<F> | null | undefined | void

/**
 * Looks at the data of a form whose fields are right each by themselves. May ask the database.
 * @param c null where the form is read outside a request.
 */
export type FormCheck<F> = (
  data: DataOf<F>,
  c: Context<unknown, unknown> | null,
) => Findings<F> | PromiseLike<Findings<F>>

type AnyContext = Context<unknown, unknown> | null

/** Names that no field can have: the token's, and the one that objects lose. */
const TAKEN: readonly string[] = ['__proto__', CSRF_FIELD, '']

/** The fields of a form and its checks; `c.form(…)` reads what a visitor sent by it. */
export class FormDefinition<F extends FormFields> implements FormReader<FormResult<F>> {
  /** The fields by name, bare schemas made fields. */
  readonly fields: F
  readonly #fields: Readonly<Record<string, FormField>>
  readonly #checks: readonly FormCheck<F>[]

  /** @throws UsageError for a name that a form cannot have, or for what is no field. */
  constructor(fields: F, checks: readonly FormCheck<F>[] = []) {
    const made: Record<string, FormField> = Object.create(null)
    for (const [name, given] of Object.entries(fields)) {
      if (TAKEN.includes(name)) throw new UsageError(`form(): a field cannot be named '${name}'`)
      if (isFormField(given)) made[name] = given
      else if (isStandardSchema(given)) made[name] = field(given)
      else throw new UsageError(`form(): '${name}' must be a field (f.text(80), upload(), …) or a Standard Schema`)
    }
    this.fields = fields
    this.#fields = made
    this.#checks = checks
  }

  /**
   * The same form with one more check of its data, which may take its time.
   *
   * @example
   * const signUp = form({ name: f.slug(30) }).check(async ({ name }) =>
   *   (await Member.exists({ name })) ? { name: 'This name is taken.' } : null)
   */
  check(check: FormCheck<F>): FormDefinition<F> {
    return new FormDefinition(this.fields, [...this.#checks, check])
  }

  /** To be filled in. @param initial values that stand in the controls: a row, say. */
  async blank(initial: object = {}, c: AnyContext = null): Promise<OpenForm<F>> {
    const fields = await this.#prepared(c)
    const texts = new Map<string, readonly string[]>()
    for (const [name, one] of Object.entries(fields)) {
      const value = Object.hasOwn(initial, name) ? (initial as Record<string, unknown>)[name] : undefined
      if (value === undefined || value === null) continue
      const format = (single: unknown) => (one.format ? one.format(single) : String(single))
      texts.set(name, one.many && Array.isArray(value) ? value.map(format) : [format(value)])
    }
    return new BoundForm<F>(fields, stateOf(texts, new Map(), c), null) as OpenForm<F>
  }

  /** Reads what was sent. Never throws for what it finds there. */
  read(input: FormInput, c: AnyContext = null): Promise<FormResult<F>> {
    const find = (name: string, one: FormField) =>
      one.widget.element === 'file' ? input.file(name) : one.many ? input.getAll(name) : input.get(name)
    return this.#bind(find, c, input.oversized)
  }

  /** Whether it has a control for files of that name. */
  takesFile(name: string): boolean {
    return Object.hasOwn(this.#fields, name) && this.#fields[name]!.widget.element === 'file'
  }

  /** Reads the query of the page's address: for forms that search and sort. */
  readQuery(query: Parameters, c: AnyContext = null): Promise<FormResult<F>> {
    return this.#bind((name, one) => (one.many ? query.all(name) : query.all(name).at(-1)), c)
  }

  /** Reads the own properties of an object, such as JSON has; what is none has no fields. Never throws for it. */
  readValues(values: unknown, c: AnyContext = null): Promise<FormResult<F>> {
    const given = (typeof values === 'object' && values !== null ? values : {}) as Readonly<Record<string, unknown>>
    return this.#bind((name) => (Object.hasOwn(given, name) ? given[name] : undefined), c)
  }

  async #prepared(c: AnyContext): Promise<Readonly<Record<string, FormField>>> {
    const fields = this.#fields
    if (!Object.values(fields).some((one) => one.prepare !== undefined)) return fields
    const prepared: Record<string, FormField> = Object.create(null)
    for (const [name, one] of Object.entries(fields)) prepared[name] = one.prepare ? await one.prepare(c) : one
    return prepared
  }

  async #bind(
    find: (name: string, field: FormField) => unknown,
    c: AnyContext,
    oversized: ReadonlyMap<string, string> = new Map(),
  ): Promise<FormResult<F>> {
    const fields = await this.#prepared(c)
    const texts = new Map<string, readonly string[]>()
    const problems = new Map<string, Problem>()
    const data: Record<string, unknown> = Object.create(null)
    for (const [name, one] of Object.entries(fields)) {
      const sent = find(name, one)
      if (one.widget.type !== 'password') {
        if (typeof sent === 'string') texts.set(name, [sent])
        else if (Array.isArray(sent))
          texts.set(
            name,
            sent.filter((text) => typeof text === 'string'),
          )
      }
      const tooLarge = oversized.get(name)
      const parsed = tooLarge === undefined ? one.parse(sent) : { error: problem('file-too-large', tooLarge) }
      const { value, error } = parsed instanceof Promise ? await parsed : parsed
      if (error === undefined) data[name] = value
      else problems.set(name, asProblem(error))
    }
    if (problems.size === 0) await this.#checkAll(data as DataOf<F>, c, problems)
    return new BoundForm<F>(
      fields,
      stateOf(texts, problems, c),
      problems.size === 0 ? (data as DataOf<F>) : null,
    ) as FormResult<F>
  }

  async #checkAll(data: DataOf<F>, c: AnyContext, problems: Map<string, Problem>): Promise<void> {
    for (const check of this.#checks) {
      const found = (await check(data, c)) ?? {}
      for (const [name, what] of Object.entries(found) as [string, Problem | string | undefined][]) {
        if (what === undefined) continue
        if (name !== '' && !Object.hasOwn(this.#fields, name))
          throw new UsageError(`form().check(): the form has no field '${name}'; '' is the whole form`)
        if (!problems.has(name)) problems.set(name, asProblem(what))
      }
    }
  }
}

function asProblem(what: Problem | string): Problem {
  return typeof what === 'string' ? problem('invalid', what) : what
}

function stateOf(
  texts: ReadonlyMap<string, readonly string[]>,
  problems: ReadonlyMap<string, Problem>,
  c: AnyContext,
): FormState {
  return { texts, problems, token: c, word: (what) => (c === null ? what.text : c.word(what)) }
}

/**
 * A form as one visitor sees it: never changed, so that `ok` stays true of it. In a template `{{ form }}` is the whole
 * form without its button, `{{ form.title }}` one field with label, control and error, `{{ form.title.control }}`,
 * `.label`, `.error`, `.value` its parts. A field whose name is one of the form's own is found in `form.fields`.
 */
export class BoundForm<F> {
  readonly #state: FormState
  readonly #definition: Readonly<Record<string, FormField>>
  /** The checked data; null while something is wrong or missing. */
  readonly data: DataOf<F> | null
  /** The fields in order, for loops in templates. */
  readonly controls: readonly FormControl[]
  /** The same by name. */
  readonly fields: Readonly<Record<string, FormControl>>

  constructor(definition: Readonly<Record<string, FormField>>, state: FormState, data: DataOf<F> | null) {
    this.#definition = definition
    this.#state = state
    this.data = data
    this.controls = Object.entries(definition).map(([name, one]) => new FormControl(name, one, state))
    const fields: Record<string, FormControl> = Object.create(null)
    for (const control of this.controls) {
      fields[control.name] = control
      if (!(control.name in this)) Object.defineProperty(this, control.name, { value: control, enumerable: true })
    }
    this.fields = Object.freeze(fields)
  }

  /** Whether it was sent and nothing is wrong with it. */
  get ok(): boolean {
    return this.data !== null
  }

  /** What is wrong with the whole, '' for nothing. */
  get error(): string {
    return this.errors[''] ?? ''
  }

  /** In words, by field; under '' what is wrong with the whole. */
  get errors(): ErrorsOf<F> {
    const errors: Record<string, string> = Object.create(null)
    for (const [name, what] of this.#state.problems) errors[name] = this.#state.word(what)
    return errors as ErrorsOf<F>
  }

  /** The same as data. */
  get problems(): Readonly<Record<string, Problem>> {
    return Object.assign(Object.create(null), Object.fromEntries(this.#state.problems))
  }

  /** The hidden input with the page's token. */
  get csrf(): SafeHtml {
    return csrfInput(this.#state)
  }

  /** The same form with something wrong after all: `form.withError('email', 'This address is taken.')`; '' is the whole. */
  withError(name: (keyof F & string) | '', what: Problem | string): OpenForm<F> {
    if (name !== '' && !Object.hasOwn(this.#definition, name))
      throw new UsageError(`form.withError(): the form has no field '${name}'; '' is the whole form`)
    const problems = new Map(this.#state.problems).set(name, asProblem(what))
    return new BoundForm<F>(this.#definition, { ...this.#state, problems }, null) as OpenForm<F>
  }

  /**
   * The same form with an error that names one of its fields, as the models throw when a value is taken already. Any
   * other is thrown on: `try { … } catch (error) { return show(form.withErrorOf(error)) }`.
   */
  withErrorOf(error: unknown): OpenForm<F> {
    const { field: name, problem: what, words } = (error ?? {}) as Record<string, unknown>
    const said = isProblem(what) ? what : words
    if (typeof name === 'string' && Object.hasOwn(this.fields, name) && (typeof said === 'string' || isProblem(said)))
      return this.withError(name as keyof F & string, said)
    throw error
  }

  [renderHtml](): SafeHtml {
    return renderForm(this.controls, this.#state)
  }
}

function isProblem(value: unknown): value is Problem {
  return typeof value === 'object' && value !== null && typeof (value as Partial<Problem>).text === 'string'
}

/** The names of a model's properties that a form can hold. */
export type FormNames<M> = { [K in keyof M]: M[K] extends FormField<unknown> ? K : never }[keyof M] & string
export type PickFields<M, K extends keyof M> = { [P in K]: M[P] extends FormField<unknown> ? M[P] : never }

/**
 * A form of free-standing fields, or of fields of a model. @throws UsageError for what is no field of a form.
 *
 * @example
 * const signUp = form(Member, 'email', 'password')
 * const contact = form({ name: f.text(80), message: f.text(4000), picture: upload({ accept: ['image/*'] }).optional() })
 */
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
    if (!Object.hasOwn(model, name)) throw new UsageError(`form(): ${of.name} has no field '${name}'`)
    fields[name] = model[name]!
  }
  return new FormDefinition(fields)
}
