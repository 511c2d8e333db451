/** What surrounds the running code: its database, its transaction, whoever counts its queries. */

import { AsyncLocalStorage } from 'node:async_hooks'
import { stopwatch } from '../../../base/clock.ts'
import type { Machine } from '../../../socket/host.ts'
import type { WebSqlEvent } from '../../events.ts'
import { type Current, currentExchange } from '../../site/current.ts'
import type { Meta } from '../meta.ts'
import type { Database, Result, Session, Statement } from './database.ts'
import type { Transaction } from './transaction.ts'

interface Surroundings {
  readonly database?: Database
  /** Whether it stands for all models, or only for those that are connected to it. */
  readonly forAll?: boolean
  readonly transaction?: Transaction
  readonly counter?: { readonly statements: string[] }
}

const storage = new AsyncLocalStorage<Surroundings>()
const NOWHERE: Surroundings = {}

/** The database that `withDatabase` has set, that of the site that answers, or the one whose transaction this is. */
export function ambientDatabase(): Database | undefined {
  return storage.getStore()?.database
}

/** Where the code around finds the rows of a model; null when nobody has said. */
export function databaseFor(meta: Meta): Database | null {
  const { database, forAll } = storage.getStore() ?? NOWHERE
  if (database !== undefined && (forAll || meta.database === null || meta.databases.has(database))) return database
  return meta.database
}

/** The transaction of this database that the code runs in. */
export function ambientTransaction(database: Database): Transaction | undefined {
  const transaction = storage.getStore()?.transaction
  return transaction?.database === database ? transaction : undefined
}

/** What `work` gives, awaited if it is to be awaited. */
type Settled<T> = T extends PromiseLike<infer R> ? Promise<R> : T

/** Runs `work` with this database for all models, whatever they are connected to: in a test, in a script. */
export function withDatabase<T>(database: Database, work: () => T): Settled<T> {
  return storage.run({ ...storage.getStore(), database, forAll: true }, () => {
    const result = work()
    // A query begins when it is awaited: that must be here, not where the caller awaits.
    return (isThenable(result) ? Promise.resolve(result) : result) as Settled<T>
  })
}

/**
 * Runs `work` with this database for the models that are connected to it, also where another was connected later:
 * two sites of one process may keep rows of the same models apart.
 */
export function preferDatabase<T>(database: Database, work: () => T): T {
  return storage.run({ ...storage.getStore(), database, forAll: false }, work)
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof value === 'object' && value !== null && 'then' in value && typeof value.then === 'function'
}

export function withTransaction<T>(transaction: Transaction, work: () => PromiseLike<T>): Promise<T> {
  const outer = storage.getStore()
  const { database } = transaction
  const forAll = outer?.database === database && outer.forAll === true
  const inside = { ...outer, transaction, database, forAll }
  return storage.run(inside, async () => await work()) // awaited inside, as in withDatabase
}

/** Runs `work` and says which statements it needed, in order: for tests that guard the number. */
export async function countQueries<T>(
  work: () => PromiseLike<T>,
): Promise<{ result: T; queries: number; statements: string[] }> {
  const outer = storage.getStore()
  const statements: string[] = []
  const result = await storage.run({ ...outer, counter: { statements } }, async () => await work())
  outer?.counter?.statements.push(...statements)
  return { result, queries: statements.length, statements }
}

/** The clock and the randomness that what happens here goes by: the exchange's machine, or the database's. */
export function machineOf(database: Database): Machine {
  return currentExchange()?.exchange.machine ?? database.machine
}

/** Runs a statement where it belongs, and reports it. */
export function execute(database: Database, statement: Statement): Promise<Result> {
  const surroundings = storage.getStore()
  surroundings?.counter?.statements.push(statement.sql)
  const transaction = surroundings?.transaction
  const inside = transaction?.database === database ? transaction : null
  const current = currentExchange()
  if (current) return watched(current, inside ? inside.session() : database, statement)
  return inside ? inside.session().then((session) => session.run(statement)) : database.run(statement)
}

async function watched(current: Current, where: Session | Promise<Session>, statement: Statement): Promise<Result> {
  const session = await where
  const { machine, id } = current.exchange
  const started = stopwatch(machine.clock)
  const result = await session.run(statement)
  const event: WebSqlEvent = {
    type: 'web.sql',
    at: machine.clock.now(),
    host: machine.name,
    exchange: id,
    sql: statement.sql,
    rows: statement.writes ? result.changes : result.rows.length,
    duration: stopwatch(machine.clock) - started,
  }
  current.events.emit(event)
  return result
}
