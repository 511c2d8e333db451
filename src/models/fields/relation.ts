/** Fields that lead to other models: a reference, which is a column here, and the many that refer to this one. */
import { type FieldOptions, type Kind, type Parsed, REQUIRED, type Widget } from './field.ts'
import { id } from './plain.ts'

/** A class of models. Written so that it asks nothing of the class's fields, which lets models refer in a circle. */
export type Class<M extends object> = new () => M

/** What happens to the row when the row it refers to is deleted. */
export type OnDelete = 'cascade' | 'restrict' | 'set null'

export interface RefOptions {
  /** Default 'restrict': the row referred to cannot be deleted. */
  readonly onDelete?: OnDelete
}

/** A reference to a row of another model; the column and the property `…Id` hold its id. */
export class Ref<M extends object, Nullable extends boolean = false> {
  declare readonly '~model': M
  declare readonly '~nullable': Nullable

  readonly target: () => Class<M>
  readonly onDelete: OnDelete
  readonly kind: Kind<number> = { ...id(), name: 'ref' }
  readonly options: FieldOptions<number | null> = {
    nullable: false,
    unique: false,
    index: true,
    blank: false,
    default: undefined,
    label: undefined,
    help: undefined,
  }

  constructor(target: () => Class<M>, options: RefOptions = {}) {
    this.target = target
    this.onDelete = options.onDelete ?? 'restrict'
  }

  /** May refer to nothing. */
  null(): Ref<M, true> {
    this.options.nullable = true
    return this as unknown as Ref<M, true>
  }

  /** At most one row refers to each row of the other model: a one-to-one relation. */
  unique(): this {
    this.options.unique = true
    return this
  }

  label(words: string): this {
    this.options.label = words
    return this
  }

  help(words: string): this {
    this.options.help = words
    return this
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
    return parsed.error === undefined ? { value: parsed.value as Id } : { error: 'Choose one of the values offered.' }
  }

  format(value: unknown): string {
    return value === null || value === undefined ? '' : String(value)
  }

  check(value: unknown): string | null {
    if (value === null)
      return this.options.nullable ? null : 'it may not be null; add .null() to the field if it should'
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
