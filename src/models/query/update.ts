/** Changing rows. */
import type { Database } from '../database/database.ts'
import { execute, machineOf } from '../database/execute.ts'
import { ModelError } from '../errors.ts'
import { type Column, columnOf, type Meta } from '../meta.ts'
import type { OperandNode } from '../sql/node.ts'
import type { Selection } from '../sql/selection.ts'
import { updateRows as updateSql } from '../sql/statements.ts'
import type { SqlValue } from '../sql/value.ts'
import type { ColumnType } from '../state.ts'
import { checkValue, entriesOf, type Given, givenValue, prepared, refused } from '../write.ts'
import { Operand } from './operand.ts'

/** @returns how many rows matched. */
export async function updateRows(database: Database, selection: Selection, given: Given): Promise<number> {
  const { meta } = selection
  const machine = machineOf(database)
  const changes: [Column, OperandNode][] = []
  const stored = new Map<Column, SqlValue>()
  for (const [name, value] of entriesOf(meta, 'update', given)) {
    const column = columnOf(meta, name)
    if (value === undefined) continue
    const { stores } = column.kind
    if (stores.type === 'id') throw new ModelError(`${meta.name}.id cannot be changed: the database gives the id`)
    if (value instanceof Operand) {
      changes.push([column, expression(meta, column, value)])
      continue
    }
    const own = givenValue(name, column, value)
    checkValue(meta, column, own)
    const ready = prepared(column, own, machine)
    const settled = ready instanceof Promise ? await ready : ready
    if (settled !== null) stored.set(column, database.dialect.codec(stores).encode(settled))
    changes.push([column, { type: 'value', value: settled, as: stores }])
  }
  if (changes.length === 0)
    throw new ModelError(`update of ${meta.name}: there is nothing to change; give at least one field`)
  try {
    const { changes: rows } = await execute(database, { ...updateSql(database, selection, changes), writes: true })
    return rows
  } catch (error) {
    throw await refused(database, meta, error, stored)
  }
}

/** @throws ModelError for an expression whose values the column cannot have. */
function expression(meta: Meta, { property, kind }: Column, { node, kind: given }: Operand<unknown>): OperandNode {
  const what = `update of ${meta.name}.${property}`
  if (kind.prepare)
    throw new ModelError(
      `${what}: a ${kind.name} is hashed or converted before it is stored, so an expression cannot set it; give a value`,
    )
  if (given.secret) throw new ModelError(`${what}: the expression would copy a secret field`)
  if (family(kind.stores) !== family(given.stores))
    throw new ModelError(
      `${what}: the field is of the kind ${kind.name}, but the expression is of the kind ${given.name}`,
    )
  return node
}

/** Types whose values can stand for each other; whether each fits is for the table's check to say. */
function family({ type }: ColumnType): string {
  return type === 'id' || type === 'integer' || type === 'float' ? 'number' : type
}
