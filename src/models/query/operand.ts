/** Conditions, orders and arithmetic over columns, as a program writes them: what `(p) => p.views.gt(3)` gives. */
import { InvalidValueError, ModelError } from '../errors.ts'
import type { Kind } from '../fields/kind.ts'
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

/** A condition on rows; combine with `and`, `or`, `not`. */
export class Condition {
  readonly node: ConditionNode

  constructor(node: ConditionNode) {
    this.node = node
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
  return new Condition({ type: 'and', parts: parts.map(nodeOf) })
}

/** Any of them; false when there are none. */
export function or(...parts: readonly Condition[]): Condition {
  return new Condition({ type: 'or', parts: parts.map(nodeOf) })
}

/** The rows that the condition does not hold for. */
export function not(part: Condition): Condition {
  return new Condition({ type: 'not', part: nodeOf(part) })
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

/** What an operand is called in messages: the model and the field it came from. */
export interface Origin {
  readonly model: string
  readonly field: string
}

type Text = string | null
type Numeric = number | null
/** Null where one of the two may be null. */
type Sum<A extends Numeric, B extends Numeric> = null extends A | B ? number | null : number

/**
 * A value for each row, with a type: a column, arithmetic over columns; or one for many rows, an aggregate. Text and
 * numbers can do more than compare: `this` in a method's type says which can.
 */
export class Operand<T> {
  declare readonly '~operand': T
  readonly node: OperandNode
  /** What values it has, and how they are kept: whatever it is compared with is kept the same way. */
  readonly kind: Kind<unknown>
  readonly origin: Origin
  /** Whether it is of many rows. */
  readonly aggregate: boolean

  constructor(node: OperandNode, kind: Kind<unknown>, origin: Origin, aggregate = false) {
    this.node = node
    this.kind = kind
    this.origin = origin
    this.aggregate = aggregate
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
    for (const value of values) this.#check(value)
    return new Condition({ type: 'in', operand: this.node, values, as: this.kind.stores })
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

  /** SQL's LIKE: `%` is anything, `_` one character, `\` takes their meaning away. ASCII letters match in both cases. */
  like(this: Operand<string> | Operand<Text>, pattern: string): Condition {
    return likeOf(this, pattern)
  }

  /** Has the text in it, whatever it is made of. ASCII letters match in both cases. Text above 10,000 units is not found. */
  contains(this: Operand<string> | Operand<Text>, text: string): Condition {
    return likeOf(this, `%${escapeLike(text)}%`)
  }

  startsWith(this: Operand<string> | Operand<Text>, text: string): Condition {
    return likeOf(this, `${escapeLike(text)}%`)
  }

  endsWith(this: Operand<string> | Operand<Text>, text: string): Condition {
    return likeOf(this, `%${escapeLike(text)}`)
  }

  plus<A extends Numeric, B extends Numeric = number>(this: Operand<A>, value: B | Operand<B>): Operand<Sum<A, B>> {
    return arithmetic(this, '+', value)
  }

  minus<A extends Numeric, B extends Numeric = number>(this: Operand<A>, value: B | Operand<B>): Operand<Sum<A, B>> {
    return arithmetic(this, '-', value)
  }

  times<A extends Numeric, B extends Numeric = number>(this: Operand<A>, value: B | Operand<B>): Operand<Sum<A, B>> {
    return arithmetic(this, '*', value)
  }

  /** How many rows have a value here; of `id` it is how many rows there are. */
  count(): Operand<number> {
    return aggregate(this, 'count', int())
  }

  /** Null when there is nothing to add up. */
  sum(this: Operand<number> | Operand<Numeric>): Operand<number | null> {
    return aggregate(this, 'sum', isWhole(this.kind) ? int() : number())
  }

  /** The mean; null of nothing. */
  avg(this: Operand<number> | Operand<Numeric>): Operand<number | null> {
    return aggregate(this, 'avg', number())
  }

  /** The smallest value; null of nothing. */
  min(): Operand<T | null> {
    return aggregate(this, 'min', this.kind)
  }

  /** The largest value; null of nothing. */
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
    throw new ModelError(`${origin.model}.${origin.field}: arithmetic takes a number, not ${String(value)}`)
  const right: OperandNode = value instanceof Operand ? value.node : { type: 'value', value, as: result.stores }
  const many = left.aggregate || (value instanceof Operand && value.aggregate)
  return new Operand<T>({ type: 'arithmetic', operator, left: left.node, right }, result, origin, many)
}

function aggregate<T>({ node, origin }: Operand<unknown>, name: AggregateFunction, kind: Kind<unknown>): Operand<T> {
  return new Operand<T>({ type: 'aggregate', function: name, of: node }, kind, origin, true)
}

function likeOf({ node, origin }: Operand<string> | Operand<Text>, pattern: unknown): Condition {
  if (typeof pattern !== 'string')
    throw new ModelError(`${origin.model}.${origin.field}: text is looked for with a string, not ${typeof pattern}`)
  return new Condition({ type: 'like', operand: node, pattern })
}
