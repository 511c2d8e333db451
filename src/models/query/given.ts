/** What programs give to queries, as nodes: conditions, orders, columns by name. */
import { InvalidValueError, ModelError } from '../errors.ts'
import { article } from '../fields/kind.ts'
import { type Column, columnOf, type Meta } from '../meta.ts'
import type { Columns, OrderName, WhereValues } from '../rows.ts'
import type { AddedColumn, ConditionNode, OperandNode, OrderNode } from '../sql/node.ts'
import type { ColumnType } from '../state.ts'
import { entriesOf, givenValue } from '../write.ts'
import { columnsOf } from './columns.ts'
import { type Condition, nodeOf, Operand, Order } from './operand.ts'

/** What `where` accepts: values that the columns must have, or a function that makes a condition. */
export type Where<M extends object> = WhereValues<M> | ((p: Columns<M>) => Condition)

/** What `orderBy` accepts: `'title'`, `'-title'` (descending), or `(p) => p.title.desc()`, which may also give a list. */
export type OrderBy<M extends object> = OrderName<M> | ((p: Columns<M>) => Ordering | readonly Ordering[])
export type Ordering = Order | Operand<unknown>

/** Computed values by the names that they get in a row. */
export type Computed = { readonly [name: string]: Operand<unknown> }

/** The conditions of an object of values or of a function. */
export function whereNodes<M extends object>(meta: Meta, where: Where<M>): ConditionNode[] {
  if (typeof where === 'function') return [nodeOf(where(columnsOf(meta) as Columns<M>))]
  return entriesOf(meta, 'where', where).map(([name, given]): ConditionNode => {
    const column = columnOf(meta, name)
    const operand = ownColumn(column)
    const value = givenValue(name, column, given)
    if (value === null) return { type: 'null', operand, negated: false }
    const why = value === undefined ? column.field.check(value) : column.kind.typed(value)
    if (why !== null) throw new InvalidValueError(meta.name, column.property, why)
    return { type: 'compare', operator: '=', left: operand, right: { type: 'value', value, as: column.kind.stores } }
  })
}

export function orderNodes<M extends object>(meta: Meta, order: OrderBy<M>): OrderNode[] {
  if (typeof order === 'function') return orderings(order(columnsOf(meta) as Columns<M>))
  const descending = order.startsWith('-')
  const column = shownColumn(meta, descending ? order.slice(1) : order)
  return [{ operand: ownColumn(column), descending }]
}

export function orderings(given: Ordering | readonly Ordering[]): OrderNode[] {
  return (Array.isArray(given) ? given : [given]).map((one: unknown) => {
    if (one instanceof Order) return one.node
    if (one instanceof Operand) return one.asc().node
    throw new ModelError('orderBy: this is not a column; write (p) => p.title or (p) => p.published.desc()')
  })
}

/** A column of the model itself. */
export function ownColumn(column: Column): OperandNode {
  return { type: 'column', path: [], column }
}

/**
 * A column by a name that may have come from a query string. @throws ModelError for a secret one: rows in the order of
 * their passwords' hashes, or found by a piece of them, tell the hashes bit by bit.
 */
export function shownColumn(meta: Meta, name: string): Column {
  const column = columnOf(meta, name)
  if (column.kind.secret)
    throw new ModelError(`${meta.name}.${name} is secret: rows are neither ordered nor searched by it`)
  return column
}

/** What is to be read under each name. @throws ModelError for a secret, which must not leave under another name. */
export function computedColumns(meta: Meta, given: Computed): AddedColumn[] {
  return entriesOf(meta, 'annotate or summarize', given).map(([name, operand]) => {
    if (!(operand instanceof Operand))
      throw new ModelError(`${meta.name}: ${name} must be a column or computed from columns, not ${article(operand)}`)
    if (operand.kind.secret) throw new ModelError(`${meta.name}: ${name} would show a secret field`)
    return { name, operand: operand.node, as: computedType(operand) }
  })
}

/**
 * How a computed value is read. Whole numbers that are added up can pass 2^53: they are read as JavaScript's own numbers
 * are, rounded, so that one large value does not make the rows unreadable.
 */
function computedType({ node, kind: { stores } }: Operand<unknown>): ColumnType {
  const grows = node.type === 'arithmetic' || (node.type === 'aggregate' && node.function === 'sum')
  return grows ? { type: 'float' } : stores
}

/** @throws ModelError for anything but a number of rows. */
export function rowCount(what: string, value: number): number {
  if (Number.isSafeInteger(value) && value >= 0) return value
  throw new ModelError(`${what} needs a whole number from 0, not ${String(value)}`)
}
