/** What differs between databases, as one object: how they write SQL, keep values, and describe their tables. */
import type { ColumnType, FieldState, ModelState } from '../state.ts'
import type { Bind, SqlValue } from './value.ts'

/** How a logical type is kept in a column. */
export interface Codec {
  /** Only called with values of the type, and never with null. */
  encode(value: unknown): SqlValue
  /** Never called with null. @throws UnreadableStored for what the type cannot be. */
  decode(stored: SqlValue): unknown
}

/** What a column holds is no value of its type. */
export class UnreadableStored {
  readonly why: string

  constructor(why: string) {
    this.why = why
  }
}

/** What matters of a column, as words that can be compared. */
export interface ColumnTraits {
  /** The type as the database calls it, in lower case. */
  readonly type: string
  readonly nullable: boolean
  readonly unique: boolean
  /** `user on delete cascade`; '' for none. */
  readonly references: string
  /** The condition that the table holds every value to; '' for none. */
  readonly check: string
}

/** Asks the database for rows. */
export type Ask = (sql: string, parameters: readonly SqlValue[]) => Promise<readonly (readonly SqlValue[])[]>

/** Tables and indexes: made of a model's state alone, so that a state of last year makes the table of last year. */
export interface SchemaDialect {
  createTable(state: ModelState): string
  createIndexes(state: ModelState): readonly string[]
  /** The column that a field wants. */
  traits(field: FieldState): ColumnTraits
  /** The columns of a table that is there, by name; none when there is no such table. */
  introspect(ask: Ask, table: string): Promise<ReadonlyMap<string, ColumnTraits>>
  /** The name of a column's check: the database gives it back when the check fails. */
  checkName(table: string, column: string): string
  /** Takes the check of a column away, and gives it another one ('' for none). */
  changeCheck(table: string, column: string, before: string, after: string): readonly string[]
}

export interface Dialect {
  /** `sqlite` */
  readonly name: string
  /** A name in quotes. Names come from models only, and are quoted all the same. */
  identifier(name: string): string
  /** What stands for the parameter of this position, counted from 1, which is kept as a column of the type keeps it. */
  placeholder(position: number, as: ColumnType): string
  codec(type: ColumnType): Codec
  /** Whether an operand is among the values: one parameter if possible, so that the text is the same for any number. */
  inList(operand: string, values: readonly SqlValue[], as: ColumnType, bind: Bind): string
  /** SQL's LIKE with `\` as the escape; ASCII letters match in both cases. */
  like(operand: string, pattern: string): string
  /** An operand to order by: null comes first, and last where it descends. */
  order(operand: string, descending: boolean): string
  /** ` limit … offset …`; `limit` is null for all rows. */
  limit(limit: number | null, offset: number, bind: Bind): string
  /** What an insert ends with so that the id it was given comes back. */
  readonly returningId: string
  readonly schema: SchemaDialect
}
