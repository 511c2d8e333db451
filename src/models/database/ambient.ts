/** What surrounds the running code: its database, its transaction, whoever counts its queries. */

import { Slot } from '../../base/ambient.ts'
import { stopwatch } from '../../base/clock.ts'
import type { Machine } from '../../base/machine.ts'
import { type Work, work } from '../../base/work.ts'
import type { ModelsSqlEvent } from '../events.ts'
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

const surroundings = new Slot<Surroundings>('models')
const NOWHERE: Surroundings = {}

/** The database that `withDatabase` has set, that of the site that answers, or the one whose transaction this is. */
export function ambientDatabase(): Database | undefined {
  return surroundings.get()?.database
}

/** Where the code around finds the rows of a model; null when nobody has said. */
export function databaseFor(meta: Meta): Database | null {
  const { database, forAll } = surroundings.get() ?? NOWHERE
  if (database !== undefined && (forAll || meta.database === null || meta.databases.has(database))) return database
  return meta.database
}

/** The transaction of this database that the code runs in. */
export function ambientTransaction(database: Database): Transaction | undefined {
  const transaction = surroundings.get()?.transaction
  return transaction?.database === database ? transaction : undefined
}

/** What the work gives, awaited if it is to be awaited. */
type Settled<T> = T extends PromiseLike<infer R> ? Promise<R> : T

/** Runs `run` with this database for all models, whatever they are connected to: in a test, in a script. */
export function withDatabase<T>(database: Database, run: () => T): Settled<T> {
  return surroundings.run({ ...surroundings.get(), database, forAll: true }, () => {
    const result = run()
    // A query begins when it is awaited: that must be here, not where the caller awaits.
    return (isThenable(result) ? Promise.resolve(result) : result) as Settled<T>
  })
}

/**
 * Runs `run` with this database for the models that are connected to it, also where another was connected later:
 * two sites of one process may keep rows of the same models apart.
 */
export function preferDatabase<T>(database: Database, run: () => T): T {
  return surroundings.run({ ...surroundings.get(), database, forAll: false }, run)
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof value === 'object' && value !== null && 'then' in value && typeof value.then === 'function'
}

export function withTransaction<T>(transaction: Transaction, run: () => PromiseLike<T>): Promise<T> {
  const outer = surroundings.get()
  const { database } = transaction
  const forAll = outer?.database === database && outer.forAll === true
  const inside = { ...outer, transaction, database, forAll }
  return surroundings.run(inside, async () => await run()) // awaited inside, as in withDatabase
}

/** Runs `run` and says which statements it needed, in order: for tests that guard the number. */
export async function countQueries<T>(
  run: () => PromiseLike<T>,
): Promise<{ result: T; queries: number; statements: string[] }> {
  const outer = surroundings.get()
  const statements: string[] = []
  const result = await surroundings.run({ ...outer, counter: { statements } }, async () => await run())
  outer?.counter?.statements.push(...statements)
  return { result, queries: statements.length, statements }
}

/** The clock and the randomness that what happens here goes by: the exchange's machine, or the database's. */
export function machineOf(database: Database): Machine {
  return work.get()?.machine ?? database.machine
}

/** Runs a statement where it belongs, and reports it. */
export function execute(database: Database, statement: Statement): Promise<Result> {
  const around = surroundings.get()
  around?.counter?.statements.push(statement.sql)
  const transaction = around?.transaction
  const inside = transaction?.database === database ? transaction : null
  const current = work.get()
  if (current?.events.on) return watched(current, inside ? inside.session() : database, statement)
  return inside ? inside.session().then((session) => session.run(statement)) : database.run(statement)
}

async function watched(current: Work, where: Session | Promise<Session>, statement: Statement): Promise<Result> {
  const session = await where
  const { machine, events, exchange } = current
  const started = stopwatch(machine.clock)
  const result = await session.run(statement)
  const event: ModelsSqlEvent = {
    type: 'models.sql',
    at: machine.clock.now(),
    host: machine.name,
    exchange,
    sql: statement.sql,
    rows: statement.writes ? result.changes : result.rows.length,
    duration: stopwatch(machine.clock) - started,
  }
  events.emit(event)
  return result
}
