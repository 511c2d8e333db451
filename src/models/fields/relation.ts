/** Fields that lead to other models: a reference, which is a column here, and the many that refer to this one. */
import type { OnDelete } from '../state.ts'
import { type FieldOptions, PLAIN, REQUIRED } from './field.ts'
import type { Kind, Parsed, Widget } from './kind.ts'
import { reference } from './numbers.ts'

/** The class of a model. The type asks nothing of the fields, so that models can refer to each other. */
export type Class<M extends object> = new () => M

/** Options of `f.ref`. */
export interface RefOptions {
  /** What happens when the row referred to is deleted. Default 'restrict': the row cannot be deleted. */
  readonly onDelete?: OnDelete
}

const REFERENCE: FieldOptions<number | null> = { ...PLAIN, index: true }

/** A reference to a row of another model, declared with `f.ref`. The column and the property `…Id` hold the id of the row. */
export class Ref<M extends object, Nullable extends boolean = false> {
  declare readonly '~model': M
  declare readonly '~nullable': Nullable

  /** The model referred to. */
  readonly target: () => Class<M>
  /** What happens when the row referred to is deleted. */
  readonly onDelete: OnDelete
  /** The kind of field that holds the id. */
  readonly kind: Kind<number> = reference()
  /** What the chained calls have set. */
  readonly options: FieldOptions<number | null>

  constructor(target: () => Class<M>, { onDelete = 'restrict' }: RefOptions = {}, options = REFERENCE) {
    this.target = target
    this.onDelete = onDelete
    this.options = options
  }

  /** The same reference with other options. */
  #but(options: Partial<FieldOptions<number | null>>): Ref<M, Nullable> {
    return new Ref(this.target, { onDelete: this.onDelete }, { ...this.options, ...options })
  }

  /** May refer to nothing. */
  null(): Ref<M, true> {
    return this.#but({ nullable: true }) as unknown as Ref<M, true>
  }

  /** At most one row refers to each row of the other model: a one-to-one relation. */
  unique(): Ref<M, Nullable> {
    return this.#but({ unique: true })
  }

  /** What people call the field. Default: made from the property's name. */
  label(words: string): Ref<M, Nullable> {
    return this.#but({ label: words })
  }

  /** A sentence that a form shows beside the input. */
  help(words: string): Ref<M, Nullable> {
    return this.#but({ help: words })
  }

  /** Whether a form must give a value. */
  get required(): boolean {
    return !this.options.nullable
  }

  /** The control in a form. */
  get widget(): Widget {
    return this.kind.widget
  }

  /** Reads the id that a form gave. Remote input: never throws. Whether the row exists is checked by the database. */
  parse(input: unknown): Parsed<Nullable extends true ? number | null : number> {
    type Id = Nullable extends true ? number | null : number
    const given = typeof input === 'string' ? input.trim() : input
    if (given === undefined || given === null || given === '') {
      return this.options.nullable ? { value: null as Id } : { error: REQUIRED }
    }
    const parsed = this.kind.parse(given)
    return parsed.error === undefined ? { value: parsed.value as Id } : parsed
  }

  /** The id as an input of a form shows it. */
  format(value: unknown): string {
    return value === null || value === undefined ? '' : String(value)
  }

  /** What is wrong with an id that the program wants to store, or null. */
  check(value: unknown): string | null {
    if (value === null)
      return this.options.nullable ? null : 'null is not allowed; add .null() to the field to allow null'
    return this.kind.check(value)
  }
}

/** The rows of another model that refer to this one, declared with `f.many`. Has no column; loaded by `.with('…')`. */
export class Many<M extends object> {
  declare readonly '~many': M

  /** The model whose rows refer to this one. */
  readonly target: () => Class<M>
  /** The name of the other model's reference to this one. */
  readonly by: string

  constructor(target: () => Class<M>, by: string) {
    this.target = target
    this.by = by
  }
}

/**
 * The name of a reference of `M`, and never for any other name. Asks for the type of that one field only, which lets two
 * models have many of each other.
 */
export type ReferenceName<M, K extends string> = K extends keyof M
  ? M[K] extends { readonly '~model': object }
    ? K
    : never
  : never
