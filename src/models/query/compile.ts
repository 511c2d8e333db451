/** Makes SQL out of query states, with Kysely as the builder: identifiers from metadata only, values always bound. */
import {
  DummyDriver,
  type Expression,
  Kysely,
  type RawBuilder,
  SqliteAdapter,
  SqliteIntrospector,
  SqliteQueryCompiler,
  sql,
} from 'kysely'
import type { SqlValue } from '../fields/field.ts'
import type { Column, Meta } from '../meta.ts'
import type { ConditionNode, OperandNode, OrderNode } from './expression.ts'

/** Tables and columns are known at run time only. */
export type Tables = Record<string, Record<string, SqlValue>>

/** Builds and compiles; it is connected to nothing. */
export const builder = new Kysely<Tables>({
  dialect: {
    createAdapter: () => new SqliteAdapter(),
    createDriver: () => new DummyDriver(),
    createIntrospector: (db) => new SqliteIntrospector(db),
    createQueryCompiler: () => new SqliteQueryCompiler(),
  },
})

/** What is asked of a table: everything that decides which rows, and in which order. */
export interface Selection {
  readonly meta: Meta
  readonly where: readonly ConditionNode[]
  readonly order: readonly OrderNode[]
  readonly limit: number | null
  readonly offset: number
}

export interface Sql {
  readonly sql: string
  readonly parameters: readonly SqlValue[]
}

/** The name of the table in a query, and of those joined to it by a path of references. */
const ROOT = 't'
const alias = (path: readonly string[]): string => [ROOT, ...path].join('.')

export function compileSelect(selection: Selection): Sql {
  const columns = selection.meta.list.map(({ name }) => sql.ref(`${ROOT}.${name}`))
  return finish(sql`select ${sql.join(columns)} ${source(selection)}${ordered(selection)}${limited(selection)}`)
}

export function compileCount(selection: Selection): Sql {
  const limit = limited(selection)
  if (limit === NOTHING) return finish(sql`select count(*) ${source(selection)}`)
  return finish(sql`select count(*) from (select 1 ${source(selection)}${limit})`)
}

export function compileExists(selection: Selection): Sql {
  return finish(sql`select exists (select 1 ${source(selection)}${limited(selection)})`)
}

export function compileInsert(meta: Meta, names: readonly string[], values: readonly SqlValue[]): Sql {
  const table = sql.table(meta.table)
  if (names.length === 0) return finish(sql`insert into ${table} default values`)
  return finish(
    sql`insert into ${table} (${sql.join(names.map((name) => sql.ref(name)))}) values (${sql.join(values)})`,
  )
}

export function compileUpdate(selection: Selection, changes: readonly (readonly [Column, OperandNode])[]): Sql {
  const sets = changes.map(([column, value]) => sql`${sql.ref(column.name)} = ${operand(value)}`)
  return finish(
    sql`update ${sql.table(selection.meta.table)} as ${sql.ref(ROOT)} set ${sql.join(sets)}${filtered(selection)}`,
  )
}

export function compileDelete(selection: Selection): Sql {
  return finish(sql`delete from ${sql.table(selection.meta.table)} as ${sql.ref(ROOT)}${filtered(selection)}`)
}

/** The rows whose column is among the ids: one parameter, so one statement, however many they are. */
export function compileByIds(meta: Meta, column: string, ids: readonly SqlValue[]): Sql {
  const columns = meta.list.map(({ name }) => sql.ref(`${ROOT}.${name}`))
  const among = inList(sql.ref(`${ROOT}.${column}`), ids)
  return finish(
    sql`select ${sql.join(columns)} from ${sql.table(meta.table)} as ${sql.ref(ROOT)} where ${among} order by ${sql.ref(`${ROOT}.id`)}`,
  )
}

function finish(query: RawBuilder<unknown>): Sql {
  const compiled = query.compile(builder)
  return { sql: compiled.sql, parameters: compiled.parameters as readonly SqlValue[] }
}

type Piece = RawBuilder<unknown>
const NOTHING: Piece = sql``

/** `from … left join … where …`. */
function source(selection: Selection): Piece {
  const { meta } = selection
  return sql`from ${sql.table(meta.table)} as ${sql.ref(ROOT)}${joins(selection)}${wheres(selection)}`
}

/** The tables of all references that conditions and orders go through. */
function joins({ meta, where, order }: Selection): Piece {
  const paths = new Map<string, readonly string[]>()
  for (const node of where) conditionPaths(node, paths)
  for (const { operand: node } of order) operandPaths(node, paths)
  const pieces: Piece[] = []
  for (const path of paths.values()) {
    const owner = path.slice(0, -1).reduce((at, name) => at.relations.get(name)!.target(), meta)
    const relation = owner.relations.get(path.at(-1)!)!
    const target = sql.id(alias(path))
    pieces.push(
      sql` left join ${sql.table(relation.target().table)} as ${target} on ${target}.${sql.id('id')} = ${sql.id(alias(path.slice(0, -1)))}.${sql.id(relation.column().name)}`,
    )
  }
  return pieces.length === 0 ? NOTHING : sql.join(pieces, NOTHING)
}

function conditionPaths(node: ConditionNode, paths: Map<string, readonly string[]>): void {
  switch (node.type) {
    case 'and':
    case 'or':
      for (const part of node.parts) conditionPaths(part, paths)
      break
    case 'not':
      conditionPaths(node.part, paths)
      break
    case 'compare':
      operandPaths(node.left, paths)
      operandPaths(node.right, paths)
      break
    default:
      operandPaths(node.operand, paths)
  }
}

function operandPaths(node: OperandNode, paths: Map<string, readonly string[]>): void {
  if (node.type === 'arithmetic') {
    operandPaths(node.left, paths)
    operandPaths(node.right, paths)
  } else if (node.type === 'column') {
    for (let length = 1; length <= node.path.length; length++) {
      const path = node.path.slice(0, length)
      paths.set(path.join('.'), path)
    }
  }
}

function wheres({ where }: Selection): Piece {
  return where.length === 0 ? NOTHING : sql` where ${condition({ type: 'and', parts: where })}`
}

/** The condition of an update or a delete, which can neither join nor limit: by way of the ids if it has to. */
function filtered(selection: Selection): Piece {
  const joined = joins(selection)
  if (joined === NOTHING && selection.limit === null && selection.offset === 0) return wheres(selection)
  const id = sql.ref(`${ROOT}.id`)
  return sql` where ${id} in (select ${id} ${source(selection)}${ordered(selection)}${limited(selection)})`
}

function ordered({ order }: Selection): Piece {
  if (order.length === 0) return NOTHING
  return sql` order by ${sql.join(order.map(({ operand: node, descending }) => (descending ? sql`${operand(node)} desc` : operand(node))))}`
}

function limited({ limit, offset }: Selection): Piece {
  if (limit === null && offset === 0) return NOTHING
  // A bare parameter here makes SQLite plan the statement anew whenever it is bound (the planner looks at LIMIT's
  // value): 50 µs instead of 5 for a row by its key. An expression it does not look into.
  return sql` limit ${limit ?? -1} + 0 offset ${offset} + 0`
}

function operand(node: OperandNode): Expression<unknown> {
  switch (node.type) {
    case 'column':
      return sql`${sql.id(alias(node.path))}.${sql.id(node.column.name)}`
    case 'value':
      return sql`${node.value}`
    case 'arithmetic':
      return sql`(${operand(node.left)} ${sql.raw(node.operator)} ${operand(node.right)})`
  }
}

function condition(node: ConditionNode): Expression<unknown> {
  switch (node.type) {
    case 'compare': {
      // Whatever is not equal is unequal, null too.
      const operator = node.operator === '!=' ? sql`is distinct from` : sql.raw(node.operator)
      return sql`${operand(node.left)} ${operator} ${operand(node.right)}`
    }
    case 'null':
      return node.negated ? sql`${operand(node.operand)} is not null` : sql`${operand(node.operand)} is null`
    case 'in':
      return inList(operand(node.operand), node.values)
    case 'like':
      return sql`${operand(node.operand)} like ${node.pattern} escape '\\'`
    case 'and':
    case 'or': {
      if (node.parts.length === 0) return node.type === 'and' ? sql`1` : sql`0`
      if (node.parts.length === 1) return condition(node.parts[0]!)
      return sql`(${sql.join(node.parts.map(condition), sql.raw(` ${node.type} `))})`
    }
    // What is unknown does not hold, so its opposite does.
    case 'not':
      return sql`(${condition(node.part)}) is not true`
  }
}

function inList(what: Expression<unknown>, values: readonly SqlValue[]): Expression<unknown> {
  return sql`${what} in (select value from json_each(${JSON.stringify(values)}))`
}
