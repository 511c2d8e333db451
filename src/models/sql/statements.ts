/** The statements that models need, of any dialect. */
import type { Column, Meta } from '../meta.ts'
import type { Dialect } from './dialect.ts'
import type { OperandNode } from './node.ts'
import type { Selection } from './selection.ts'
import type { Sql, SqlValue } from './value.ts'
import { SqlWriter, type Target } from './writer.ts'

/** What of a table's statements is always the same. */
interface TableText {
  /** `select "t"."id", … ` */
  readonly columns: string
  /** ` from "post" as "t"` */
  readonly from: string
  /** The two together: nearly all queries begin so. */
  readonly rows: string
}

const texts = new WeakMap<Dialect, WeakMap<Meta, TableText>>()

function textOf(writer: SqlWriter, { dialect }: Target, meta: Meta): TableText {
  let tables = texts.get(dialect)
  if (tables === undefined) texts.set(dialect, (tables = new WeakMap()))
  let text = tables.get(meta)
  if (text === undefined) {
    const columns = `select ${meta.list.map(({ name }) => writer.column(name)).join(', ')}`
    const from = ` from ${writer.table}`
    tables.set(meta, (text = { columns, from, rows: columns + from }))
  }
  return text
}

/** The rows: the model's columns in their order, then those added. */
export function selectRows(target: Target, selection: Selection): Sql {
  const writer = new SqlWriter(target, selection.meta)
  const { meta, columns, where, order, limit, offset } = selection
  const text = textOf(writer, target, meta)
  let added = ''
  for (const { operand } of columns) added += `, ${writer.operand(operand)}`
  const rest = writer.clause('where', where) + writer.order(order) + writer.limit(limit, offset)
  const begin = added === '' ? text.rows : text.columns + added + text.from
  return { sql: begin + writer.joins + rest, parameters: writer.parameters }
}

/** One row for each group: only what was added. */
export function selectGroups(target: Target, selection: Selection): Sql {
  const writer = new SqlWriter(target, selection.meta)
  const { meta, columns, where, group, having, order, limit, offset } = selection
  const select = writer.grouped(() => columns.map(({ operand }) => writer.operand(operand)).join(', '))
  const filter = writer.clause('where', where)
  const by = group.length === 0 ? '' : ` group by ${group.join(', ')}`
  const rest = writer.grouped(() => writer.clause('having', having) + writer.order(order))
  const { from } = textOf(writer, target, meta)
  return {
    sql: `select ${select}${from}${writer.joins}${filter}${by}${rest}${writer.limit(limit, offset)}`,
    parameters: writer.parameters,
  }
}

export function selectCount(target: Target, selection: Selection): Sql {
  const writer = new SqlWriter(target, selection.meta)
  const { meta, where, limit, offset } = selection
  if (limit !== null || offset !== 0) {
    const limited = one(writer, target, selection)
    return {
      sql: `select count(*) from (${limited}) as ${writer.identifier('counted')}`,
      parameters: writer.parameters,
    }
  }
  const filter = writer.clause('where', where)
  const { from } = textOf(writer, target, meta)
  return { sql: `select count(*)${from}${writer.joins}${filter}`, parameters: writer.parameters }
}

/** Rows without anything in them. */
function one(writer: SqlWriter, target: Target, { meta, where, limit, offset }: Selection): string {
  const rest = writer.clause('where', where) + writer.limit(limit, offset)
  return `select 1${textOf(writer, target, meta).from}${writer.joins}${rest}`
}

export function selectExists(target: Target, selection: Selection): Sql {
  const writer = new SqlWriter(target, selection.meta)
  return { sql: `select exists (${one(writer, target, selection)})`, parameters: writer.parameters }
}

/** The rows whose column is among the values, by id. */
export function selectAmong(target: Target, meta: Meta, column: Column, values: readonly unknown[]): Sql {
  const writer = new SqlWriter(target, meta)
  const operand: OperandNode = { type: 'column', path: [], column }
  const filter = writer.clause('where', [{ type: 'in', operand, values, as: column.kind.stores }])
  return {
    sql: `${textOf(writer, target, meta).rows}${filter} order by ${writer.column('id')}`,
    parameters: writer.parameters,
  }
}

/** Values are encoded already: what was stored is what the new row is made of. */
export function insertRow(target: Target, meta: Meta, values: ReadonlyMap<Column, SqlValue>): Sql {
  const { identifier, placeholder, returningId } = target.dialect
  const into = `insert into ${identifier(meta.table)}`
  if (values.size === 0) return { sql: `${into} default values${returningId}`, parameters: [] }
  let names = ''
  let places = ''
  const parameters: SqlValue[] = []
  for (const [{ name, kind }, value] of values) {
    const comma = names === '' ? '' : ', '
    names += comma + identifier(name)
    places += comma + placeholder(parameters.push(value), kind.stores)
  }
  return { sql: `${into} (${names}) values (${places})${returningId}`, parameters }
}

export function updateRows(
  target: Target,
  selection: Selection,
  changes: readonly (readonly [Column, OperandNode])[],
): Sql {
  const writer = new SqlWriter(target, selection.meta)
  const sets = changes.map(([column, value]) => `${writer.identifier(column.name)} = ${writer.assigned(value)}`)
  const text = `update ${writer.table} set ${sets.join(', ')}${filter(writer, target, selection)}`
  return { sql: text, parameters: writer.parameters }
}

export function deleteRows(target: Target, selection: Selection): Sql {
  const writer = new SqlWriter(target, selection.meta)
  return { sql: `delete from ${writer.table}${filter(writer, target, selection)}`, parameters: writer.parameters }
}

/** The condition of an update or a delete, which can neither join nor limit: by way of the ids if it has to. */
function filter(writer: SqlWriter, target: Target, { meta, where, order, limit, offset }: Selection): string {
  const conditions = writer.clause('where', where)
  const limited = limit !== null || offset !== 0
  if (!limited && writer.joins === '') return conditions
  const rest = limited ? writer.order(order) + writer.limit(limit, offset) : ''
  const id = writer.column('id')
  return ` where ${id} in (select ${id}${textOf(writer, target, meta).from}${writer.joins}${conditions}${rest})`
}
