/** Where statements run: in the database of their model, inside the transaction around, counted and reported. */
import { Slot } from '../../base/ambient.ts'
import { stopwatch } from '../../base/clock.ts'
import type { Machine } from '../../base/machine.ts'
import { ownMachine, type Work, work } from '../../base/work.ts'
import { ModelError } from '../errors.ts'
import type { ModelsSqlEvent } from '../events.ts'
import type { Meta } from '../meta.ts'
import type { Database, Result, Session, Statement } from './database.ts'
import { databases } from './databases.ts'
import { enclosing } from './transaction.ts'

const counter = new Slot<string[]>('counter')

/** The database of a model, from the registry around the code. @throws ModelError without a registry. */
export function databaseOf(meta: Meta): Database {
  const around = databases.get()
  if (around !== undefined) return around.of(meta.model)
  throw new ModelError(
    `${meta.name}: no database surrounds this code; run it inside site.run(…), withDatabase(database, …) or databases.run(…)`,
  )
}

/**
 * Counts the statements that `run` needs: for tests that keep the number of queries of a page small.
 *
 * @example
 * const { queries } = await countQueries(() => Post.with('author').limit(20))
 * assert.equal(queries, 2)
 * @returns what `run` gave, how many statements were run, and their SQL in order.
 */
export async function countQueries<T>(
  run: () => PromiseLike<T>,
): Promise<{ result: T; queries: number; statements: string[] }> {
  const outer = counter.get()
  const statements: string[] = []
  const result = await counter.run(statements, async () => await run())
  outer?.push(...statements)
  return { result, queries: statements.length, statements }
}

/** The clock and the randomness for rows: those of the request or program around the code, else the database's. */
export function machineOf(database: Database): Machine {
  return work.get()?.machine ?? database.machine ?? ownMachine()
}

/**
 * Runs SQL that the models cannot express, inside the transaction around the code. Values are given apart from the text,
 * and come back as the database keeps them (a boolean as 0 or 1, a moment as milliseconds).
 *
 * @example
 * const { rows } = await execute(database, {
 *   sql: 'select name from user where id in (select author_id from post group by 1 having count(*) > ?)',
 *   parameters: [10],
 *   writes: false,
 * })
 * @throws the database's own errors; ModelError inside a transaction of another database.
 */
export function execute(database: Database, statement: Statement): Promise<Result> {
  counter.get()?.push(statement.sql)
  const transaction = enclosing(database)
  const where = transaction === null ? database : transaction.session()
  const current = work.get()
  if (current?.events.on) return watched(current, where, statement)
  return where instanceof Promise ? where.then((session) => session.run(statement)) : where.run(statement)
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
