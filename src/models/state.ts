/** What a model is, as plain data: what tables, migrations, forms and documents are made of, and compared by. */

export type Json = null | boolean | number | string | readonly Json[] | { readonly [name: string]: Json }

/** What a column holds, whatever a database calls it: a logical type and what it demands of every value. */
export type ColumnType =
  /** A whole number that the database gives, and never gives again. */
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

export type LogicalType = ColumnType['type']

export interface FieldState {
  /** The property of a row: `authorId`. */
  readonly name: string
  /** `author_id`. */
  readonly column: string
  /** Which field of `f` it is: `slug`. */
  readonly kind: string
  /** The kind's parameters: `{ max: 100 }`. */
  readonly params: { readonly [name: string]: Json }
  /** What the column holds. */
  readonly stores: ColumnType
  readonly nullable: boolean
  readonly unique: boolean
  readonly index: boolean
  /** The value, `'now'` for the moment the row is made, `'computed'` for what a function gives; null when there is none. */
  readonly default: { readonly value: Json } | 'now' | 'computed' | null
  readonly references: ReferenceState | null
  readonly label: string | null
  readonly help: string | null
}

/** What happens to the row when the row it refers to is deleted. */
export type OnDelete = 'cascade' | 'restrict' | 'set null'

export interface ReferenceState {
  readonly model: string
  readonly table: string
  readonly column: string
  readonly onDelete: OnDelete
}

/** A model as JSON: the same for two models of which the same tables, forms and documents follow. */
export interface ModelState {
  readonly model: string
  readonly table: string
  /** In the order of declaration. */
  readonly fields: readonly FieldState[]
  /** The rows of other models that refer to this one. */
  readonly many: readonly { readonly name: string; readonly model: string; readonly by: string }[]
}
