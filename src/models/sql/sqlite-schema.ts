/** SQLite's tables: made of a model's state, and read back. */
import {
  type ColumnType,
  FIRST_MOMENT,
  type FieldState,
  LAST_MOMENT,
  type LogicalType,
  type ModelState,
} from '../state.ts'
import type { Ask, ColumnTraits, SchemaDialect } from './dialect.ts'

/** A name in double quotes. */
export function quoted(name: string): string {
  return name.includes('"') ? `"${name.replaceAll('"', '""')}"` : `"${name}"`
}

function literal(text: string): string {
  return `'${text.replaceAll("'", "''")}'`
}

// STRICT tables know no more types than these (sqlite.org/stricttables.html).
const TYPES: { readonly [type in LogicalType]: string } = {
  id: 'integer',
  integer: 'integer',
  float: 'real',
  text: 'text',
  boolean: 'integer',
  date: 'text',
  datetime: 'integer',
  json: 'text',
}

/** What every value of the type fulfils; '' where the type says all. What an expression computes is held to it too. */
function checkOf(stores: ColumnType, column: string): string {
  switch (stores.type) {
    case 'id': // the last one is never passed: what came after it no program could read
      return `${column} between 1 and ${Number.MAX_SAFE_INTEGER}`
    case 'integer': {
      const { min = Number.MIN_SAFE_INTEGER, max = Number.MAX_SAFE_INTEGER } = stores
      return `${column} between ${min} and ${max}`
    }
    case 'float': {
      // 9e999 is how SQLite writes infinity; NaN it stores as null.
      const { min = '-9e999', max = '9e999' } = stores
      return `${column} ${stores.min === undefined ? '>' : '>='} ${min} and ${column} ${stores.max === undefined ? '<' : '<='} ${max}`
    }
    case 'text': {
      const checks: string[] = []
      // length() counts characters, of which there are never more than UTF-16 units.
      if (stores.max !== undefined) checks.push(`length(${column}) <= ${stores.max}`)
      if (stores.choices !== undefined) checks.push(`${column} in (${stores.choices.map(literal).join(', ')})`)
      return checks.join(' and ')
    }
    case 'boolean':
      return `${column} in (0, 1)`
    case 'date':
      return `${column} glob '[0-9][0-9][0-9][0-9]-[0-1][0-9]-[0-3][0-9]'`
    case 'datetime':
      return `${column} between ${FIRST_MOMENT} and ${LAST_MOMENT}`
    case 'json':
      return `json_valid(${column})`
  }
}

function checkName(table: string, column: string): string {
  return `${table}_${column}_check`
}

function traits(field: FieldState): ColumnTraits {
  const { references } = field
  return {
    type: TYPES[field.stores.type],
    nullable: field.nullable,
    unique: field.unique,
    references: references === null ? '' : `${references.table} on delete ${references.onDelete}`,
    check: checkOf(field.stores, quoted(field.column)),
  }
}

function definition(field: FieldState): string {
  const { type, nullable, unique } = traits(field)
  const column = `${quoted(field.column)} ${type}`
  // AUTOINCREMENT: the id of a deleted row is not given again, so that old links and cookies lead nowhere.
  if (field.stores.type === 'id') return `${column} primary key autoincrement`
  const { references } = field
  const refers =
    references === null
      ? ''
      : ` references ${quoted(references.table)} (${quoted(references.column)}) on delete ${references.onDelete}`
  return `${column}${nullable ? '' : ' not null'}${unique ? ' unique' : ''}${refers}`
}

function constraint(table: string, column: string, check: string): string {
  return `constraint ${quoted(checkName(table, column))} check (${check})`
}

function createTable({ table, fields }: ModelState): string {
  const checks = fields.flatMap((field) => {
    const { check } = traits(field)
    return check === '' ? [] : [constraint(table, field.column, check)]
  })
  // STRICT: a column holds what it says and nothing else.
  return `create table ${quoted(table)} (${[...fields.map(definition), ...checks].join(', ')}) strict`
}

function createIndexes({ table, fields }: ModelState): string[] {
  return fields
    .filter(({ index, unique }) => index && !unique)
    .map(
      ({ column }) =>
        `create index if not exists ${quoted(`${table}_${column}`)} on ${quoted(table)} (${quoted(column)})`,
    )
}

async function introspect(ask: Ask, table: string): Promise<ReadonlyMap<string, ColumnTraits>> {
  const columns = await ask('select name, type, "notnull", pk from pragma_table_info(?)', [table])
  if (columns.length === 0) return new Map()
  const foreign = await ask('select "from", "table", on_delete from pragma_foreign_key_list(?)', [table])
  const uniques = await ask(
    'select (select group_concat(name) from pragma_index_info(l.name)) from pragma_index_list(?) l where l."unique" and not l.partial',
    [table],
  )
  const definitions = await ask("select sql from sqlite_schema where type = 'table' and name = ? collate nocase", [
    table,
  ])
  const checks = checksIn(String(definitions[0]?.[0] ?? ''))
  const references = new Map(
    foreign.map(([from, to, action]) => [String(from), `${to} on delete ${String(action).toLowerCase()}`]),
  )
  const unique = new Set(uniques.map(([name]) => String(name)))
  return new Map(
    columns.map(([name, type, notNull, key]) => [
      String(name),
      {
        type: String(type).toLowerCase(),
        nullable: notNull === 0 && key === 0,
        unique: unique.has(String(name)),
        references: references.get(String(name)) ?? '',
        check: checks.get(checkName(table, String(name))) ?? '',
      },
    ]),
  )
}

/** The beginning of a named check, or a text literal, which is skipped. */
const CHECK = /'(?:[^']|'')*'|\bconstraint\s+(?:"((?:[^"]|"")*)"|(\w+))\s+check\s*\(/gi
/** What stands between quotes is skipped; brackets are counted. */
const TOKEN = /'(?:[^']|'')*'|"(?:[^"]|"")*"|[()]/g

/** The named checks of a CREATE TABLE, by name: SQLite has no table that lists them. */
function checksIn(definition: string): Map<string, string> {
  const checks = new Map<string, string>()
  for (const found of definition.matchAll(CHECK)) {
    const name = found[1]?.replaceAll('""', '"') ?? found[2]
    if (name === undefined) continue
    const begin = found.index + found[0].length
    let depth = 1
    for (const token of definition.slice(begin).matchAll(TOKEN)) {
      if (token[0] === '(') depth++
      else if (token[0] === ')') depth--
      if (depth > 0) continue
      checks.set(name, definition.slice(begin, begin + token.index))
      break
    }
  }
  return checks
}

function changeCheck(table: string, column: string, before: string, after: string): string[] {
  const alter = `alter table ${quoted(table)}`
  return [
    ...(before === '' ? [] : [`${alter} drop constraint ${quoted(checkName(table, column))}`]),
    ...(after === '' ? [] : [`${alter} add ${constraint(table, column, after)}`]),
  ]
}

export const sqliteSchema: SchemaDialect = { createTable, createIndexes, traits, introspect, checkName, changeCheck }
