/**
 * Transactions that need no passing around: inside `atomic` every statement of the same database belongs to it.
 * One inside another is a savepoint. Two inside one take turns, and so do the statements beside them, because
 * savepoints nest and cannot overlap.
 */
import { ModelError } from '../errors.ts'
import { ambientDatabase, ambientTransaction, withTransaction } from './ambient.ts'
import type { Database, Session, TransactionSession } from './database.ts'

/** A transaction, or a savepoint in one. */
export class Transaction {
  readonly database: Database
  readonly depth: number
  /** What is to be done once everything around is committed. */
  readonly callbacks: (() => void)[] = []
  readonly #session: TransactionSession
  /** Settles when the savepoints inside are over that have begun so far. */
  #inner: Promise<unknown> = Promise.resolve()
  #waiting = 0
  #over = false

  constructor(database: Database, session: TransactionSession, depth: number) {
    this.database = database
    this.#session = session
    this.depth = depth
  }

  /** Where a statement of this transaction runs: after the savepoints before it are over. */
  async session(): Promise<Session> {
    while (this.#waiting > 0) await this.#inner
    this.#check()
    return this.#session
  }

  /** Runs `work` in a savepoint, after those before it. */
  nested<T>(work: () => PromiseLike<T>): Promise<T> {
    this.#check()
    const { savepoints } = this.database.limits
    if (this.depth >= savepoints)
      throw new ModelError(`atomic() is nested deeper than ${savepoints} (limits.savepoints)`)
    this.#waiting++
    const before = this.#inner
    const run = async () => {
      await before
      try {
        return await this.#savepoint(work)
      } finally {
        this.#waiting--
      }
    }
    const done = run()
    this.#inner = done.catch(() => {})
    return done
  }

  async #savepoint<T>(work: () => PromiseLike<T>): Promise<T> {
    this.#check()
    const name = `reticle_${this.depth}`
    const inner = new Transaction(this.database, this.#session, this.depth + 1)
    await this.#command(`savepoint ${name}`)
    try {
      const result = await withTransaction(inner, work)
      await inner.close()
      await this.#command(`release ${name}`)
      this.callbacks.push(...inner.callbacks)
      return result
    } catch (error) {
      inner.end()
      await this.#command(`rollback to ${name}`)
      await this.#command(`release ${name}`)
      throw error
    }
  }

  async #command(sql: string): Promise<void> {
    await this.#session.run({ sql, parameters: [], writes: true })
  }

  #check(): void {
    if (this.#over) throw new ModelError('The transaction is over: await everything inside atomic() before it returns')
  }

  /** Waits for what is still under way inside, then takes no more. */
  async close(): Promise<void> {
    while (this.#waiting > 0) await this.#inner
    this.#over = true
  }

  end(): void {
    this.#over = true
  }
}

export interface AtomicOptions {
  /** The database; otherwise that of the code around, or the one that models were connected to last. */
  readonly database?: Database
}

let standard: Database | null = null
let several = false

/** The database that `atomic` means when nothing else says which. */
export function setStandardDatabase(database: Database): void {
  several ||= standard !== null && standard !== database
  standard = database
}

/** Whether more than one database has been connected: only then does it matter whose code is running. */
export function severalDatabases(): boolean {
  return several
}

/**
 * Runs `work` in a transaction: all that it changes is kept when it resolves, and nothing when it rejects.
 * Inside another `atomic` it is a savepoint: what fails in it and is caught outside does not undo the rest.
 */
export async function atomic<T>(work: () => PromiseLike<T>, options: AtomicOptions = {}): Promise<T> {
  const database = options.database ?? ambientDatabase() ?? standard
  if (!database) throw new ModelError('atomic() knows no database: connect the models to one first, or give it')
  const outer = ambientTransaction(database)
  if (outer) return outer.nested(work)
  const session = await database.begin()
  const transaction = new Transaction(database, session, 0)
  let result: T
  try {
    result = await withTransaction(transaction, work)
    await transaction.close()
  } catch (error) {
    transaction.end()
    await session.rollback()
    throw error
  }
  await session.commit()
  for (const callback of transaction.callbacks) callback()
  return result
}

/**
 * Calls back once what the code around has changed is committed, never if it is undone; at once outside a transaction.
 * For what must not happen too early: a mail, a job, a message to others.
 */
export function onCommit(callback: () => void, options: AtomicOptions = {}): void {
  const database = options.database ?? ambientDatabase() ?? standard
  const transaction = database && ambientTransaction(database)
  if (transaction) transaction.callbacks.push(callback)
  else callback()
}
