/**
 * Transactions that need no passing around: inside `atomic` every statement of the same database belongs to it.
 * One inside another is a savepoint. Two inside one take turns, and so do the statements beside them, because
 * savepoints nest and cannot overlap.
 */
import { Slot } from '../../base/ambient.ts'
import { reportFailure } from '../../base/report.ts'
import { ModelError } from '../errors.ts'
import type { Class } from '../fields/relation.ts'
import type { Database, Session, TransactionSession } from './database.ts'
import { type Databases, databases } from './databases.ts'

/** The innermost transaction or savepoint that the code runs in. */
const innermost = new Slot<Transaction>('transaction')

/** Work for after the commit. A promise that the callback returns is awaited. */
export type CommitCallback = () => unknown

/** A transaction, or a savepoint in one. */
class Transaction {
  readonly database: Database
  readonly depth: number
  /** The one around, of this database or of another. */
  readonly outer: Transaction | undefined
  /** What said where rows are when it began: who says otherwise inside means it. */
  readonly scope: Databases | undefined
  readonly unprotected: ReadonlySet<Database>
  readonly callbacks: CommitCallback[] = []
  readonly #session: TransactionSession
  /** Settles when the savepoints inside are over that have begun so far. */
  #inner: Promise<unknown> = Promise.resolve()
  #waiting = 0
  #over = false

  constructor(database: Database, session: TransactionSession, depth: number, unprotected: ReadonlySet<Database>) {
    this.database = database
    this.#session = session
    this.depth = depth
    this.unprotected = unprotected
    this.outer = innermost.get()
    this.scope = databases.get()
  }

  /** Where a statement of this transaction runs: after the savepoints before it are over. */
  async session(): Promise<Session> {
    while (this.#waiting > 0) await this.#inner
    this.#check()
    return this.#session
  }

  /** Runs `work` inside, and all it awaits. */
  run<T>(work: () => PromiseLike<T>): Promise<T> {
    return innermost.run(this, async () => await work()) // awaited inside: a query begins when it is awaited
  }

  /** Runs `work` in a savepoint, after those before it. */
  nested<T>(work: () => PromiseLike<T>, unprotected: ReadonlySet<Database>): Promise<T> {
    this.#check()
    const { savepoints } = this.database.limits
    if (this.depth >= savepoints)
      throw new ModelError(
        `atomic() is nested deeper than ${savepoints}: nest less, or raise limits.savepoints of the database`,
      )
    this.#waiting++
    const before = this.#inner
    const run = async () => {
      await before
      try {
        return await this.#savepoint(work, unprotected)
      } finally {
        this.#waiting--
      }
    }
    const done = run()
    this.#inner = done.catch(() => {})
    return done
  }

  async #savepoint<T>(work: () => PromiseLike<T>, unprotected: ReadonlySet<Database>): Promise<T> {
    this.#check()
    const name = `reticle_${this.depth}`
    const inner = new Transaction(this.database, this.#session, this.depth + 1, unprotected)
    await this.#command(`savepoint ${name}`)
    try {
      const result = await inner.run(work)
      await inner.close()
      await this.#command(`release ${name}`)
      this.callbacks.push(...inner.callbacks)
      return result
    } catch (error) {
      inner.end()
      await undone(async () => {
        await this.#command(`rollback to ${name}`)
        await this.#command(`release ${name}`)
      })
      throw error
    }
  }

  async #command(sql: string): Promise<void> {
    await this.#session.run({ sql, parameters: [], writes: true })
  }

  /** @throws ModelError for code that was not awaited. */
  onCommit(callback: CommitCallback): void {
    this.#check()
    this.callbacks.push(callback)
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

/**
 * The transaction that a statement for this database belongs to; null outside of one.
 * @throws ModelError inside a transaction of another database, which would not undo the statement.
 */
export function enclosing(database: Database): Transaction | null {
  const around = innermost.get()
  if (around === undefined) return null
  const own = transactionOf(database)
  if (own !== null) return own
  if (around.scope !== databases.get()) return null
  for (let one: Transaction | undefined = around; one !== undefined; one = one.outer)
    if (one.unprotected.has(database)) return null
  throw new ModelError(
    `a statement for the database ${database.name} inside a transaction of ${around.database.name}: the transaction could not ` +
      `undo the statement. Wrap it in atomic(…, { on: MODEL }) of its own, or list its database in the option 'unprotected'`,
  )
}

/** Options of `atomic`. */
export interface AtomicOptions {
  /** The database of the transaction, or a model of that database. Required where the registry has several databases. */
  readonly on?: Database | Class<object>
  /** Other databases (or models of them) that the work may use too, although the transaction cannot undo changes there. */
  readonly unprotected?: readonly (Database | Class<object>)[]
}

function databaseMeant(of: Database | Class<object>): Database {
  if (typeof of !== 'function') return of
  const around = databases.get()
  if (around === undefined)
    throw new ModelError(
      `atomic: no database surrounds this code, so there is no database for ${of.name}: run it inside site.run(…), withDatabase(database, …) or databases.run(…)`,
    )
  return around.of(of)
}

/** The database of the transaction around, or the only one there is. @throws ModelError when it is not clear. */
function onlyDatabase(): Database {
  const around = databases.get()
  const inside = innermost.get()
  if (inside !== undefined && inside.scope === around) return inside.database
  const all = around?.all ?? []
  if (all.length === 1) return all[0]!
  throw new ModelError(
    all.length === 0
      ? 'atomic: no database surrounds this code; run it inside site.run(…), withDatabase(database, …) or databases.run(…), or name one: atomic(work, { on: database })'
      : `atomic: there are several databases (${all.map(({ name }) => name).join(', ')}); name the database of the transaction: atomic(work, { on: MODEL })`,
  )
}

/**
 * Runs `work` in a transaction: everything that `work` changes is kept when `work` resolves, and nothing when it rejects.
 * Inside another `atomic` of the same database this is a savepoint: an error that is caught outside undoes the savepoint
 * only. Resolves when the callbacks of `onCommit` have ended.
 *
 * @example
 * await atomic(async () => {
 *   const order = await Order.create({ customer })
 *   await Stock.where({ product }).update((s) => ({ left: s.left.minus(1) }))
 *   onCommit(() => mail(customer, order))
 * })
 * @throws ModelError where there are several databases and `on` is missing; DatabaseBusyError; and the error of `work`.
 */
export async function atomic<T>(work: () => PromiseLike<T>, options: AtomicOptions = {}): Promise<T> {
  const database = options.on === undefined ? onlyDatabase() : databaseMeant(options.on)
  const unprotected = new Set((options.unprotected ?? []).map(databaseMeant))
  const outer = transactionOf(database)
  if (outer !== null) return outer.nested(work, unprotected)
  const session = await database.begin()
  const transaction = new Transaction(database, session, 0, unprotected)
  let result: T
  try {
    result = await transaction.run(work)
    await transaction.close()
  } catch (error) {
    transaction.end()
    await undone(() => session.rollback())
    throw error
  }
  await session.commit()
  for (const callback of transaction.callbacks) await runCallback(callback)
  return result
}

/** An error of the rollback must not hide the error that caused the rollback. */
async function undone(rollback: () => Promise<void>): Promise<void> {
  try {
    await rollback()
  } catch (error) {
    reportFailure(error, 'the rollback of a transaction')
  }
}

/** The transaction of this database around the code, also behind transactions of other databases. */
export function transactionOf(database: Database): Transaction | null {
  for (let one = innermost.get(); one !== undefined; one = one.outer) if (one.database === database) return one
  return null
}

/**
 * Calls `callback` after the commit of the transaction around the code, never after a rollback; at once outside a
 * transaction. For work that must not happen too early: a mail, a job, a message to other users. The callbacks run one
 * after the other, and `atomic` waits for them. An error of a callback is reported (a site writes it to its log) and not
 * thrown: the data is committed, and the callbacks after it still run.
 *
 * @example
 * await atomic(async () => {
 *   const order = await Order.create({ customer })
 *   onCommit(() => sendConfirmation(order.id))
 * })
 */
export function onCommit(callback: CommitCallback): void {
  const transaction = innermost.get()
  if (transaction !== undefined) transaction.onCommit(callback)
  else void runCallback(callback)
}

async function runCallback(callback: CommitCallback): Promise<void> {
  try {
    await callback()
  } catch (error) {
    reportFailure(error, 'a callback of onCommit()')
  }
}
