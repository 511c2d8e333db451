/** What models ask of a database: statements one by one, and transactions. */
import type { Machine } from '../../base/machine.ts'
import type { SqlValue } from '../fields/field.ts'
import type { ModelLimits } from '../limits.ts'

/** SQL with its values apart from it: they are bound, never written into the text. */
export interface Statement {
  readonly sql: string
  readonly parameters: readonly SqlValue[]
  /** Whether it changes anything. */
  readonly writes: boolean
}

export interface Result {
  /** Values in the order of the columns. */
  readonly rows: readonly (readonly SqlValue[])[]
  /** Rows changed. */
  readonly changes: number
  /** The id that the last insert was given. */
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
  readonly kind: 'unique' | 'reference' | 'check'
  readonly columns: readonly string[]
}

export interface Database extends Session {
  /** What it is called in messages: the path of the file. */
  readonly name: string
  /** Whose clock and randomness its rows go by when nothing around the code says otherwise; else this machine. */
  readonly machine?: Machine | undefined
  readonly limits: ModelLimits
  /** Begins a transaction as soon as no other one runs. */
  begin(): Promise<TransactionSession>
  /** What an error of `run` says about a constraint; null when it says nothing of the kind. */
  violation(error: unknown): Violation | null
  close(): void
}
