/** What goes to a database and comes back. */
import type { ColumnType } from '../state.ts'

/** What a database column can hold. */
export type SqlValue = string | number | bigint | Uint8Array | null

/** SQL with its values apart from it: they are bound, never written into the text. */
export interface Sql {
  readonly sql: string
  readonly parameters: readonly SqlValue[]
}

/** Takes a value among the parameters, and gives what stands for it in the text. Typed: some databases must be told. */
export type Bind = (value: SqlValue, as: ColumnType) => string
