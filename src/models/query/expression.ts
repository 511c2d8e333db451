/**
 * Conditions, orders and arithmetic over columns, as values: what `(p) => p.views.gt(3)` gives. They hold metadata and
 * encoded values, never SQL text; the compiler makes SQL of them.
 */

import { ModelError } from '../errors.ts'
import type { SqlValue } from '../fields/field.ts'
import { MAX_CONDITION_DEPTH, MAX_PATTERN } from '../limits.ts'
import { type Column, encodeOperand, type Meta } from '../meta.ts'

/** Something with a value for each row. */
export type OperandNode =
  | { readonly type: 'column'; readonly path: readonly string[]; readonly column: Column }
  | { readonly type: 'value'; readonly value: SqlValue }
  | {
      readonly type: 'arithmetic'
      readonly operator: '+' | '-' | '*'
      readonly left: OperandNode
      readonly right: OperandNode
    }

export type ConditionNode =
  | { readonly type: 'compare'; readonly operator: Comparison; readonly left: OperandNode; readonly right: OperandNode }
  | { readonly type: 'null'; readonly operand: OperandNode; readonly negated: boolean }
  | { readonly type: 'in'; readonly operand: OperandNode; readonly values: readonly SqlValue[] }
  | { readonly type: 'like'; readonly operand: OperandNode; readonly pattern: string }
  | { readonly type: 'and' | 'or'; readonly parts: readonly ConditionNode[] }
  | { readonly type: 'not'; readonly part: ConditionNode }

export type Comparison = '=' | '!=' | '<' | '<=' | '>' | '>='

export interface OrderNode {
  readonly operand: OperandNode
  readonly descending: boolean
}

/** A condition on rows; combine with `and`, `or`, `not`. */
export class Condition {
  readonly node: ConditionNode
  readonly depth: number

  /** @throws ModelError when it is nested too deep: SQL compilers work by recursion. */
  constructor(node: ConditionNode, parts: readonly Condition[] = []) {
    this.node = node
    this.depth = 1 + parts.reduce((depth, part) => Math.max(depth, part.depth), 0)
    if (this.depth > MAX_CONDITION_DEPTH)
      throw new ModelError(`The condition is nested deeper than ${MAX_CONDITION_DEPTH}`)
  }

  and(other: Condition): Condition {
    return and(this, other)
  }

  or(other: Condition): Condition {
    return or(this, other)
  }

  /** The rows that this does not hold for; those for which it is unknown because something is null among them. */
  not(): Condition {
    return not(this)
  }
}

/** All of them; true when there are none. */
export function and(...parts: readonly Condition[]): Condition {
  return new Condition({ type: 'and', parts: parts.map(nodeOf) }, parts)
}

/** Any of them; false when there are none. */
export function or(...parts: readonly Condition[]): Condition {
  return new Condition({ type: 'or', parts: parts.map(nodeOf) }, parts)
}

/** The rows that the condition does not hold for. */
export function not(part: Condition): Condition {
  return new Condition({ type: 'not', part: nodeOf(part) }, [part])
}

/** The node of what must be a condition: `(p) => p.done` and `(p) => p.views > 3` are slips that types do not always catch. */
export function nodeOf(condition: unknown): ConditionNode {
  if (condition instanceof Condition) return condition.node
  throw new ModelError(
    'A condition is made with .eq(), .gt(), .isNull(), …: JavaScript’s own operators do not make one',
  )
}

export class Order {
  readonly node: OrderNode

  constructor(node: OrderNode) {
    this.node = node
  }
}

/** A value for each row, with a type: a column, or arithmetic over columns. */
export class Operand<T> {
  declare readonly '~operand': T
  readonly node: OperandNode
  /** The column whose field says what values fit. */
  readonly meta: Meta
  readonly column: Column

  constructor(node: OperandNode, meta: Meta, column: Column) {
    this.node = node
    this.meta = meta
    this.column = column
  }

  /** The rows where the column has the value; null is a value here. */
  eq(value: T | Operand<NonNullable<T>>): Condition {
    return value === null ? this.isNull() : this.#compare('=', value)
  }

  /** All rows but those that `eq` gives, rows with null among them. */
  ne(value: T | Operand<NonNullable<T>>): Condition {
    return value === null ? this.isNotNull() : this.#compare('!=', value)
  }

  lt(value: NonNullable<T> | Operand<NonNullable<T>>): Condition {
    return this.#compare('<', value)
  }

  lte(value: NonNullable<T> | Operand<NonNullable<T>>): Condition {
    return this.#compare('<=', value)
  }

  gt(value: NonNullable<T> | Operand<NonNullable<T>>): Condition {
    return this.#compare('>', value)
  }

  gte(value: NonNullable<T> | Operand<NonNullable<T>>): Condition {
    return this.#compare('>=', value)
  }

  /** Any of the values; of none no row. */
  in(values: readonly NonNullable<T>[]): Condition {
    return new Condition({ type: 'in', operand: this.node, values: values.map((value) => this.#encode(value)) })
  }

  isNull(): Condition {
    return new Condition({ type: 'null', operand: this.node, negated: false })
  }

  isNotNull(): Condition {
    return new Condition({ type: 'null', operand: this.node, negated: true })
  }

  asc(): Order {
    return new Order({ operand: this.node, descending: false })
  }

  desc(): Order {
    return new Order({ operand: this.node, descending: true })
  }

  #compare(operator: Comparison, value: unknown): Condition {
    return new Condition({ type: 'compare', operator, left: this.node, right: this.operand(value) })
  }

  /** A value of this column's field, or another operand, as a node. */
  protected operand(value: unknown): OperandNode {
    if (value instanceof Operand) return value.node
    return { type: 'value', value: this.#encode(value) }
  }

  #encode(value: unknown): SqlValue {
    return encodeOperand(this.meta, this.column, value)
  }
}

type Text = string | null

/** Columns of text and of numbers can do more; `this` in a method's type says which can. */
export class TableColumn<T> extends Operand<T> {
  /** SQL's LIKE: `%` is anything, `_` one character, `\` takes their meaning away. ASCII letters match in both cases. */
  like(this: TableColumn<string> | TableColumn<Text>, pattern: string): Condition {
    return likeOf(this, pattern)
  }

  /** Has the text in it, whatever it is made of. ASCII letters match in both cases. Text above 10,000 units is not found. */
  contains(this: TableColumn<string> | TableColumn<Text>, text: string): Condition {
    return likeOf(this, `%${escapeLike(text)}%`)
  }

  startsWith(this: TableColumn<string> | TableColumn<Text>, text: string): Condition {
    return likeOf(this, `${escapeLike(text)}%`)
  }

  endsWith(this: TableColumn<string> | TableColumn<Text>, text: string): Condition {
    return likeOf(this, `%${escapeLike(text)}`)
  }

  plus(this: TableColumn<number>, value: number | Operand<number>): Operand<number> {
    return arithmetic(this, '+', value)
  }

  minus(this: TableColumn<number>, value: number | Operand<number>): Operand<number> {
    return arithmetic(this, '-', value)
  }

  times(this: TableColumn<number>, value: number | Operand<number>): Operand<number> {
    return arithmetic(this, '*', value)
  }
}

function arithmetic(left: Operand<number>, operator: '+' | '-' | '*', value: unknown): Operand<number> {
  let right: OperandNode
  if (value instanceof Operand) right = value.node
  else if (typeof value === 'number' && Number.isFinite(value)) right = { type: 'value', value }
  else
    throw new ModelError(`${left.meta.name}.${left.column.property}: arithmetic takes a number, not ${String(value)}`)
  return new Operand({ type: 'arithmetic', operator, left: left.node, right }, left.meta, left.column)
}

function likeOf({ node, meta, column }: Operand<string> | Operand<Text>, pattern: unknown): Condition {
  if (typeof pattern !== 'string')
    throw new ModelError(`${meta.name}.${column.property}: text is looked for with a string`)
  if (pattern.length > MAX_PATTERN) return or()
  return new Condition({ type: 'like', operand: node, pattern })
}

/** Takes the meaning away from LIKE's own characters. */
export function escapeLike(text: string): string {
  return text.replace(/[\\%_]/g, '\\$&')
}

/** The object that a function of `where` is given: columns by property, referred models by reference. */
export function columnsOf(meta: Meta, path: readonly string[] = []): object {
  return new Proxy(Object.freeze({}), {
    get(_, name) {
      if (typeof name !== 'string') return undefined
      const column = meta.columns.get(name)
      if (column) return new TableColumn({ type: 'column', path, column }, meta, column)
      const relation = meta.relations.get(name)
      if (relation?.kind === 'ref') return columnsOf(relation.target(), [...path, name])
      throw new ModelError(
        `${meta.name} has no field ${JSON.stringify(name)}: it has ${[...meta.columns.keys()].join(', ')}`,
      )
    },
  })
}
