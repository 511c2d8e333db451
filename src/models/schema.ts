/** Makes the tables of models, and says where tables that exist differ from them. */
import { type ColumnDefinitionBuilder, type CompiledQuery, sql } from 'kysely'
import type { Database } from './database/database.ts'
import type { Databases } from './database/databases.ts'
import { execute } from './database/execute.ts'
import { atomic } from './database/transaction.ts'
import { SchemaMismatchError } from './errors.ts'
import type { SqlValue } from './fields/field.ts'
import type { Class } from './fields/relation.ts'
import { type Column, type Meta, metaOf } from './meta.ts'
import { builder } from './query/compile.ts'

/**
 * Makes the tables and indexes that are missing, in one transaction.
 * @throws SchemaMismatchError when a table is there and is another: nothing is changed then.
 */
export async function createTables(database: Database, models: readonly Class<object>[]): Promise<void> {
  const metas = models.map(metaOf)
  await atomic(
    async () => {
      const differences: string[] = []
      for (const meta of metas) {
        const actual = await actualColumns(database, meta.table)
        if (actual.size === 0) await run(database, tableOf(meta))
        else differences.push(...compare(meta, actual))
      }
      if (differences.length > 0) throw new SchemaMismatchError(differences)
      for (const meta of metas) for (const index of indexesOf(meta)) await run(database, index)
    },
    { on: database },
  )
}

/** The same for all databases of a registry and the models listed for each. */
export async function createAllTables(databases: Databases): Promise<void> {
  for (const database of databases.all) {
    const models = [...databases.models].filter(([, where]) => where === database).map(([model]) => model)
    await createTables(database, models)
  }
}

async function run(database: Database, { sql: text, parameters }: CompiledQuery): Promise<void> {
  await execute(database, { sql: text, parameters: parameters as readonly SqlValue[], writes: true })
}

function tableOf(meta: Meta): CompiledQuery {
  let table = builder.schema.createTable(meta.table)
  for (const column of meta.list) {
    table = table.addColumn(column.name, column.kind.column, (definition) => columnOf(column, definition))
  }
  // STRICT: a column holds what it says and nothing else (sqlite.org/stricttables.html).
  return table.modifyEnd(sql`strict`).compile()
}

function columnOf(column: Column, definition: ColumnDefinitionBuilder): ColumnDefinitionBuilder {
  // AUTOINCREMENT: the id of a deleted row is not given again, so that old links and cookies lead nowhere.
  if (column.kind.name === 'id') return definition.primaryKey().autoIncrement()
  let made = column.options.nullable ? definition : definition.notNull()
  if (column.options.unique) made = made.unique()
  if (column.reference) {
    made = made.references(`${column.reference.target().table}.id`).onDelete(column.reference.onDelete)
  }
  return made
}

function indexesOf(meta: Meta): CompiledQuery[] {
  const indexed = meta.list.filter(({ options }) => options.index && !options.unique)
  return indexed.map(({ name }) =>
    builder.schema.createIndex(`${meta.table}_${name}`).ifNotExists().on(meta.table).column(name).compile(),
  )
}

/** What matters of a column, as words that can be compared. */
interface Traits {
  readonly type: string
  readonly nullable: boolean
  readonly unique: boolean
  readonly references: string
}

function wanted(column: Column): Traits {
  const { kind, options, reference } = column
  return {
    type: kind.column,
    nullable: options.nullable,
    unique: options.unique,
    references: reference ? `${reference.target().table} on delete ${reference.onDelete}` : '',
  }
}

async function actualColumns(database: Database, table: string): Promise<Map<string, Traits>> {
  const ask = async (text: string) => (await execute(database, { sql: text, parameters: [table], writes: false })).rows
  const columns = await ask('select name, type, "notnull", pk from pragma_table_info(?)')
  const foreign = await ask('select "from", "table", on_delete from pragma_foreign_key_list(?)')
  const uniques = await ask(
    'select (select group_concat(name) from pragma_index_info(l.name)) from pragma_index_list(?) l where l."unique" and not l.partial',
  )
  const references = new Map(
    foreign.map(([from, to, action]) => [from, `${to} on delete ${String(action).toLowerCase()}`]),
  )
  const unique = new Set(uniques.map(([name]) => name))
  return new Map(
    columns.map(([name, type, notNull, key]) => [
      String(name),
      {
        type: String(type).toLowerCase(),
        nullable: notNull === 0 && key === 0,
        unique: unique.has(name!),
        references: references.get(name!) ?? '',
      },
    ]),
  )
}

function compare(meta: Meta, actual: ReadonlyMap<string, Traits>): string[] {
  const differences: string[] = []
  const say = (name: string, problem: string) => differences.push(`${meta.table}.${name} (${meta.name}): ${problem}`)
  const names = new Set<string>()
  for (const column of meta.list) {
    names.add(column.name)
    const there = actual.get(column.name)
    const want = wanted(column)
    if (!there) say(column.name, 'the column is missing')
    else {
      if (there.type !== want.type)
        say(column.name, `the type is ${there.type || 'none'}, the model wants ${want.type}`)
      if (there.nullable !== want.nullable)
        say(
          column.name,
          there.nullable ? 'it may be null, in the model it may not' : 'it may not be null, in the model it may',
        )
      if (there.unique !== want.unique)
        say(column.name, there.unique ? 'it is unique, in the model it is not' : 'it is not unique, in the model it is')
      if (there.references !== want.references) {
        say(
          column.name,
          `it refers to ${there.references || 'nothing'}, in the model to ${want.references || 'nothing'}`,
        )
      }
    }
  }
  for (const name of actual.keys()) if (!names.has(name)) say(name, 'the model has no field for this column')
  return differences
}
