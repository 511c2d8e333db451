/** What models ask of a database: statements one by one, and transactions. */
import type { Machine } from '../../base/machine.ts'
import type { ConstraintKind } from '../errors.ts'
import type { ModelLimits } from '../limits.ts'
import type { Dialect } from '../sql/dialect.ts'
import type { Sql, SqlValue } from '../sql/value.ts'

export interface Statement extends Sql {
  /** Whether it changes anything. */
  readonly writes: boolean
}

export interface Result {
  /** Values in the order of the columns. */
  readonly rows: readonly (readonly SqlValue[])[]
  /** Rows changed. */
  readonly changes: number
  /** The id that an insert was given: what the database says of its own accord, or returned (`Dialect.returningId`). */
  readonly lastId: number
}

/** Where statements run. */
export interface Session {
  /** Rejects with the database's own error. */
  run(statement: Statement): Promise<Result>
}

/** A transaction of the database itself; savepoints are statements in it. */
export interface TransactionSession extends Session {
  commit(): Promise<void>
  rollback(): Promise<void>
}

/** Why the database refused a row, as far as it says. */
export interface Violation {
  /** A 'reference' without columns may also be a row that others refer to: then each reference is looked up. */
  readonly kind: ConstraintKind
  /** The columns concerned, by their names in the table. */
  readonly columns: readonly string[]
  /** The name of the check that failed; null where the database says no name. */
  readonly constraint: string | null
}

/**
 * A database as the models use it. Programs use the models, and `execute` for SQL of their own: `run` knows nothing of
 * the transaction that the code is in.
 */
export interface Database extends Session {
  /** What it is called in messages: the path of the file. */
  readonly name: string
  /** Whose clock and randomness its rows go by when nothing around the code says otherwise; else this machine. */
  readonly machine?: Machine | undefined
  readonly limits: ModelLimits
  /** How SQL is written for it, and values kept in it. */
  readonly dialect: Dialect
  /** Begins a transaction as soon as no other one runs. */
  begin(): Promise<TransactionSession>
  /** What an error of `run` says about a constraint; null when it says nothing of the kind. */
  violation(error: unknown): Violation | null
  /** Closes it at once: a transaction under way is undone, and what waits is refused. */
  close(): Promise<void>
  [Symbol.asyncDispose](): Promise<void>
}
