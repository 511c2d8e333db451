/** Values and statements as drivers get them. */
import type { ColumnType } from '../state.ts'

/** What a database column can hold. */
export type SqlValue = string | number | bigint | Uint8Array | null

/** SQL with its values apart from it: they are bound, never written into the text. */
export interface Sql {
  readonly sql: string
  readonly parameters: readonly SqlValue[]
}

/** Adds a value to the parameters and returns its placeholder. The type is given because some databases need it. */
export type Bind = (value: SqlValue, as: ColumnType) => string
