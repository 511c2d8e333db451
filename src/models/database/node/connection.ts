/** One connection to SQLite with the statements it has prepared. */
import type { DatabaseSync, StatementSync } from 'node:sqlite'
import { DatabaseClosedError, DatabaseOpenError, ModelError, NoTableError } from '../../errors.ts'
import type { Result, Statement } from '../database.ts'

const NO_ROWS: Result['rows'] = []

export interface ConnectionOptions {
  readonly path: string
  /** Prepared statements kept. */
  readonly statements: number
  /** Milliseconds that opening may wait for a lock; the whole program waits. */
  readonly timeout: number
  /** Pragmas that are run at once. */
  readonly pragmas: string
}

/** A prepared statement, and whether it was used since it was last passed over. */
interface Kept {
  readonly statement: StatementSync
  used: boolean
}

export class SqliteConnection {
  readonly #path: string
  readonly #database: DatabaseSync
  readonly #prepared = new Map<string, Kept>()
  readonly #limit: number

  /** @throws DatabaseOpenError, ModelError on a platform without SQLite. */
  constructor({ path, statements, timeout, pragmas }: ConnectionOptions) {
    this.#path = path
    this.#limit = statements
    const { DatabaseSync } = sqliteModule()
    try {
      this.#database = new DatabaseSync(path, { enableForeignKeyConstraints: true, timeout })
      this.#database.exec(pragmas)
      // From now on the clock waits for a lock, not the thread.
      this.#database.exec('pragma busy_timeout = 0')
    } catch (error) {
      throw new DatabaseOpenError(path, error)
    }
  }

  /** @throws SQLite's own error, NoTableError, DatabaseClosedError. */
  run({ sql, parameters, writes }: Statement): Result {
    const prepared = this.#prepare(sql)
    if (writes) {
      const { changes, lastInsertRowid } = prepared.run(...parameters)
      return { rows: NO_ROWS, changes: Number(changes), lastId: Number(lastInsertRowid) }
    }
    return { rows: all(prepared, parameters), changes: 0, lastId: 0 }
  }

  #prepare(sql: string): StatementSync {
    const known = this.#prepared.get(sql)
    if (known !== undefined) {
      known.used = true
      return known.statement
    }
    const statement = this.#compile(sql)
    statement.setReturnArrays(true)
    if (this.#prepared.size >= this.#limit) this.#forget()
    this.#prepared.set(sql, { statement, used: false })
    return statement
  }

  /** Gives up a statement that was not used lately: those that were get another round. */
  #forget(): void {
    for (const [sql, kept] of this.#prepared) {
      this.#prepared.delete(sql)
      if (!kept.used) return
      kept.used = false
      this.#prepared.set(sql, kept)
    }
  }

  #compile(sql: string): StatementSync {
    if (!this.#database.isOpen) throw new DatabaseClosedError(this.#path)
    let statement: StatementSync
    try {
      statement = this.#database.prepare(sql)
    } catch (error) {
      const table = /^no such table: (?:main\.)?(.+)$/s.exec((error as Error).message)?.[1]
      throw table === undefined ? error : new NoTableError(table, error)
    }
    const rest = sql.slice(statement.sourceSQL.length)
    if (NOTHING.test(rest)) return statement
    throw new ModelError(
      `execute: one statement at a time, and ${JSON.stringify(rest.trim().slice(0, 80))} comes after the first`,
    )
  }

  close(): void {
    this.#prepared.clear()
    if (this.#database.isOpen) this.#database.close()
  }
}

/** What may stand behind a statement: SQLite would leave a second statement out without a word. */
const NOTHING = /^(?:[\s;]|--[^\n]*(?:\n|$)|\/\*[^*]*(?:\*(?!\/)[^*]*)*\*\/)*$/

/** The rows; where a number is above 2^53, all numbers as bigints, so that one large value hides no rows. */
function all(statement: StatementSync, parameters: Statement['parameters']): Result['rows'] {
  try {
    return statement.all(...parameters) as unknown as Result['rows']
  } catch (error) {
    if ((error as { code?: string }).code !== 'ERR_OUT_OF_RANGE') throw error
    statement.setReadBigInts(true)
    try {
      return statement.all(...parameters) as unknown as Result['rows']
    } finally {
      statement.setReadBigInts(false)
    }
  }
}

/** Loaded when the first database is opened: a program without a database does not pay for it, and a bundle for browsers needs no module of Node. */
function sqliteModule(): typeof import('node:sqlite') {
  const found = typeof process === 'undefined' ? undefined : process.getBuiltinModule?.('node:sqlite')
  if (found === undefined)
    throw new ModelError('openDatabase: this platform has no node:sqlite; Node 24 or later has it')
  return found
}
