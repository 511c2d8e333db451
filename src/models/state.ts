/** A model as plain data, from which tables, migrations, forms and documents are made. */

/** A value that JSON can write. */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [name: string]: Json }

/** What a column holds, whatever a database calls the type: a logical type, and the rules for every value. */
export type ColumnType =
  /** A whole number from 1 that the database gives, and never gives twice. */
  | { readonly type: 'id' }
  /** `max` counts UTF-16 units; `choices` are all the values there are. */
  | { readonly type: 'text'; readonly max?: number; readonly choices?: readonly string[] }
  /** A whole number that JavaScript holds exactly: up to 2^53 − 1 either way. */
  | { readonly type: 'integer'; readonly min?: number; readonly max?: number }
  /** A finite double. */
  | { readonly type: 'float'; readonly min?: number; readonly max?: number }
  | { readonly type: 'boolean' }
  /** A day of the calendar, `2026-11-24`. */
  | { readonly type: 'date' }
  /** A moment of the years 1 to 9999, to the millisecond. */
  | { readonly type: 'datetime' }
  | { readonly type: 'json' }

/** The first and the last moment that a datetime can be: texts of four digits have no more years, nor have all databases. */
export const FIRST_MOMENT = Date.parse('0001-01-01T00:00:00.000Z')
export const LAST_MOMENT = Date.parse('9999-12-31T23:59:59.999Z')

/** The name of a logical type: `text`, `integer`, … */
export type LogicalType = ColumnType['type']

/** A field as JSON. */
export interface FieldState {
  /** The property of a row: `authorId`. */
  readonly name: string
  /** The column in the table: `author_id`. */
  readonly column: string
  /** The kind of field, called as in `f`: `slug`. */
  readonly kind: string
  /** The kind's parameters: `{ max: 100 }`. */
  readonly params: { readonly [name: string]: Json }
  /** What the column holds. */
  readonly stores: ColumnType
  /** Whether null is a value. */
  readonly nullable: boolean
  /** Whether no two rows have the same value. */
  readonly unique: boolean
  /** Whether the column has an index. */
  readonly index: boolean
  /** The default value; `'now'`: the time when the row is made; `'computed'`: a function of the program; null: no default. */
  readonly default: { readonly value: Json } | 'now' | 'computed' | null
  /** The row that the column refers to; null for a column that is not a reference. */
  readonly references: ReferenceState | null
  /** What people call the field; null for a name made from the property. */
  readonly label: string | null
  /** The sentence beside the input; null for no sentence. */
  readonly help: string | null
}

/**
 * What happens to a row when the row it refers to is deleted: the row is deleted too, the deletion is refused, or the
 * reference becomes null.
 */
export type OnDelete = 'cascade' | 'restrict' | 'set null'

/** Where a reference leads, as JSON. */
export interface ReferenceState {
  /** The name of the model referred to. */
  readonly model: string
  /** The table of that model. */
  readonly table: string
  /** The column referred to: `id`. */
  readonly column: string
  /** What happens when the row referred to is deleted. */
  readonly onDelete: OnDelete
}

/** A model as JSON. Two models with the same state have the same table, forms and documents. */
export interface ModelState {
  /** The name of the class. */
  readonly model: string
  /** The name of the table. */
  readonly table: string
  /** In the order of declaration. */
  readonly fields: readonly FieldState[]
  /** The rows of other models that refer to this one. */
  readonly many: readonly { readonly name: string; readonly model: string; readonly by: string }[]
}
