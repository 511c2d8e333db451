/** Making rows, and what making and changing have in common. */
import type { Machine } from '../base/machine.ts'
import { type Problem, problem } from '../base/problem.ts'
import type { Database } from './database/database.ts'
import { databaseOf, execute, machineOf } from './database/execute.ts'
import { ConstraintError, InvalidValueError, ModelError } from './errors.ts'
import { NOW } from './fields/field.ts'
import { article } from './fields/kind.ts'
import { type Column, columnOf, type Meta } from './meta.ts'
import { type Loaded, readRows } from './sql/rows.ts'
import { insertRow, selectAmong } from './sql/statements.ts'
import type { SqlValue } from './sql/value.ts'
import type { ColumnType } from './state.ts'

/** What a program gives for fields, by their names. */
export type Given = { readonly [name: string]: unknown }

/**
 * The names and values that a program gave. @throws ModelError for anything but a plain object: a Map, or a promise that
 * was not awaited, has no properties of its own, and would mean "all rows".
 */
export function entriesOf(meta: Meta, what: string, given: unknown): [string, unknown][] {
  if (typeof given === 'object' && given !== null) {
    const prototype: unknown = Object.getPrototypeOf(given)
    if (prototype === Object.prototype || prototype === null || prototype === meta.model.prototype)
      return Object.entries(given)
  }
  throw new ModelError(`${what} of ${meta.name} needs an object of values, not ${article(given)}`)
}

/** A value as it was given for a column: under the name of a reference it is the row referred to. */
export function givenValue(name: string, column: Column, value: unknown): unknown {
  if (name === column.property || value === null) return value
  if (typeof value === 'object' && 'id' in (value as object)) return (value as { id: unknown }).id
  return value
}

/** @throws InvalidValueError for a value that does not fit its field. */
export function checkValue(meta: Meta, column: Column, value: unknown): void {
  const why = column.field.check(value)
  if (why !== null) throw new InvalidValueError(meta.name, column.property, why)
}

/** A checked value as it is to be stored: hashed if it is a password. A promise only where that takes one. */
export function prepared({ kind }: Column, value: unknown, machine: Machine): unknown {
  return value === null || !kind.prepare ? value : kind.prepare(value, machine)
}

/**
 * Makes a row.
 * @throws InvalidValueError for a value that is missing or does not fit, ConstraintError when the database refuses.
 */
export async function createRow(meta: Meta, given: Given): Promise<Loaded> {
  const database = databaseOf(meta)
  const { dialect } = database
  const machine = machineOf(database)
  const values = givenValues(meta, given)
  const stored = new Map<Column, SqlValue>()
  for (const column of meta.list) {
    const value = values.has(column) ? values.get(column) : standardOf(meta, column, machine)
    if (value === undefined) continue // the id
    checkValue(meta, column, value)
    const ready = prepared(column, value, machine)
    const settled = ready instanceof Promise ? await ready : ready
    stored.set(column, settled === null ? null : dialect.codec(column.kind.stores).encode(settled))
  }
  try {
    const { lastId } = await execute(database, { ...insertRow(database, meta, stored), writes: true })
    // What is given back is read from what was stored: it is what a query would give.
    const row = meta.list.map((column) => (stored.has(column) ? stored.get(column)! : lastId))
    return readRows(dialect, meta, [], [row])[0]!
  } catch (error) {
    throw await refused(database, meta, error, stored)
  }
}

/** The given values by column. @throws ModelError for an unknown field, or a field that is given twice. */
function givenValues(meta: Meta, given: Given): Map<Column, unknown> {
  const values = new Map<Column, unknown>()
  for (const [name, value] of entriesOf(meta, 'create', given)) {
    const column = columnOf(meta, name)
    if (value === undefined) continue
    if (values.has(column))
      throw new ModelError(`${meta.name}: give ${column.declared} or ${column.property}, not both`)
    values.set(column, givenValue(name, column, value))
  }
  return values
}

/** What a column holds when nothing is given; undefined for the id, which the database gives. */
function standardOf(meta: Meta, column: Column, machine: Machine): unknown {
  const { kind, options, field } = column
  if (kind.stores.type === 'id') return undefined
  if (options.default === NOW) return new Date(machine.clock.wallMillis())
  const standard = 'standard' in field ? field.standard() : undefined
  if (standard !== undefined) return standard
  if (options.nullable) return null
  if (options.blank) return ''
  throw new InvalidValueError(
    meta.name,
    column.declared,
    'a value is missing; the field has no default and does not allow null',
  )
}

/** Values that a statement was to store, by column: what is looked at to say which of them was refused. */
export type Stored = ReadonlyMap<Column, SqlValue>

/** The error of a statement, as the error of a constraint when it is one. `stored` is empty for a delete. */
export async function refused(database: Database, meta: Meta, error: unknown, stored: Stored): Promise<unknown> {
  const violation = database.violation(error)
  if (!violation) return error
  if (violation.kind === 'reference' && violation.columns.length === 0) {
    const missing = await missingReferences(database, stored)
    // Nothing stored refers to nothing: then it is others that refer to what was to go.
    return new ConstraintError(missing.length > 0 ? 'reference' : 'protected', meta.name, missing, error)
  }
  const { checkName } = database.dialect.schema
  const columns = meta.list.filter(
    ({ name }) => violation.columns.includes(name) || checkName(meta.table, name) === violation.constraint,
  )
  const fields = columns.map(({ declared }) => declared)
  const why = violation.kind === 'check' && columns.length === 1 ? expected(columns[0]!.kind.stores) : undefined
  return new ConstraintError(violation.kind, meta.name, fields, error, why)
}

/** The values that a column accepts, in words; undefined where the general words are enough. */
function expected(stores: ColumnType): Problem | undefined {
  // The text is made by JSON.stringify: what a database refuses of it is the depth (SQLite's is 1,000).
  if (stores.type === 'json') return problem('too-deep', 'The value is nested too deeply.')
  if (stores.type === 'text' && stores.max !== undefined)
    return problem('too-long', `Use at most ${stores.max} characters.`, { max: stores.max })
  if (stores.type !== 'integer' && stores.type !== 'float') return undefined
  const { type, min, max } = stores
  const number = type === 'integer' ? 'a whole number' : 'a number'
  if (min !== undefined && max !== undefined)
    return problem('out-of-range', `The value must be ${number} from ${min} to ${max}.`, { min, max })
  if (max !== undefined) return problem('too-large', `The value must be ${number} up to ${max}.`, { max })
  if (min !== undefined) return problem('too-small', `The value must be ${number} from ${min} upwards.`, { min })
  return problem(
    'out-of-range',
    `The value must be ${type === 'integer' ? `${number} below 2^53` : 'a finite number'}.`,
  )
}

/** Some databases do not say which reference leads nowhere, so each is looked up. */
async function missingReferences(database: Database, stored: Stored): Promise<string[]> {
  const missing: string[] = []
  for (const [{ declared, reference }, id] of stored) {
    if (!reference || id === null) continue
    const target = reference.target()
    const lookUp = selectAmong(database, target, columnOf(target, 'id'), [id])
    const { rows } = await execute(database, { ...lookUp, writes: false })
    if (rows.length === 0) missing.push(declared)
  }
  return missing
}
