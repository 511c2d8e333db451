/** What differs between databases, as one object: how they write SQL, keep values and describe their tables. */
import type { ColumnType, FieldState, ModelState } from '../state.ts'
import type { Bind, SqlValue } from './value.ts'

/** How a logical type is kept in a column. */
export interface Codec {
  /** A value of the type, as the column keeps it. Never called with null. */
  encode(value: unknown): SqlValue
  /** The value that a column holds. Never called with null. @throws UnreadableStored for a value that the type cannot have. */
  decode(stored: SqlValue): unknown
}

/** A codec throws this for something that is not a value of the type; the models add which field it was. */
export class UnreadableStored {
  /** What the column holds: `"abc", which is not JSON`. */
  readonly why: string

  constructor(why: string) {
    this.why = why
  }
}

/** The properties of a column by which a table and its model are compared. */
export interface ColumnTraits {
  /** The type as the database calls it, in lower case. */
  readonly type: string
  /** Whether the column may hold null. */
  readonly nullable: boolean
  /** Whether the column alone is unique. */
  readonly unique: boolean
  /** `user on delete cascade`; '' for a column that is not a reference. */
  readonly references: string
  /** The condition of the column's CHECK; '' for a column without a check. */
  readonly check: string
}

/** Runs a query that reads the database's own tables. */
export type Ask = (sql: string, parameters: readonly SqlValue[]) => Promise<readonly (readonly SqlValue[])[]>

/** Tables and indexes. They are made from a model's state alone, so an old state makes the old table. */
export interface SchemaDialect {
  /** The CREATE TABLE of a model. */
  createTable(state: ModelState): string
  /** The indexes of a model's table, each only if it does not exist. */
  createIndexes(state: ModelState): readonly string[]
  /** The column that a field wants. */
  traits(field: FieldState): ColumnTraits
  /** The columns of an existing table, by name; empty when there is no such table. */
  introspect(ask: Ask, table: string): Promise<ReadonlyMap<string, ColumnTraits>>
  /** The name of a column's check: the database reports the name when the check fails. */
  checkName(table: string, column: string): string
  /** Replaces the check of a column; '' stands for no check. */
  changeCheck(table: string, column: string, before: string, after: string): readonly string[]
}

/** How one kind of database writes SQL and keeps values. */
export interface Dialect {
  /** The name: `sqlite`. */
  readonly name: string
  /** A name in quotes. Names come from models only, and are always quoted. */
  identifier(name: string): string
  /** The placeholder of a parameter. @param position from 1 @param as the type of column that would keep the value */
  placeholder(position: number, as: ColumnType): string
  /** How values of a type are kept. */
  codec(type: ColumnType): Codec
  /** Whether an operand is among the values: with one parameter if possible, so that the text does not depend on their number. */
  inList(operand: string, values: readonly SqlValue[], as: ColumnType, bind: Bind): string
  /** SQL's LIKE with `\` as the escape character; ASCII letters match in both cases. */
  like(operand: string, pattern: string): string
  /** The sum of an operand over a group, which must not fail however large it is. */
  sum(operand: string): string
  /** An operand of ORDER BY. Null comes first in ascending order and last in descending order. */
  order(operand: string, descending: boolean): string
  /** ` limit … offset …`; `limit` is null for all rows. */
  limit(limit: number | null, offset: number, bind: Bind): string
  /** The end of an INSERT that makes the database return the new id; '' where the driver knows the id anyway. */
  readonly returningId: string
  /** Tables and indexes. */
  readonly schema: SchemaDialect
}
