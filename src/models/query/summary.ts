/** Many rows in one: what `summarize` gives. */
import { databaseOf, execute } from '../database/execute.ts'
import type { Columns } from '../rows.ts'
import { type Loaded, readGroups } from '../sql/rows.ts'
import type { Selection } from '../sql/selection.ts'
import { selectGroups } from '../sql/statements.ts'
import { columnsOf } from './columns.ts'
import { type Ordering, orderings, rowCount } from './given.ts'
import { type Condition, nodeOf } from './operand.ts'

/**
 * The result of `Query.summarize`: one row for each group of rows. The query runs when the summary is awaited.
 *
 * @typeParam M the model
 * @typeParam R the rows
 * @example
 * const busy = await Post.all()
 *   .summarize((p) => ({ author: p.author.name, posts: p.id.count() }))
 *   .having((p) => p.id.count().gt(3))
 */
export class Summary<M extends object, R> implements PromiseLike<R[]> {
  readonly #selection: Selection

  constructor(selection: Selection) {
    this.#selection = selection
  }

  #but(change: Partial<Selection>): Summary<M, R> {
    return new Summary({ ...this.#selection, ...change })
  }

  /** Only the groups for which this holds: `having((p) => p.id.count().gt(3))`. */
  having(condition: (p: Columns<M>) => Condition): Summary<M, R> {
    const node = nodeOf(condition(this.#columns()))
    return this.#but({ having: [...this.#selection.having, node] })
  }

  /** In this order: `orderBy((p) => p.views.sum().desc())`. */
  orderBy(order: (p: Columns<M>) => Ordering | readonly Ordering[]): Summary<M, R> {
    return this.#but({ order: [...this.#selection.order, ...orderings(order(this.#columns()))] })
  }

  /** At most so many groups. */
  limit(rows: number): Summary<M, R> {
    return this.#but({ limit: rowCount('limit', rows) })
  }

  #columns(): Columns<M> {
    return columnsOf(this.#selection.meta) as Columns<M>
  }

  /** The rows. */
  async all(): Promise<R[]> {
    return (await this.#read()) as R[]
  }

  async #read(): Promise<Loaded[]> {
    const { meta, columns } = this.#selection
    const database = databaseOf(meta)
    const { rows } = await execute(database, { ...selectGroups(database, this.#selection), writes: false })
    return readGroups(database.dialect, meta, columns, rows)
  }

  /** Runs the query: a summary is awaited for its rows. */
  // biome-ignore lint/suspicious/noThenProperty: a summary is awaited for its rows
  then<A = R[], B = never>(
    resolve?: ((rows: R[]) => A | PromiseLike<A>) | null,
    reject?: ((reason: unknown) => B | PromiseLike<B>) | null,
  ): Promise<A | B> {
    return this.all().then(resolve, reject)
  }
}
