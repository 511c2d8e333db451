/**
 * SQLite on `node:sqlite`. Calls are synchronous, which is fastest for the small queries of a page; the interface is
 * of promises, so that a thread or a server can stand behind it.
 *
 * One connection writes, in turns: a transaction holds the turn while the program awaits other things in it, and what
 * others write waits outside. Another connection reads meanwhile what was committed. A database in memory has one
 * connection only, and readers wait too. What another process has locked is tried again later, on the clock: the
 * program goes on meanwhile.
 */

import { MICROSECOND, MILLISECOND } from '../../../base/clock.ts'
import { ns, sleep } from '../../../base/duration.ts'
import type { Machine } from '../../../base/machine.ts'
import { ownMachine, work } from '../../../base/work.ts'
import { DatabaseBusyError, DatabaseClosedError, ModelError } from '../../errors.ts'
import { completeLimits, type ModelLimits } from '../../limits.ts'
import { sqlite } from '../../sql/sqlite.ts'
import type { Database, Result, Statement, TransactionSession, Violation } from '../database.ts'
import { transactionOf } from '../transaction.ts'
import { SqliteConnection } from './connection.ts'
import { Turns } from './turns.ts'
import { isBusy, violationOf } from './violation.ts'

/** Options of `openDatabase`. */
export interface DatabaseOptions {
  /** Whose clock and randomness are used outside a request: those of a simulated host. Default: this machine's. */
  readonly machine?: Machine | undefined
  /** Limits that differ from `MODEL_LIMITS`. */
  readonly limits?: Partial<ModelLimits>
  /**
   * What a commit waits for. 'full' (the default): a confirmed commit is on the disk and survives a power failure.
   * 'normal': the disk is written later; a power failure can lose the last commits, but never a part of one. A commit
   * with 'normal' costs tens of microseconds, a commit with 'full' the time that the disk needs to confirm. A process
   * that is killed loses nothing in either case (sqlite.org/pragma.html#pragma_synchronous).
   */
  readonly synchronous?: 'full' | 'normal'
}

/**
 * Opens `sqlite:FILE` (the file is created when it does not exist) or `sqlite::memory:`.
 *
 * @example
 * const database = openDatabase('sqlite:blog.db')
 * await createTables(database, [Post])
 * await withDatabase(database, () => Post.create({ title: 'Hello' }))
 * @throws ModelError for another address, DatabaseOpenError when the file is not a database or cannot be created.
 */
export function openDatabase(address: string, options: DatabaseOptions = {}): Database {
  const path = /^sqlite:(.+)$/s.exec(address)?.[1]
  if (path === undefined)
    throw new ModelError(
      `openDatabase: the address must be "sqlite:FILE" or "sqlite::memory:", not ${JSON.stringify(address)}`,
    )
  return new SqliteDatabase(path, options)
}

/** How long to wait before a lock is tried again, in turn; the last one from then on (as SQLite's own busy handler). */
const PAUSES = [1, 2, 5, 10, 15, 20, 25, 25, 25, 50, 50, 100].map((milliseconds) => milliseconds * MILLISECOND)

function command(sql: string): Statement {
  return { sql, parameters: [], writes: true }
}

class SqliteDatabase implements Database {
  readonly name: string
  readonly machine: Machine | undefined
  readonly limits: ModelLimits
  readonly dialect = sqlite
  readonly violation: (error: unknown) => Violation | null = violationOf
  readonly #writer: SqliteConnection
  /** Null in memory, where a second connection would be another database. */
  readonly #reader: SqliteConnection | null
  readonly #turns: Turns

  constructor(path: string, { machine, limits, synchronous = 'full' }: DatabaseOptions) {
    this.name = path
    this.machine = machine
    this.limits = completeLimits('openDatabase', limits)
    this.#turns = new Turns(path, this.limits)
    const { statements, busyTimeout } = this.limits
    const shared = { path, statements, timeout: Math.ceil(busyTimeout / MILLISECOND) }
    if (synchronous !== 'full' && synchronous !== 'normal')
      throw new ModelError(`openDatabase: synchronous must be 'full' or 'normal', not ${JSON.stringify(synchronous)}`)
    // WAL lets readers go on while one writes.
    const pragmas = path === ':memory:' ? '' : `pragma journal_mode = wal; pragma synchronous = ${synchronous}`
    this.#writer = new SqliteConnection({ ...shared, pragmas })
    this.#reader = path === ':memory:' ? null : new SqliteConnection({ ...shared, pragmas: 'pragma query_only = on' })
  }

  async run(statement: Statement): Promise<Result> {
    if (this.#reader !== null && !statement.writes) return this.#patiently(null, this.#reader, statement)
    // A turn that can be had at once is taken and given back in one go.
    const waiting = this.#turn()
    const arrived = waiting === null ? null : await waiting
    try {
      const result = this.#patiently(arrived, this.#writer, statement)
      return result instanceof Promise ? await result : result
    } finally {
      this.#turns.release()
    }
  }

  async begin(): Promise<TransactionSession> {
    const arrived = await this.#turn()
    try {
      // IMMEDIATE: a transaction that begins by reading would fail at its first write if another process wrote.
      await this.#patiently(arrived, this.#writer, command('begin immediate'))
    } catch (error) {
      this.#turns.release()
      throw error
    }
    return {
      run: async (statement) => this.#writer.run(statement),
      commit: () => this.#commit(),
      rollback: async () => this.#rollback(),
    }
  }

  /** Waits for the turn. @returns when that began; null for a turn that could be had at once. */
  #turn(): Promise<number> | null {
    if (this.#turns.take()) return null
    if (transactionOf(this) !== null)
      throw new ModelError(
        `${this.name}: run() or begin() was called inside a transaction of this database, and would wait for its end for ever; use execute(database, …) or atomic()`,
      )
    const clock = this.#clock
    const arrived = clock.now()
    return this.#turns.wait(clock).then(() => arrived)
  }

  /** Tries again what another process has locked, until it has waited for `busyTimeout` in all. */
  #patiently(arrived: number | null, connection: SqliteConnection, statement: Statement): Result | Promise<Result> {
    try {
      return connection.run(statement)
    } catch (error) {
      if (!isBusy(error)) throw error
      return this.#again(arrived ?? this.#clock.now(), connection, statement, error)
    }
  }

  async #again(arrived: number, connection: SqliteConnection, statement: Statement, first: unknown): Promise<Result> {
    const clock = this.#clock
    const until = arrived + this.limits.busyTimeout
    let last = first
    for (let tries = 0; clock.now() < until; tries++) {
      const pause = Math.min(PAUSES[Math.min(tries, PAUSES.length - 1)]!, until - clock.now())
      await sleep(clock, ns(Math.max(MICROSECOND, pause)))
      if (this.#turns.closed) throw new DatabaseClosedError(this.name)
      try {
        return connection.run(statement)
      } catch (error) {
        if (!isBusy(error)) throw error
        last = error
      }
    }
    throw new DatabaseBusyError(
      `the database ${this.name} is locked by another process: try again later (limits.busyTimeout of openDatabase says how long to wait)`,
      { cause: last },
    )
  }

  get #clock() {
    return (work.get()?.machine ?? this.machine ?? ownMachine()).clock
  }

  async #commit(): Promise<void> {
    try {
      await this.#patiently(null, this.#writer, command('commit'))
    } catch (error) {
      // A failed commit leaves the transaction open; after some errors (full disk, …) SQLite has rolled back by itself.
      try {
        this.#writer.run(command('rollback'))
      } catch {
        // there is nothing to roll back
      }
      throw error
    } finally {
      this.#turns.release()
    }
  }

  #rollback(): void {
    try {
      if (!this.#turns.closed) this.#writer.run(command('rollback')) // closing has undone it
    } finally {
      this.#turns.release()
    }
  }

  async close(): Promise<void> {
    this.#turns.close()
    this.#reader?.close()
    this.#writer.close()
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }
}
