/** Makes the tables of models, and says where tables that exist differ from them. */
import type { Database } from './database/database.ts'
import type { Databases } from './database/databases.ts'
import { execute } from './database/execute.ts'
import { atomic } from './database/transaction.ts'
import { describe } from './describe.ts'
import { SchemaMismatchError } from './errors.ts'
import type { Class } from './fields/relation.ts'
import { requireOwnTables } from './meta.ts'
import type { Ask, ColumnTraits } from './sql/dialect.ts'
import type { ModelState } from './state.ts'

/**
 * Creates the missing tables and indexes, and updates the checks of columns (after a change of `max` or of choices), in one
 * transaction.
 *
 * @example
 * await createTables(database, [User, Post])
 * @throws ModelError for two models with one table, SchemaMismatchError when an existing table differs from its model; nothing is changed then.
 */
export async function createTables(database: Database, models: readonly Class<object>[]): Promise<void> {
  const { schema } = database.dialect
  requireOwnTables(models)
  const states = models.map(describe)
  const ask: Ask = async (sql, parameters) => (await execute(database, { sql, parameters, writes: false })).rows
  const run = (sql: string) => execute(database, { sql, parameters: [], writes: true })
  const create = async () => {
    const differences: string[] = []
    const changes: CheckChange[] = []
    for (const state of states) {
      const actual = await schema.introspect(ask, state.table)
      if (actual.size === 0) await run(schema.createTable(state))
      else compare(state, actual, schema.traits, differences, changes)
    }
    for (const { state, column, before, after } of changes) {
      try {
        for (const sql of schema.changeCheck(state.table, column, before, after)) await atomic(() => run(sql))
      } catch (error) {
        const { message } = error as Error
        differences.push(`${where(state, column)}: the check cannot become "${after}": ${message}`)
      }
    }
    if (differences.length > 0) throw new SchemaMismatchError(differences)
    for (const state of states) for (const sql of schema.createIndexes(state)) await run(sql)
  }
  await atomic(create, { on: database })
}

/** `createTables` for every database of a registry, with the models listed for it. */
export async function createAllTables(databases: Databases): Promise<void> {
  for (const database of databases.all) {
    const models = [...databases.models].filter(([, where]) => where === database).map(([model]) => model)
    await createTables(database, models)
  }
}

interface CheckChange {
  readonly state: ModelState
  readonly column: string
  readonly before: string
  readonly after: string
}

function where({ table, model }: ModelState, column: string): string {
  return `${table}.${column} (${model})`
}

function compare(
  state: ModelState,
  actual: ReadonlyMap<string, ColumnTraits>,
  traits: (field: ModelState['fields'][number]) => ColumnTraits,
  differences: string[],
  changes: CheckChange[],
): void {
  for (const field of state.fields) {
    const { column } = field
    const there = actual.get(column)
    const wanted = traits(field)
    const problems = there === undefined ? ['the column is missing'] : differencesOf(there, wanted)
    differences.push(...problems.map((problem) => `${where(state, column)}: ${problem}`))
    if (there !== undefined && there.check !== wanted.check)
      changes.push({ state, column, before: there.check, after: wanted.check })
  }
  const names = new Set(state.fields.map(({ column }) => column))
  for (const name of actual.keys())
    if (!names.has(name)) differences.push(`${where(state, name)}: the model has no field for this column`)
}

function differencesOf(there: ColumnTraits, wanted: ColumnTraits): string[] {
  const problems: string[] = []
  const say = (problem: string) => problems.push(problem)
  if (there.type !== wanted.type) say(`the type is ${there.type || 'missing'}; the model needs ${wanted.type}`)
  if (there.nullable !== wanted.nullable)
    say(
      there.nullable ? 'the column allows null; the field does not' : 'the column does not allow null; the field does',
    )
  if (there.unique !== wanted.unique)
    say(there.unique ? 'the column is unique; the field is not' : 'the column is not unique; the field is')
  if (there.references !== wanted.references)
    say(`the column refers to ${there.references || 'nothing'}; the model refers to ${wanted.references || 'nothing'}`)
  return problems
}
