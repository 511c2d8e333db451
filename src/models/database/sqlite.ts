/**
 * SQLite on `node:sqlite`. Calls are synchronous, which is fastest for the small queries of a page; the interface is
 * of promises, so that a thread or a server can stand behind it.
 *
 * One connection writes, in turns: a transaction holds the turn while the program awaits other things in it, and what
 * others write waits outside. Another connection reads meanwhile what was committed. A database in memory has one
 * connection only, and readers wait too.
 */
import type { Machine } from '../../base/machine.ts'
import { DatabaseBusyError, ModelError } from '../errors.ts'
import { MODEL_LIMITS, type ModelLimits } from '../limits.ts'
import type { Database, Result, Statement, TransactionSession, Violation } from './database.ts'
import { SqliteConnection } from './statements.ts'

export interface DatabaseOptions {
  /** Whose clock and randomness its rows go by outside a request: that of a simulated host. Default: this machine. */
  readonly machine?: Machine | undefined
  readonly limits?: Partial<ModelLimits>
}

/**
 * Opens `sqlite:FILE`, which is made when it does not exist, or `sqlite::memory:`.
 * @throws ModelError for an address of another kind, SQLite's own error when the file is none of its.
 */
export function openDatabase(address: string, options: DatabaseOptions = {}): Database {
  const path = /^sqlite:(.+)$/s.exec(address)?.[1]
  if (path === undefined)
    throw new ModelError(`The database is "sqlite:FILE" or "sqlite::memory:", not ${JSON.stringify(address)}`)
  return new SqliteDatabase(path, options)
}

// Extended result codes (sqlite.org/rescode.html).
const UNIQUE = new Set([2067, 1555, 2579])
const CONSTRAINT = 19

class SqliteDatabase implements Database {
  readonly name: string
  readonly machine: Machine | undefined
  readonly limits: ModelLimits
  readonly #writer: SqliteConnection
  /** Null in memory, where a second connection would be another database. */
  readonly #reader: SqliteConnection | null
  readonly #waiting: (() => void)[] = []
  #held = false

  constructor(path: string, { machine, limits }: DatabaseOptions) {
    this.name = path
    this.machine = machine
    this.limits = { ...MODEL_LIMITS, ...limits }
    this.#writer = new SqliteConnection(path, this.limits)
    this.#reader = path === ':memory:' ? null : new SqliteConnection(path, this.limits)
  }

  async run(statement: Statement): Promise<Result> {
    if (this.#reader && !statement.writes) return this.#reader.run(statement)
    // Without a transaction a statement takes its turn and gives it back in one go.
    if (this.#held) await this.#turn()
    else this.#held = true
    try {
      return this.#writer.run(statement)
    } finally {
      this.#release()
    }
  }

  async begin(): Promise<TransactionSession> {
    if (this.#held) await this.#turn()
    else this.#held = true
    try {
      // IMMEDIATE: a transaction that begins by reading would fail at its first write if another process wrote.
      this.#writer.run({ sql: 'begin immediate', parameters: [], writes: true })
    } catch (error) {
      this.#release()
      throw error
    }
    return {
      run: async (statement) => this.#writer.run(statement),
      commit: async () => this.#end('commit'),
      rollback: async () => this.#end('rollback'),
    }
  }

  #end(sql: 'commit' | 'rollback'): void {
    try {
      this.#writer.run({ sql, parameters: [], writes: true })
    } catch (error) {
      // SQLite has rolled back by itself after some errors (full disk, …); a failed commit leaves it open.
      if (sql === 'commit') this.#tryRollback()
      throw error
    } finally {
      this.#release()
    }
  }

  #tryRollback(): void {
    try {
      this.#writer.run({ sql: 'rollback', parameters: [], writes: true })
    } catch {
      // nothing to roll back
    }
  }

  /** Resolves when the turn has come; it is held then. */
  #turn(): Promise<void> {
    if (this.#waiting.length >= this.limits.waiting) return Promise.reject(new DatabaseBusyError(this.#waiting.length))
    return new Promise((resolve) => this.#waiting.push(resolve))
  }

  /** Hands the turn to the one that has waited longest. */
  #release(): void {
    const next = this.#waiting.shift()
    if (next) next()
    else this.#held = false
  }

  violation(error: unknown): Violation | null {
    const { errcode, message } = error as { errcode?: number; message?: string }
    if (typeof errcode !== 'number' || (errcode & 255) !== CONSTRAINT) return null
    // On delete restrict is a trigger inside SQLite and has a trigger's code (1811), the others have 787.
    if (message?.startsWith('FOREIGN KEY')) return { kind: 'reference', columns: [] }
    const columns = /constraint failed: (.*)$/.exec(message ?? '')?.[1] ?? ''
    const names = columns.split(', ').map((column) => column.slice(column.lastIndexOf('.') + 1))
    return { kind: UNIQUE.has(errcode) ? 'unique' : 'check', columns: names }
  }

  close(): void {
    this.#reader?.close()
    this.#writer.close()
  }
}
