/** Fields that lead to other models: a reference, which is a column here, and the many that refer to this one. */
import type { OnDelete } from '../state.ts'
import { type FieldOptions, PLAIN, REQUIRED } from './field.ts'
import type { Kind, Parsed, Widget } from './kind.ts'
import { reference } from './numbers.ts'

/** A class of models. Written so that it asks nothing of the class's fields, which lets models refer in a circle. */
export type Class<M extends object> = new () => M

export interface RefOptions {
  /** Default 'restrict': the row referred to cannot be deleted. */
  readonly onDelete?: OnDelete
}

const REFERENCE: FieldOptions<number | null> = { ...PLAIN, index: true }

/** A reference to a row of another model; the column and the property `…Id` hold its id. */
export class Ref<M extends object, Nullable extends boolean = false> {
  declare readonly '~model': M
  declare readonly '~nullable': Nullable

  readonly target: () => Class<M>
  readonly onDelete: OnDelete
  readonly kind: Kind<number> = reference()
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

  label(words: string): Ref<M, Nullable> {
    return this.#but({ label: words })
  }

  help(words: string): Ref<M, Nullable> {
    return this.#but({ help: words })
  }

  get required(): boolean {
    return !this.options.nullable
  }

  get widget(): Widget {
    return this.kind.widget
  }

  /** Reads the id that a form gave. That the row exists is for the database to say. */
  parse(input: unknown): Parsed<Nullable extends true ? number | null : number> {
    type Id = Nullable extends true ? number | null : number
    const given = typeof input === 'string' ? input.trim() : input
    if (given === undefined || given === null || given === '') {
      return this.options.nullable ? { value: null as Id } : { error: REQUIRED }
    }
    const parsed = this.kind.parse(given)
    return parsed.error === undefined ? { value: parsed.value as Id } : parsed
  }

  format(value: unknown): string {
    return value === null || value === undefined ? '' : String(value)
  }

  check(value: unknown): string | null {
    if (value === null)
      return this.options.nullable ? null : 'null where a row belongs; add .null() to the field if null is a value'
    return this.kind.check(value)
  }
}

/** The rows of another model that refer to this one; no column. Loaded by `.with('…')`. */
export class Many<M extends object> {
  declare readonly '~many': M

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
