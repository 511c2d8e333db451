/** Conditions, orders and arithmetic over columns, as a program writes them: the result of `(p) => p.views.gt(3)`. */
import { InvalidValueError, ModelError } from '../errors.ts'
import { article, type Kind } from '../fields/kind.ts'
import { int, number } from '../fields/numbers.ts'
import { escapeLike } from '../sql/like.ts'
import type {
  AggregateFunction,
  ArithmeticOperator,
  Comparison,
  ConditionNode,
  OperandNode,
  OrderNode,
} from '../sql/node.ts'

/** A condition on rows. Made by the methods of a column; combined with `and`, `or` and `not`. */
export class Condition {
  /** The condition as data. */
  readonly node: ConditionNode

  constructor(node: ConditionNode) {
    this.node = node
  }

  /** Both conditions. */
  and(other: Condition): Condition {
    return and(this, other)
  }

  /** One of the two conditions, or both. */
  or(other: Condition): Condition {
    return or(this, other)
  }

  /** The rows for which the condition does not hold, or is unknown because a value is null. */
  not(): Condition {
    return not(this)
  }
}

/** The rows for which all conditions hold; all rows when no condition is given. */
export function and(...parts: readonly Condition[]): Condition {
  return new Condition({ type: 'and', parts: parts.map(nodeOf) })
}

/** The rows for which at least one condition holds; no rows when no condition is given. */
export function or(...parts: readonly Condition[]): Condition {
  return new Condition({ type: 'or', parts: parts.map(nodeOf) })
}

/** The rows for which the condition does not hold, or is unknown because a value is null. */
export function not(part: Condition): Condition {
  return new Condition({ type: 'not', part: nodeOf(part) })
}

/** The node of what must be a condition: `(p) => p.done` and `(p) => p.views > 3` are slips that types do not always catch. */
export function nodeOf(condition: unknown): ConditionNode {
  if (condition instanceof Condition) return condition.node
  throw new ModelError(
    'where: this is not a condition; make one with .eq(), .gt(), .isNull(), …, not with an operator such as === or >',
  )
}

/** One term of an order: `p.published.desc()`. */
export class Order {
  /** The order as data. */
  readonly node: OrderNode

  constructor(node: OrderNode) {
    this.node = node
  }
}

/** The model and the field of an operand, for messages. */
export interface Origin {
  readonly model: string
  readonly field: string
}

type Text = string | null
type Numeric = number | null
/** Null where one of the two may be null. */
type Sum<A extends Numeric, B extends Numeric> = null extends A | B ? number | null : number

/**
 * A value computed by the database, with a type: a column, arithmetic over columns, or an aggregate over many rows. Some
 * methods are for text or for numbers only; the type of `this` says so.
 *
 * @typeParam T the type of the value
 * @example
 * Post.where((p) => p.views.plus(p.likes).gt(100).and(p.author.name.startsWith('A')))
 */
export class Operand<T> {
  declare readonly '~operand': T
  /** The operand as data. */
  readonly node: OperandNode
  /** The kind of its values; values that it is compared with are kept in the same way. */
  readonly kind: Kind<unknown>
  /** The model and the field, for messages. */
  readonly origin: Origin
  /** Whether the value is computed from many rows. */
  readonly aggregate: boolean

  constructor(node: OperandNode, kind: Kind<unknown>, origin: Origin, aggregate = false) {
    this.node = node
    this.kind = kind
    this.origin = origin
    this.aggregate = aggregate
  }

  /** Equal to the value. Null is a value here: `eq(null)` is `isNull()`. */
  eq(value: T | Operand<NonNullable<T>>): Condition {
    return value === null ? this.isNull() : this.#compare('=', value)
  }

  /** Not equal to the value: all rows except those of `eq`, also rows with null. */
  ne(value: T | Operand<NonNullable<T>>): Condition {
    return value === null ? this.isNotNull() : this.#compare('!=', value)
  }

  /** Less than the value. */
  lt(value: NonNullable<T> | Operand<NonNullable<T>>): Condition {
    return this.#compare('<', value)
  }

  /** Less than the value, or equal. */
  lte(value: NonNullable<T> | Operand<NonNullable<T>>): Condition {
    return this.#compare('<=', value)
  }

  /** Greater than the value. */
  gt(value: NonNullable<T> | Operand<NonNullable<T>>): Condition {
    return this.#compare('>', value)
  }

  /** Greater than the value, or equal. */
  gte(value: NonNullable<T> | Operand<NonNullable<T>>): Condition {
    return this.#compare('>=', value)
  }

  /** Equal to one of the values; no row when the list is empty. */
  in(values: readonly NonNullable<T>[]): Condition {
    for (const value of values) this.#check(value)
    return new Condition({ type: 'in', operand: this.node, values, as: this.kind.stores })
  }

  /** Has no value. */
  isNull(): Condition {
    return new Condition({ type: 'null', operand: this.node, negated: false })
  }

  /** Has a value. */
  isNotNull(): Condition {
    return new Condition({ type: 'null', operand: this.node, negated: true })
  }

  /** From small to large; null first. */
  asc(): Order {
    return new Order({ operand: this.node, descending: false })
  }

  /** From large to small; null last. */
  desc(): Order {
    return new Order({ operand: this.node, descending: true })
  }

  /** SQL's LIKE: `%` matches any text, `_` one character, `\` escapes. ASCII letters match in both cases. */
  like(this: Operand<string> | Operand<Text>, pattern: string): Condition {
    return likeOf(this, pattern)
  }

  /** Contains the text; `%` and `_` have no special meaning. ASCII letters match in both cases. @see ModelLimits.patternLength */
  contains(this: Operand<string> | Operand<Text>, text: string): Condition {
    return likeOf(this, `%${escapeLike(text)}%`)
  }

  /** Begins with the text; otherwise as `contains`. */
  startsWith(this: Operand<string> | Operand<Text>, text: string): Condition {
    return likeOf(this, `${escapeLike(text)}%`)
  }

  /** Ends with the text; otherwise as `contains`. */
  endsWith(this: Operand<string> | Operand<Text>, text: string): Condition {
    return likeOf(this, `%${escapeLike(text)}`)
  }

  /** The sum of both numbers; null where one of them is null. */
  plus<A extends Numeric, B extends Numeric = number>(this: Operand<A>, value: B | Operand<B>): Operand<Sum<A, B>> {
    return arithmetic(this, '+', value)
  }

  /** The difference; null where one of the numbers is null. */
  minus<A extends Numeric, B extends Numeric = number>(this: Operand<A>, value: B | Operand<B>): Operand<Sum<A, B>> {
    return arithmetic(this, '-', value)
  }

  /** The product; null where one of the numbers is null. */
  times<A extends Numeric, B extends Numeric = number>(this: Operand<A>, value: B | Operand<B>): Operand<Sum<A, B>> {
    return arithmetic(this, '*', value)
  }

  /** How many rows of the group have a value here: `p.id.count()` counts the rows. */
  count(): Operand<number> {
    return aggregate(this, 'count', int())
  }

  /** The sum over the group; null for a group without values. Above 2^53 rounded, as every number of JavaScript is. */
  sum(this: Operand<number> | Operand<Numeric>): Operand<number | null> {
    return aggregate(this, 'sum', isWhole(this.kind) ? int() : number())
  }

  /** The mean over the group; null for a group without values. */
  avg(this: Operand<number> | Operand<Numeric>): Operand<number | null> {
    return aggregate(this, 'avg', number())
  }

  /** The smallest value of the group; null for a group without values. */
  min(): Operand<T | null> {
    return aggregate(this, 'min', this.kind)
  }

  /** The largest value of the group; null for a group without values. */
  max(): Operand<T | null> {
    return aggregate(this, 'max', this.kind)
  }

  #compare(operator: Comparison, value: unknown): Condition {
    return new Condition({ type: 'compare', operator, left: this.node, right: this.#right(value) })
  }

  /** A value of this operand's kind, or another operand, as a node. */
  #right(value: unknown): OperandNode {
    if (value instanceof Operand) return value.node
    this.#check(value)
    return { type: 'value', value, as: this.kind.stores }
  }

  /** Any value of the type will do, also one that the field would not take: nothing has it then. */
  #check(value: unknown): void {
    const why = this.kind.typed(value)
    if (why !== null) throw new InvalidValueError(this.origin.model, this.origin.field, why)
  }
}

function isWhole({ stores }: Kind<unknown>): boolean {
  return stores.type === 'integer' || stores.type === 'id'
}

function arithmetic<T>(left: Operand<Numeric>, operator: ArithmeticOperator, value: unknown): Operand<T> {
  const { kind, origin } = left
  const fraction = value instanceof Operand ? !isWhole(value.kind) : !Number.isInteger(value)
  const result = isWhole(kind) && !fraction ? int() : number()
  if (!(value instanceof Operand) && !Number.isFinite(value))
    throw new ModelError(`${origin.model}.${origin.field}: arithmetic needs a finite number, not ${String(value)}`)
  const right: OperandNode = value instanceof Operand ? value.node : { type: 'value', value, as: result.stores }
  const many = left.aggregate || (value instanceof Operand && value.aggregate)
  return new Operand<T>({ type: 'arithmetic', operator, left: left.node, right }, result, origin, many)
}

function aggregate<T>({ node, origin }: Operand<unknown>, name: AggregateFunction, kind: Kind<unknown>): Operand<T> {
  return new Operand<T>({ type: 'aggregate', function: name, of: node }, kind, origin, true)
}

function likeOf({ node, origin }: Operand<string> | Operand<Text>, pattern: unknown): Condition {
  if (typeof pattern !== 'string')
    throw new ModelError(
      `${origin.model}.${origin.field}: like(), contains(), startsWith() and endsWith() need a string, not ${article(pattern)}`,
    )
  return new Condition({ type: 'like', operand: node, pattern })
}
