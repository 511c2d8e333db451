/** The columns of a model, as the functions of `where`, `orderBy` and `update` are given them. */
import { ModelError } from '../errors.ts'
import type { Meta } from '../meta.ts'
import { Operand } from './operand.ts'

const roots = new WeakMap<Meta, object>()

/** Columns by property, the columns of referred models by the name of the reference. */
export function columnsOf(meta: Meta): object {
  let root = roots.get(meta)
  if (root === undefined) roots.set(meta, (root = columnsAt(meta, [])))
  return root
}

function columnsAt(meta: Meta, path: readonly string[]): object {
  return new Proxy(Object.freeze({}), {
    get(_, name) {
      if (typeof name !== 'string') return undefined
      const column = meta.columns.get(name)
      if (column) return new Operand({ type: 'column', path, column }, column.kind, { model: meta.name, field: name })
      const relation = meta.relations.get(name)
      if (relation?.kind === 'ref') return columnsAt(relation.target(), [...path, name])
      const why = relation
        ? 'leads to many rows; a condition can use references (f.ref) only'
        : `is not a field: the fields are ${[...meta.columns.keys()].join(', ')}`
      throw new ModelError(`${meta.name}: ${JSON.stringify(name)} ${why}`)
    },
  })
}
