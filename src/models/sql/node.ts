/**
 * A query as data: columns, conditions, orders. The nodes hold metadata and values of JavaScript, never SQL: the text of a
 * dialect comes from one walk over them (`sql/writer.ts`).
 */
import type { Column } from '../meta.ts'
import type { ColumnType } from '../state.ts'

export type ArithmeticOperator = '+' | '-' | '*'
export type AggregateFunction = 'count' | 'sum' | 'avg' | 'min' | 'max'

/** Something with a value for each row, or for each group of rows. */
export type OperandNode =
  /** Of the model itself, or of one that a path of references leads to. */
  | { readonly type: 'column'; readonly path: readonly string[]; readonly column: Column }
  /** A value of JavaScript, kept as a column of this type keeps it. */
  | { readonly type: 'value'; readonly value: unknown; readonly as: ColumnType }
  | {
      readonly type: 'arithmetic'
      readonly operator: ArithmeticOperator
      readonly left: OperandNode
      readonly right: OperandNode
    }
  | { readonly type: 'aggregate'; readonly function: AggregateFunction; readonly of: OperandNode }

export type Comparison = '=' | '!=' | '<' | '<=' | '>' | '>='

export type ConditionNode =
  | { readonly type: 'compare'; readonly operator: Comparison; readonly left: OperandNode; readonly right: OperandNode }
  | { readonly type: 'null'; readonly operand: OperandNode; readonly negated: boolean }
  | {
      readonly type: 'in'
      readonly operand: OperandNode
      readonly values: readonly unknown[]
      readonly as: ColumnType
    }
  | { readonly type: 'like'; readonly operand: OperandNode; readonly pattern: string }
  /** Every word of the text in one of the columns, within the limits of the database. */
  | { readonly type: 'search'; readonly columns: readonly OperandNode[]; readonly text: string }
  | { readonly type: 'and' | 'or'; readonly parts: readonly ConditionNode[] }
  | { readonly type: 'not'; readonly part: ConditionNode }

export interface OrderNode {
  readonly operand: OperandNode
  readonly descending: boolean
}

/** A value that a query reads beside the columns of its model. */
export interface AddedColumn {
  readonly name: string
  readonly operand: OperandNode
  /** How it is kept. */
  readonly as: ColumnType
}
