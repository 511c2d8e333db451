/** A control whose choices are found for each request: rows of a table, say. */
import { problem } from '../../base/problem.ts'
import type { Context } from '../request/context.ts'
import type { FormField, Parsed, Widget } from './field.ts'

/** How the choices of a control are shown. */
export interface ChoiceOfOptions<T> {
  /** What stands in the form for a choice; its `id` by default. */
  readonly value?: (choice: T) => string | number
  /** What people read. */
  readonly label: (choice: T) => string
  /** `select` by default. */
  readonly element?: 'select' | 'radios'
  /** The text for people beside the control; made from the field's name when absent. */
  readonly title?: string
  /** A sentence beside the control. */
  readonly help?: string
}

/**
 * A field whose value is one of what `load` gives, found anew for each request.
 *
 * @example
 * const vote = form({ option: choiceOf((c) => Option.where({ poll: c!.get(poll) }), { label: (o) => o.text, element: 'radios' }) })
 */
export function choiceOf<T>(
  load: (c: Context<unknown, unknown> | null) => readonly T[] | PromiseLike<readonly T[]>,
  options: ChoiceOfOptions<T>,
): FormField<T> {
  return new ChoiceOf(load, options, [])
}

class ChoiceOf<T> implements FormField<T> {
  readonly required = true
  readonly options: { readonly label?: string | undefined; readonly help?: string | undefined }
  readonly widget: Widget
  readonly #load: (c: Context<unknown, unknown> | null) => readonly T[] | PromiseLike<readonly T[]>
  readonly #given: ChoiceOfOptions<T>
  readonly #choices: ReadonlyMap<string, T>

  constructor(
    load: (c: Context<unknown, unknown> | null) => readonly T[] | PromiseLike<readonly T[]>,
    given: ChoiceOfOptions<T>,
    choices: readonly T[],
  ) {
    this.#load = load
    this.#given = given
    this.options = { label: given.title, help: given.help }
    this.#choices = new Map(choices.map((choice) => [this.#valueOf(choice), choice]))
    const shown = [...this.#choices].map(([value, choice]) => ({ value, label: given.label(choice) }))
    this.widget = { element: given.element ?? 'select', choices: shown }
  }

  #valueOf(choice: T): string {
    const { value } = this.#given
    return String(value === undefined ? (choice as { id?: unknown }).id : value(choice))
  }

  async prepare(c: Context<unknown, unknown> | null): Promise<FormField<T>> {
    return new ChoiceOf(this.#load, this.#given, await this.#load(c))
  }

  parse(input: unknown): Parsed<T> {
    if (input === undefined || input === null || input === '')
      return { error: problem('required', 'This field is required.') }
    const text = String(input)
    // Nothing but what was offered to this visitor.
    if (!this.#choices.has(text)) return { error: problem('choice', 'Choose one of the options.') }
    return { value: this.#choices.get(text) as T }
  }

  format(value: unknown): string {
    return typeof value === 'object' && value !== null ? this.#valueOf(value as T) : String(value)
  }
}
