/** What a query selects: which rows of a table, with which columns, in which order. */
import type { Meta } from '../meta.ts'
import type { AddedColumn, ConditionNode, OrderNode } from './node.ts'

export interface Selection {
  readonly meta: Meta
  /** What is read beside the model's own columns; in place of them where rows are grouped. */
  readonly columns: readonly AddedColumn[]
  readonly where: readonly ConditionNode[]
  /** The positions, from 1, of those among `columns` whose values make a group. */
  readonly group: readonly number[]
  readonly having: readonly ConditionNode[]
  readonly order: readonly OrderNode[]
  readonly limit: number | null
  readonly offset: number
}

/** All rows of a model, in no order. */
export function everything(meta: Meta): Selection {
  return { meta, columns: [], where: [], group: [], having: [], order: [], limit: null, offset: 0 }
}
