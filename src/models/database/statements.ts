/** One connection to SQLite with the statements it has prepared. */
import { DatabaseSync, type StatementSync } from 'node:sqlite'
import { NoTableError } from '../errors.ts'
import type { ModelLimits } from '../limits.ts'
import type { Result, Statement } from './database.ts'

const NO_ROWS: Result['rows'] = []

export class SqliteConnection {
  readonly #database: DatabaseSync
  readonly #prepared = new Map<string, StatementSync>()

  readonly #limit: number

  constructor(path: string, { busyTimeout, statements }: ModelLimits) {
    this.#limit = statements
    this.#database = new DatabaseSync(path, { enableForeignKeyConstraints: true, timeout: busyTimeout })
    // WAL lets readers go on while one writes; with it, NORMAL loses no consistency, only the last moments of a
    // machine whose power fails (sqlite.org/wal.html, pragma synchronous).
    if (path !== ':memory:') this.#database.exec('pragma journal_mode = wal; pragma synchronous = normal')
  }

  run({ sql, parameters, writes }: Statement): Result {
    const prepared = this.#prepare(sql)
    if (writes) {
      const { changes, lastInsertRowid } = prepared.run(...parameters)
      return { rows: NO_ROWS, changes: Number(changes), lastId: Number(lastInsertRowid) }
    }
    return { rows: prepared.all(...parameters) as unknown as Result['rows'], changes: 0, lastId: 0 }
  }

  #prepare(sql: string): StatementSync {
    const known = this.#prepared.get(sql)
    if (known) return known
    const made = this.#compile(sql)
    made.setReturnArrays(true)
    if (this.#prepared.size >= this.#limit) {
      for (const oldest of this.#prepared.keys()) {
        this.#prepared.delete(oldest)
        break
      }
    }
    this.#prepared.set(sql, made)
    return made
  }

  #compile(sql: string): StatementSync {
    try {
      return this.#database.prepare(sql)
    } catch (error) {
      const table = /^no such table: (?:main\.)?(.+)$/s.exec((error as Error).message)?.[1]
      throw table === undefined ? error : new NoTableError(table, error)
    }
  }

  close(): void {
    this.#prepared.clear()
    if (this.#database.isOpen) this.#database.close()
  }
}
