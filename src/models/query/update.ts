/** Changing rows. */

import type { Database } from '../database/database.ts'
import { execute, machineOf } from '../database/execute.ts'
import { ModelError } from '../errors.ts'
import type { SqlValue } from '../fields/field.ts'
import { type Column, columnOf } from '../meta.ts'
import { givenValue, prepared, refused } from '../write.ts'
import type { Selection } from './compile.ts'
import { Operand, type OperandNode } from './expression.ts'
import { shapedUpdate } from './shape.ts'

/** @returns how many rows matched. */
export async function updateRows(
  database: Database,
  selection: Selection,
  given: { readonly [name: string]: unknown },
): Promise<number> {
  const { meta } = selection
  if (typeof given !== 'object' || given === null)
    throw new ModelError(`update of ${meta.name} takes an object of values`)
  const changes: [Column, OperandNode][] = []
  const stored = new Map<Column, SqlValue>()
  for (const [name, value] of Object.entries(given)) {
    const column = columnOf(meta, name)
    if (value === undefined) continue
    if (column.kind.name === 'id') throw new ModelError(`${meta.name}.id is given by the database and does not change`)
    if (value instanceof Operand) changes.push([column, ownOperand(value)])
    else {
      const ready = await prepared(meta, column, givenValue(name, column, value), machineOf(database))
      stored.set(column, ready)
      changes.push([column, { type: 'value', value: ready }])
    }
  }
  if (changes.length === 0) throw new ModelError(`update of ${meta.name} changes nothing: give it a field`)
  try {
    const { changes: rows } = await execute(database, { ...shapedUpdate(selection, changes), writes: true })
    return rows
  } catch (error) {
    throw await refused(database, meta, error, stored)
  }
}

/** A row can be changed by its own columns only: an update has no joins. */
function ownOperand({ node, meta }: Operand<unknown>): OperandNode {
  const check = (part: OperandNode): void => {
    if (part.type === 'column' && part.path.length > 0) {
      throw new ModelError(
        `update of ${meta.name}: ${part.path.join('.')} is another row; only the row's own columns can be used`,
      )
    }
    if (part.type === 'arithmetic') {
      check(part.left)
      check(part.right)
    }
  }
  check(node)
  return node
}
