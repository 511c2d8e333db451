/** Making rows, and what making and changing have in common. */
import type { Machine } from '../base/machine.ts'
import type { Database } from './database/database.ts'
import { databaseOf, execute, machineOf } from './database/execute.ts'
import { ConstraintError, InvalidValueError, ModelError } from './errors.ts'
import { NOW, type SqlValue } from './fields/field.ts'
import { type Column, columnOf, encode, type Meta, rowOf } from './meta.ts'
import { shapedByIds, shapedInsert } from './query/shape.ts'

/** A value as it was given for a column: under the name of a reference it is the row referred to. */
export function givenValue(name: string, column: Column, value: unknown): unknown {
  if (name === column.property || value === null) return value
  if (typeof value === 'object' && 'id' in (value as object)) return (value as { id: unknown }).id
  return value
}

/** A value made ready for its column: checked, hashed if it is a password, encoded. @throws InvalidValueError */
export async function prepared(meta: Meta, column: Column, value: unknown, machine: Machine): Promise<SqlValue> {
  const encoded = encode(meta, column, value)
  if (value === null || !column.kind.prepare) return encoded
  return column.kind.encode(await column.kind.prepare(value, machine))
}

/**
 * Makes a row.
 * @throws InvalidValueError for a value that is missing or does not fit, ConstraintError when the database refuses.
 */
export async function createRow(
  meta: Meta,
  given: { readonly [name: string]: unknown },
): Promise<Record<string, unknown>> {
  const database = databaseOf(meta)
  const machine = machineOf(database)
  const values = givenValues(meta, given)
  const stored = new Map<Column, SqlValue>()
  for (const column of meta.list) {
    const value = values.has(column) ? values.get(column) : standardOf(meta, column, machine)
    if (value !== undefined) stored.set(column, await prepared(meta, column, value, machine)) // all but the id
  }
  const names = [...stored.keys()].map(({ name }) => name)
  try {
    const insert = shapedInsert(meta, names, [...stored.values()])
    const { lastId } = await execute(database, { ...insert, writes: true })
    return rowOf(
      meta,
      meta.list.map((column) => stored.get(column) ?? (column.kind.name === 'id' ? lastId : null)),
    )
  } catch (error) {
    throw await refused(database, meta, error, stored)
  }
}

/** What was given, by column. @throws ModelError for a name that is no field, or one that is given twice. */
function givenValues(meta: Meta, given: { readonly [name: string]: unknown }): Map<Column, unknown> {
  if (typeof given !== 'object' || given === null)
    throw new ModelError(`create of ${meta.name} takes an object of values`)
  const values = new Map<Column, unknown>()
  for (const [name, value] of Object.entries(given)) {
    const column = columnOf(meta, name)
    if (value === undefined) continue
    if (values.has(column))
      throw new ModelError(`${meta.name}.${column.declared} is given twice: as a row and as an id`)
    values.set(column, givenValue(name, column, value))
  }
  return values
}

/** What a column holds when nothing is given; undefined for the id, which the database gives. */
function standardOf(meta: Meta, column: Column, machine: Machine): unknown {
  const { kind, options, field } = column
  if (kind.name === 'id') return undefined
  if (options.default === NOW) return new Date(machine.clock.wallMillis())
  const standard = 'standard' in field ? field.standard() : undefined
  if (standard !== undefined) return standard
  if (options.nullable) return null
  if (options.blank) return ''
  throw new InvalidValueError(
    meta.name,
    column.declared,
    'a value is missing; the field has no default and may not be null',
  )
}

/** Values that a statement was to store, by column: what is looked at to say which of them was refused. */
export type Stored = ReadonlyMap<Column, SqlValue>

/** The error of a statement, as the error of a constraint when it is one. `stored` is empty for a delete. */
export async function refused(database: Database, meta: Meta, error: unknown, stored: Stored): Promise<unknown> {
  const violation = database.violation(error)
  if (!violation) return error
  if (violation.kind === 'reference') {
    const missing = await missingReferences(database, stored)
    // Nothing stored refers to nothing: then it is others that refer to what was to go.
    return new ConstraintError(missing.length > 0 ? 'reference' : 'protected', meta.name, missing, error)
  }
  const columns = meta.list
  const fields = violation.columns.flatMap((name) => columns.find((column) => column.name === name)?.declared ?? [])
  return new ConstraintError(violation.kind, meta.name, fields, error)
}

/** SQLite does not say which reference leads nowhere, so each is looked up. */
async function missingReferences(database: Database, stored: Stored): Promise<string[]> {
  const missing: string[] = []
  for (const [{ declared, reference }, id] of stored) {
    if (!reference || id === null) continue
    const target = reference.target()
    const { rows } = await execute(database, { ...shapedByIds(target, 'id', [id]), writes: false })
    if (rows.length === 0) missing.push(declared)
  }
  return missing
}
