/** What models ask of a database: statements one by one, and transactions. */
import type { Machine } from '../../base/machine.ts'
import type { ConstraintKind } from '../errors.ts'
import type { ModelLimits } from '../limits.ts'
import type { Dialect } from '../sql/dialect.ts'
import type { Sql, SqlValue } from '../sql/value.ts'

/** One SQL statement with its values. */
export interface Statement extends Sql {
  /** Whether the statement changes anything: the SQLite driver runs other statements on a connection that cannot write. */
  readonly writes: boolean
}

/** What a statement gave. */
export interface Result {
  /** The rows of a query, each with its values in the order of the columns; empty for a statement that writes. */
  readonly rows: readonly (readonly SqlValue[])[]
  /** How many rows were changed; 0 for a query. */
  readonly changes: number
  /** The id of the inserted row, as the driver reports it or the statement returned it (`Dialect.returningId`). */
  readonly lastId: number
}

/** Something that runs statements: a database, or one of its transactions. */
export interface Session {
  /** Runs one statement. Rejects with the database's own error. */
  run(statement: Statement): Promise<Result>
}

/** A transaction of the database itself; savepoints are statements in it. */
export interface TransactionSession extends Session {
  /** Keeps what the transaction changed. Resolves when the database has confirmed. */
  commit(): Promise<void>
  /** Undoes what the transaction changed. */
  rollback(): Promise<void>
}

/** Why the database refused a row, as far as its error tells. */
export interface Violation {
  /** The kind of constraint. A 'reference' without columns may also mean 'protected': the models look up which. */
  readonly kind: ConstraintKind
  /** The columns concerned, by their names in the table; empty where the database does not name them. */
  readonly columns: readonly string[]
  /** The name of the check that failed; null where the database does not name the check. */
  readonly constraint: string | null
}

/**
 * A database as the models use it; a driver implements this interface. Programs use the models, and `execute` for SQL of
 * their own: `Database.run` ignores the transaction around the code.
 */
export interface Database extends Session {
  /** The name in messages: the path of the file. */
  readonly name: string
  /** Whose clock and randomness are used outside a request; undefined for this machine's. */
  readonly machine?: Machine | undefined
  /** The limits of this database. */
  readonly limits: ModelLimits
  /** How SQL is written and values are kept. */
  readonly dialect: Dialect
  /** Begins a transaction, once no other transaction runs. @throws DatabaseBusyError, DatabaseClosedError. */
  begin(): Promise<TransactionSession>
  /** The constraint that an error of `run` is about; null for an error of another kind. */
  violation(error: unknown): Violation | null
  /** Closes the database at once: a running transaction is undone, and statements that wait are refused. */
  close(): Promise<void>
  /** The same as `close()`, for `await using`. */
  [Symbol.asyncDispose](): Promise<void>
}
