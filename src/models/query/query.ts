/** Query sets: which rows of a model, in which order, with which relations. Each call gives a new one. */
import { databaseOf, execute } from '../database/execute.ts'
import { ModelError, NotFoundError, SeveralRowsError } from '../errors.ts'
import { article } from '../fields/kind.ts'
import { type Column, columnOf, type Meta } from '../meta.ts'
import type { Columns, RelationPath, Row, UpdateInput, WhereValues } from '../rows.ts'
import { readRows } from '../sql/rows.ts'
import { everything, type Selection } from '../sql/selection.ts'
import { deleteRows, selectCount, selectExists, selectRows } from '../sql/statements.ts'
import type { Sql } from '../sql/value.ts'
import type { Target } from '../sql/writer.ts'
import type { ColumnType } from '../state.ts'
import { type Given, refused } from '../write.ts'
import { columnsOf } from './columns.ts'
import {
  type Computed,
  computedColumns,
  type OrderBy,
  orderNodes,
  ownColumn,
  rowCount,
  shownColumn,
  type Where,
  whereNodes,
} from './given.ts'
import { load, type Tree, treeOf } from './load.ts'
import type { Operand } from './operand.ts'
import { Page } from './page.ts'
import { Summary } from './summary.ts'
import { updateRows } from './update.ts'

interface State extends Selection {
  readonly tree: Tree
}

/** The values of operands, by their names. */
type ValuesOf<C extends Computed> = { -readonly [K in keyof C]: C[K] extends Operand<infer T> ? T : never }

/** A row as a query gives it: called `Row<…>` in messages where nothing is annotated. */
type Found<M extends object, W extends string, A> = unknown extends A ? Row<M, W> : Row<M, W> & A

const NO_RELATIONS: Tree = new Map()

/**
 * A query for rows of a model. Await the query for its rows, or call `first`, `get`, `count`, `page`, `update`, `delete`, …
 * No SQL runs before that. A query is a value: each method gives a new query.
 *
 * @typeParam M the model
 * @typeParam W the paths of the relations that are loaded with the rows
 * @typeParam A what each row has beside its fields (`annotate`)
 * @example
 * const latest = await Post.where((p) => p.published.lt(new Date()).and(p.author.name.eq('Ada')))
 *   .with('author', 'comments.author')
 *   .orderBy('-published')
 *   .limit(20)
 */
export class Query<M extends object, W extends string = never, A = unknown>
  implements PromiseLike<Found<M, W, A>[]>, AsyncIterable<Found<M, W, A>>
{
  readonly #state: State

  private constructor(state: State) {
    this.#state = state
  }

  /** All rows of a model. */
  static of<M extends object>(meta: Meta): Query<M> {
    return new Query<M>({ ...everything(meta), tree: NO_RELATIONS })
  }

  #but(change: Partial<State>): Query<M, W, A> {
    return new Query({ ...this.#state, ...change })
  }

  /**
   * Narrows the query to rows that match: `where({ slug })`, `where((p) => p.views.gt(3))`. An object holds values only,
   * never operators: `where(body)` with a JSON body can ask for equality and for nothing else.
   */
  where(condition: Where<M>): Query<M, W, A> {
    return this.#but({ where: [...this.#state.where, ...whereNodes(this.#state.meta, condition)] })
  }

  /** Orders the rows: `orderBy('-published', 'title')`. Further calls order rows that are equal so far. Null comes first. */
  orderBy(...orders: readonly OrderBy<M>[]): Query<M, W, A> {
    const nodes = orders.flatMap((order) => orderNodes(this.#state.meta, order))
    return this.#but({ order: [...this.#state.order, ...nodes] })
  }

  /** At most so many rows. */
  limit(rows: number): Query<M, W, A> {
    return this.#but({ limit: rowCount('limit', rows) })
  }

  /** Leaves out so many rows at the beginning. */
  offset(rows: number): Query<M, W, A> {
    return this.#but({ offset: rowCount('offset', rows) })
  }

  /** Loads relations with the rows, one statement for each relation: `with('author', 'comments.author')`. */
  with<P extends RelationPath<M>>(...paths: readonly P[]): Query<M, W | P, A> {
    const tree = treeOf(this.#state.meta, paths, this.#state.tree)
    return new Query<M, W | P, A>({ ...this.#state, tree })
  }

  /**
   * Adds computed values to every row: `annotate((p) => ({ left: p.places.minus(p.taken) }))` gives rows that have `left`
   * beside their fields.
   */
  annotate<C extends Computed>(compute: (p: Columns<M>) => C): Query<M, W, A & ValuesOf<C>> {
    const { meta, columns } = this.#state
    const added = computedColumns(meta, compute(columnsOf(meta) as Columns<M>))
    const taken = new Set(columns.map(({ name }) => name))
    for (const { name } of added)
      if (taken.has(name) || meta.columns.has(name) || meta.relations.has(name) || name in meta.model.prototype)
        throw new ModelError(
          `annotate: ${meta.name} already has a field, relation or method named ${name}; choose another name`,
        )
    return new Query<M, W, A & ValuesOf<C>>({ ...this.#state, columns: [...columns, ...added] })
  }

  /**
   * Groups the rows. Aggregates (`count`, `sum`, `avg`, `min`, `max`) are computed for each group of rows that are equal in
   * all the other values; without other values there is one group of all rows.
   *
   * @example
   * const perAuthor = await Post.where({ state: 'public' })
   *   .summarize((p) => ({ author: p.author.name, posts: p.id.count(), views: p.views.sum() }))
   *   .orderBy((p) => p.id.count().desc())
   */
  summarize<C extends Computed>(compute: (p: Columns<M>) => C): Summary<M, ValuesOf<C>> {
    const { meta, limit, offset, tree, columns: annotated, ...rest } = this.#state
    if (limit !== null || offset !== 0)
      throw new ModelError(
        'summarize: call limit() after summarize(), on the groups; offset() cannot be combined with summarize()',
      )
    const given = compute(columnsOf(meta) as Columns<M>)
    const columns = computedColumns(meta, given)
    if (columns.length === 0) throw new ModelError(`summarize of ${meta.name} computes nothing`)
    const group = Object.values(given).flatMap(({ aggregate }, i) => (aggregate ? [] : [i + 1]))
    return new Summary({ ...rest, meta, limit, offset, columns, group, order: [] })
  }

  /**
   * The rows that contain every word of `text` in one of the fields. ASCII letters match in both cases; `%` and `_` have no
   * special meaning. Text without a word matches every row.
   */
  search(text: string, ...fields: readonly (keyof WhereValues<M> & string)[]): Query<M, W, A> {
    const { meta, where } = this.#state
    if (typeof text !== 'string') throw new ModelError(`search of ${meta.name} needs a string, not ${article(text)}`)
    const columns = fields.map((field) => ownColumn(shownColumn(meta, field)))
    return this.#but({ where: [...where, { type: 'search', columns, text }] })
  }

  /** The rows. */
  all(): Promise<Found<M, W, A>[]> {
    return this.#rows(this.#state)
  }

  async #rows(state: State): Promise<Found<M, W, A>[]> {
    const { meta, tree, columns } = state
    const database = databaseOf(meta)
    const { sql, parameters } = selectRows(database, state)
    const { rows } = await execute(database, { sql, parameters, writes: false })
    const found = readRows(database.dialect, meta, columns, rows)
    if (tree.size > 0) await load(database, meta, found, tree)
    return found as Found<M, W, A>[]
  }

  /** Runs the query: a query is awaited for its rows. */
  // biome-ignore lint/suspicious/noThenProperty: a query is awaited for its rows
  then<X = Found<M, W, A>[], Y = never>(
    resolve?: ((rows: Found<M, W, A>[]) => X | PromiseLike<X>) | null,
    reject?: ((reason: unknown) => Y | PromiseLike<Y>) | null,
  ): Promise<X | Y> {
    return this.all().then(resolve, reject)
  }

  /** The rows, for `for await`. All rows are read first, so changes inside the loop do not change the loop. */
  async *[Symbol.asyncIterator](): AsyncIterator<Found<M, W, A>> {
    yield* await this.all()
  }

  /** The first row in the order (by id without one), or null. */
  async first(): Promise<Found<M, W, A> | null> {
    const rows = await this.#rows({ ...this.#ordered(), limit: Math.min(1, this.#state.limit ?? 1) })
    return rows[0] ?? null
  }

  /** The first row that matches, or null. */
  async find(...condition: readonly [condition?: Where<M>]): Promise<Found<M, W, A> | null> {
    return this.#narrowed(condition).first()
  }

  /** The one row that matches. @throws NotFoundError, which a site answers with 404; SeveralRowsError for more than one. */
  async get(...condition: readonly [condition?: Where<M>]): Promise<Found<M, W, A>> {
    const state = this.#narrowed(condition).#state
    const { limit, meta } = state
    const rows = await this.#rows({ ...state, limit: Math.min(2, limit ?? 2) })
    if (rows.length === 0) throw new NotFoundError(meta.name)
    if (rows.length > 1) throw new SeveralRowsError(meta.name)
    return rows[0]!
  }

  /** Narrowed by a condition that may be left out. One that is undefined is a mistake, and must not mean any row. */
  #narrowed(condition: readonly [condition?: Where<M>]): Query<M, W, A> {
    return condition.length === 0 ? this : this.where(condition[0] as Where<M>)
  }

  /** How many rows match. */
  async count(): Promise<number> {
    return (await this.#value(selectCount, { type: 'integer' })) as number
  }

  /** Whether a row matches. */
  async exists(): Promise<boolean> {
    return (await this.#value(selectExists, { type: 'boolean' })) as boolean
  }

  /** The one value of a statement that gives one. */
  async #value(write: (target: Target, selection: Selection) => Sql, as: ColumnType): Promise<unknown> {
    const database = databaseOf(this.#state.meta)
    const { rows } = await execute(database, { ...write(database, this.#state), writes: false })
    return database.dialect.codec(as).decode(rows[0]![0]!)
  }

  /**
   * One page of the rows, in place of `limit` and `offset`. The number may come from a query string unchecked: NaN is the
   * first page, and a number outside the list is the nearest page.
   * @param number the page, from 1.
   * @param size rows per page, at most `limits.pageSize` of the database.
   */
  async page(number: number, size = 20): Promise<Page<Found<M, W, A>>> {
    const { limits } = databaseOf(this.#state.meta)
    const rows = Math.min(limits.pageSize, Math.max(1, Math.trunc(size) || 1))
    const total = await this.#but({ limit: null, offset: 0 }).count()
    const last = Math.max(1, Math.ceil(total / rows))
    const at = Math.min(last, Math.max(1, Math.trunc(number) || 1))
    const items = await this.#rows({ ...this.#ordered(), limit: rows, offset: (at - 1) * rows })
    return new Page(items, at, rows, total)
  }

  /**
   * Changes the rows: `update({ title })`, `update((p) => ({ views: p.views.plus(1) }))`. The table enforces the field's
   * rules for the result of an expression.
   * @returns how many rows matched. @throws ConstraintError, InvalidValueError.
   */
  async update(change: UpdateInput<M> | ((p: Columns<M>) => UpdateInput<M>)): Promise<number> {
    const { meta } = this.#state
    const given = typeof change === 'function' ? change(columnsOf(meta) as Columns<M>) : change
    return updateRows(databaseOf(meta), this.#state, given as Given)
  }

  /** Deletes the rows. @returns how many rows there were. @throws ConstraintError when other rows refer to one of them. */
  async delete(): Promise<number> {
    const { meta } = this.#state
    const database = databaseOf(meta)
    try {
      const { changes } = await execute(database, { ...deleteRows(database, this.#state), writes: true })
      return changes
    } catch (error) {
      throw await refused(database, meta, error, new Map())
    }
  }

  /** With the id as the last order, so that pages neither repeat nor skip rows that are equal otherwise. */
  #ordered(): State {
    const { meta, order } = this.#state
    const decided = order.some(
      ({ operand }) => operand.type === 'column' && operand.path.length === 0 && isUnique(operand.column),
    )
    if (decided) return this.#state
    return { ...this.#state, order: [...order, { operand: ownColumn(columnOf(meta, 'id')), descending: false }] }
  }
}

function isUnique({ kind, options }: Column): boolean {
  return kind.stores.type === 'id' || (options.unique && !options.nullable)
}
