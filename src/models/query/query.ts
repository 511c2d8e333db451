/** Query sets: which rows of a model, in which order, with which relations. Each call gives a new one. */

import type { Database, Result, Statement } from '../database/database.ts'
import { databases } from '../database/databases.ts'
import { databaseOf, execute } from '../database/execute.ts'
import { ModelError, NotFoundError, SeveralRowsError } from '../errors.ts'
import { MODEL_LIMITS, type ModelLimits } from '../limits.ts'
import { type Column, columnOf, encodeOperand, type Meta, rowOf } from '../meta.ts'
import type { Columns, OrderName, RelationPath, Row, UpdateInput, WhereValues } from '../rows.ts'
import { givenValue, refused } from '../write.ts'
import { compileCount, compileDelete, compileExists, compileSelect, type Selection } from './compile.ts'
import {
  type Condition,
  type ConditionNode,
  columnsOf,
  escapeLike,
  nodeOf,
  Operand,
  Order,
  type OrderNode,
} from './expression.ts'
import { load, type Tree, treeOf } from './load.ts'
import { Page } from './page.ts'
import { shaped } from './shape.ts'
import { updateRows } from './update.ts'

/** Values that columns have, or a condition over columns. */
export type Where<M extends object> = WhereValues<M> | ((p: Columns<M>) => Condition)

/** `'title'`, `'-title'`, or `(p) => p.title.desc()`, one or several. */
export type OrderBy<M extends object> = OrderName<M> | ((p: Columns<M>) => Ordering | readonly Ordering[])
type Ordering = Order | Operand<unknown>

interface State extends Selection {
  readonly tree: Tree
}

const EVERYTHING = { where: [], order: [], limit: null, offset: 0, tree: new Map() } as const

/**
 * Await it for its rows, or call what else is wanted: `first`, `get`, `count`, `page`, `update`, `delete`.
 * Nothing happens until then.
 */
export class Query<M extends object, W extends string = never>
  implements PromiseLike<Row<M, W>[]>, AsyncIterable<Row<M, W>>
{
  readonly #state: State

  private constructor(state: State) {
    this.#state = state
  }

  /** All rows of a model. */
  static of<M extends object>(meta: Meta): Query<M> {
    return new Query<M>({ ...EVERYTHING, meta })
  }

  #but(change: Partial<State>): Query<M, W> {
    return new Query({ ...this.#state, ...change })
  }

  /**
   * Those for which this holds as well: `where({ slug })`, `where((p) => p.views.gt(3))`.
   * Objects hold values only, never operators: `where(body)` of a JSON body cannot ask for more than equality.
   */
  where(condition: Where<M>): Query<M, W> {
    return this.#but({ where: [...this.#state.where, ...whereNodes(this.#state.meta, condition)] })
  }

  /** In this order; further calls order what the earlier ones leave equal. Null comes first. */
  orderBy(...orders: readonly OrderBy<M>[]): Query<M, W> {
    const nodes = orders.flatMap((order) => orderNodes(this.#state.meta, order))
    return this.#but({ order: [...this.#state.order, ...nodes] })
  }

  limit(rows: number): Query<M, W> {
    return this.#but({ limit: count('limit', rows) })
  }

  offset(rows: number): Query<M, W> {
    return this.#but({ offset: count('offset', rows) })
  }

  /** Loads relations along, one statement each: `with('author', 'comments.author')`. */
  with<P extends RelationPath<M>>(...paths: readonly P[]): Query<M, W | P> {
    const tree = treeOf(this.#state.meta, paths, this.#state.tree)
    return this.#but({ tree }) as unknown as Query<M, W | P>
  }

  /**
   * Those that have every word of `text` in one of the fields, ASCII letters in both cases. What `%` and `_` mean in
   * SQL they do not mean here. Text without a word finds everything.
   */
  search(text: string, ...fields: readonly (keyof WhereValues<M> & string)[]): Query<M, W> {
    const { meta } = this.#state
    const columns = fields.map((field) => shownColumn(meta, field))
    const { searchLength, searchWords } = limitsOf(meta)
    const words = text.slice(0, searchLength).replaceAll('\0', '').split(/\s+/).filter(Boolean).slice(0, searchWords)
    const where = words.map((word): ConditionNode => {
      const pattern = `%${escapeLike(word)}%`
      return {
        type: 'or',
        parts: columns.map((column) => ({ type: 'like', operand: { type: 'column', path: [], column }, pattern })),
      }
    })
    return this.#but({ where: [...this.#state.where, ...where] })
  }

  /** The rows. */
  async all(): Promise<Row<M, W>[]> {
    const { meta, tree } = this.#state
    const { rows } = await this.#read('select', compileSelect)
    const found = rows.map((values) => rowOf(meta, values))
    if (tree.size > 0) await load(databaseOf(meta), meta, found, tree)
    return found as Row<M, W>[]
  }

  // biome-ignore lint/suspicious/noThenProperty: a query is awaited for its rows
  then<A = Row<M, W>[], B = never>(
    resolve?: ((rows: Row<M, W>[]) => A | PromiseLike<A>) | null,
    reject?: ((reason: unknown) => B | PromiseLike<B>) | null,
  ): Promise<A | B> {
    return this.all().then(resolve, reject)
  }

  /** The rows one by one; they are read at once, so what is changed on the way does not change the loop. */
  async *[Symbol.asyncIterator](): AsyncIterator<Row<M, W>> {
    yield* await this.all()
  }

  /** The first row in the order (by id without one), or null. */
  async first(): Promise<Row<M, W> | null> {
    const rows = await this.#ordered()
      .#but({ limit: Math.min(1, this.#state.limit ?? 1) })
      .all()
    return rows[0] ?? null
  }

  /** The first row that matches, or null. */
  async find(condition: Where<M> = {}): Promise<Row<M, W> | null> {
    return this.where(condition).first()
  }

  /** The one row that matches. @throws NotFoundError, which a site answers with 404; SeveralRowsError for more than one. */
  async get(condition: Where<M> = {}): Promise<Row<M, W>> {
    const query = this.where(condition)
    const rows = await query.#but({ limit: Math.min(2, query.#state.limit ?? 2) }).all()
    if (rows.length === 0) throw new NotFoundError(this.#state.meta.name)
    if (rows.length > 1) throw new SeveralRowsError(this.#state.meta.name)
    return rows[0]!
  }

  async count(): Promise<number> {
    const { rows } = await this.#unordered().#read('count', compileCount)
    return Number(rows[0]![0])
  }

  async exists(): Promise<boolean> {
    const { rows } = await this.#unordered().#read('exists', compileExists)
    return Number(rows[0]![0]) === 1
  }

  /**
   * One page. Its number comes from a query string as it is: what is no number is the first page, what lies outside
   * the nearest one there is. A limit or offset of the query gives way to the page's.
   * @param size rows per page, at most `limits.pageSize` of the database.
   */
  async page(number: number, size = 20): Promise<Page<Row<M, W>>> {
    const rows = Math.min(databaseOf(this.#state.meta).limits.pageSize, Math.max(1, Math.trunc(size) || 1))
    const total = await this.#but({ limit: null, offset: 0 }).count()
    const last = Math.max(1, Math.ceil(total / rows))
    const at = Math.min(last, Math.max(1, Math.trunc(number) || 1))
    const items = await this.#ordered()
      .#but({ limit: rows, offset: (at - 1) * rows })
      .all()
    return new Page(items, at, rows, total)
  }

  /**
   * Changes the rows: `update({ title })`, `update((p) => ({ views: p.views.plus(1) }))`.
   * @returns how many there were. @throws ConstraintError, InvalidValueError.
   */
  async update(change: UpdateInput<M> | ((p: Columns<M>) => UpdateInput<M>)): Promise<number> {
    const { meta } = this.#state
    const given = typeof change === 'function' ? change(columnsOf(meta) as Columns<M>) : change
    return updateRows(databaseOf(meta), this.#state, given as { [name: string]: unknown })
  }

  /** Deletes the rows. @returns how many there were. @throws ConstraintError when others refer to them. */
  async delete(): Promise<number> {
    const { meta } = this.#state
    const database = databaseOf(meta)
    try {
      const { changes } = await this.#run(database, { ...shaped('delete', this.#state, compileDelete), writes: true })
      return changes
    } catch (error) {
      throw await refused(database, meta, error, new Map())
    }
  }

  #read(
    verb: string,
    compile: (selection: Selection) => { sql: string; parameters: Statement['parameters'] },
  ): Promise<Result> {
    return this.#run(databaseOf(this.#state.meta), { ...shaped(verb, this.#state, compile), writes: false })
  }

  #run(database: Database, statement: Statement): Promise<Result> {
    return execute(database, statement)
  }

  /** With the id as the last order, so that pages neither repeat nor skip rows that are equal otherwise. */
  #ordered(): Query<M, W> {
    const { meta, order } = this.#state
    const column = columnOf(meta, 'id')
    const decided = order.some(
      ({ operand }) => operand.type === 'column' && operand.path.length === 0 && unique(operand.column),
    )
    if (decided) return this
    return this.#but({ order: [...order, { operand: { type: 'column', path: [], column }, descending: false }] })
  }

  #unordered(): Query<M, W> {
    return this.#but({ order: [] })
  }
}

function unique({
  kind,
  options,
}: {
  kind: { name: string }
  options: { unique: boolean; nullable: boolean }
}): boolean {
  return kind.name === 'id' || (options.unique && !options.nullable)
}

/** The limits of a model's database; the standard ones where none surrounds the code. */
function limitsOf(meta: Meta): ModelLimits {
  return databases.get() === undefined ? MODEL_LIMITS : databaseOf(meta).limits
}

function count(what: string, value: number): number {
  if (Number.isSafeInteger(value) && value >= 0) return value
  throw new ModelError(`${what} takes a whole number from 0, not ${String(value)}`)
}

/** The conditions of an object of values or of a function. */
function whereNodes<M extends object>(meta: Meta, where: Where<M>): ConditionNode[] {
  if (typeof where === 'function') return [nodeOf(where(columnsOf(meta) as Columns<M>))]
  if (typeof where !== 'object' || where === null || Array.isArray(where)) {
    throw new ModelError(
      `where takes an object of values or a function, not ${Array.isArray(where) ? 'an array' : String(where)}`,
    )
  }
  return Object.entries(where).map(([name, given]): ConditionNode => {
    const column = columnOf(meta, name)
    const operand = { type: 'column', path: [], column } as const
    const value = encodeOperand(meta, column, givenValue(name, column, given))
    return value === null
      ? { type: 'null', operand, negated: false }
      : { type: 'compare', operator: '=', left: operand, right: { type: 'value', value } }
  })
}

function orderNodes<M extends object>(meta: Meta, order: OrderBy<M>): OrderNode[] {
  if (typeof order !== 'function') {
    const descending = order.startsWith('-')
    const column = shownColumn(meta, descending ? order.slice(1) : order)
    return [{ operand: { type: 'column', path: [], column }, descending }]
  }
  const given = order(columnsOf(meta) as Columns<M>)
  return (Array.isArray(given) ? given : [given]).map((one: unknown) => {
    if (one instanceof Order) return one.node
    if (one instanceof Operand) return one.asc().node
    throw new ModelError('orderBy takes columns: (p) => p.title, (p) => p.published.desc()')
  })
}

/**
 * A column by a name that may have come from a query string. @throws ModelError for a secret one: rows in the order of
 * their passwords' hashes, or found by a piece of them, tell the hashes bit by bit.
 */
function shownColumn(meta: Meta, name: string): Column {
  const column = columnOf(meta, name)
  if (column.kind.secret)
    throw new ModelError(`${meta.name}.${name} is secret: rows are neither ordered nor searched by it`)
  return column
}
