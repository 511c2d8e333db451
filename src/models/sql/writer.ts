/**
 * Writes a query as the SQL of a dialect. The text and its parameters come from one walk over the nodes, so the two cannot
 * disagree. Names come from the models only, and values are always bound. The text is the key under which a connection
 * keeps the prepared statement.
 */
import { ModelError } from '../errors.ts'
import type { ModelLimits } from '../limits.ts'
import type { Meta } from '../meta.ts'
import type { ColumnType } from '../state.ts'
import type { Dialect } from './dialect.ts'
import { escapeLike } from './like.ts'
import type { AggregateFunction, ConditionNode, OperandNode, OrderNode } from './node.ts'
import type { Bind, SqlValue } from './value.ts'

/** Whose SQL is written, and how much of it. */
export interface Target {
  readonly dialect: Dialect
  readonly limits: ModelLimits
}

/** The name of the table in a query; those joined to it are called by their path: `"t.author"`. */
const ROOT = 't'
const TEXT: ColumnType = { type: 'text' }

/**
 * Whether a column can have the value. Text with a null character or half of a surrogate pair is never stored; a database
 * would end the text there, put another character in its place, or fail.
 */
function canBeStored(value: unknown, { type }: ColumnType): boolean {
  return type !== 'text' || typeof value !== 'string' || (value.isWellFormed() && !value.includes('\0'))
}

export class SqlWriter {
  readonly parameters: SqlValue[] = []
  readonly #dialect: Dialect
  readonly #limits: ModelLimits
  readonly #meta: Meta
  /** Whether paths of references may be followed: an update sets a row by its own columns only. */
  #joining = true
  /** Whether aggregates may be written: rows are grouped, and it is not the condition that chooses them. */
  #grouping = false
  /** The paths that are joined; null while nothing is joined. */
  #joined: Set<string> | null = null
  #joins = ''
  #depth = 0

  constructor({ dialect, limits }: Target, meta: Meta) {
    this.#dialect = dialect
    this.#limits = limits
    this.#meta = meta
  }

  /** Takes a value, and gives what stands for it. To be called in the order of the text. */
  readonly #bind: Bind = (value, as) => this.#dialect.placeholder(this.parameters.push(value), as)

  /** The joins of the text so far; '' when nothing is joined. Joins have no parameters. */
  get joins(): string {
    return this.#joins
  }

  identifier(name: string): string {
    return this.#dialect.identifier(name)
  }

  /** `"post" as "t"` */
  get table(): string {
    return `${this.identifier(this.#meta.table)} as ${this.identifier(ROOT)}`
  }

  /** A column of the model itself, by its name. */
  column(name: string): string {
    return `${this.identifier(ROOT)}.${this.identifier(name)}`
  }

  value(value: unknown, as: ColumnType): string {
    const stored = value === null ? null : this.#dialect.codec(as).encode(value)
    return this.#dialect.placeholder(this.parameters.push(stored), as)
  }

  /** What a column is set to: it may not lead to other rows, which an update does not see. */
  assigned(node: OperandNode): string {
    this.#joining = false
    const text = this.operand(node)
    this.#joining = true
    return text
  }

  /** Runs `write` where aggregates may stand. */
  grouped(write: () => string): string {
    this.#grouping = true
    const text = write()
    this.#grouping = false
    return text
  }

  operand(node: OperandNode): string {
    this.#enter()
    let text: string
    switch (node.type) {
      case 'column':
        text = `${this.identifier(this.#alias(node.path))}.${this.identifier(node.column.name)}`
        break
      case 'value':
        text = this.value(node.value, node.as)
        break
      case 'arithmetic':
        text = `(${this.operand(node.left)} ${node.operator} ${this.operand(node.right)})`
        break
      case 'aggregate':
        text = this.#aggregate(node.function, node.of)
    }
    this.#depth--
    return text
  }

  #aggregate(name: AggregateFunction, node: OperandNode): string {
    if (this.#grouping) {
      const operand = this.operand(node)
      return name === 'sum' ? this.#dialect.sum(operand) : `${name}(${operand})`
    }
    throw new ModelError(`${this.#meta.name}: ${name}() is computed from many rows: use it in summarize() or having()`)
  }

  condition(node: ConditionNode): string {
    this.#enter()
    const text = this.#condition(node)
    this.#depth--
    return text
  }

  #condition(node: ConditionNode): string {
    switch (node.type) {
      case 'compare': {
        // Whatever is not equal is unequal, null too.
        const operator = node.operator === '!=' ? 'is distinct from' : node.operator
        const unequal = node.operator === '=' ? 'false' : node.operator === '!=' ? 'true' : null
        if (unequal !== null && node.right.type === 'value' && !canBeStored(node.right.value, node.right.as))
          return unequal
        return `${this.operand(node.left)} ${operator} ${this.operand(node.right)}`
      }
      case 'null':
        return `${this.operand(node.operand)} is ${node.negated ? 'not ' : ''}null`
      case 'in': {
        const { encode } = this.#dialect.codec(node.as)
        const values = node.values.filter((value) => canBeStored(value, node.as)).map(encode)
        return this.#dialect.inList(this.operand(node.operand), values, node.as, this.#bind)
      }
      case 'like':
        return this.#like(node.operand, node.pattern)
      case 'search':
        return this.#search(node.columns, node.text)
      case 'and':
        return this.#conditions(node.parts, 'and')
      case 'or':
        return this.#conditions(node.parts, 'or')
      // What is unknown does not hold, so its opposite does.
      case 'not':
        return `(${this.condition(node.part)}) is not true`
    }
  }

  #conditions(parts: readonly ConditionNode[], word: 'and' | 'or'): string {
    if (parts.length === 1) return this.condition(parts[0]!)
    return this.#joinedBy(
      parts.map((part) => this.condition(part)),
      word,
    )
  }

  /** Of nothing `and` is true, and `or` is false. */
  #joinedBy(parts: readonly string[], word: 'and' | 'or'): string {
    if (parts.length === 0) return word === 'and' ? 'true' : 'false'
    return parts.length === 1 ? parts[0]! : `(${parts.join(` ${word} `)})`
  }

  #like(operand: OperandNode, pattern: string): string {
    if (!canBeStored(pattern, TEXT) || pattern.length > this.#limits.patternLength) return 'false'
    return this.#dialect.like(this.operand(operand), this.#bind(pattern, TEXT))
  }

  #search(columns: readonly OperandNode[], text: string): string {
    const { searchLength, searchWords } = this.#limits
    const words = text.slice(0, searchLength).replaceAll('\0', '').split(/\s+/).filter(Boolean).slice(0, searchWords)
    const anywhere = (word: string) => columns.map((column) => this.#like(column, `%${escapeLike(word)}%`))
    return this.#joinedBy(
      words.map((word) => this.#joinedBy(anywhere(word), 'or')),
      'and',
    )
  }

  /** ` where …`; '' where all rows are meant. */
  clause(word: 'where' | 'having', conditions: readonly ConditionNode[]): string {
    if (conditions.length === 0) return ''
    return ` ${word} ${this.#conditions(conditions, 'and')}`
  }

  /** ` order by …` */
  order(orders: readonly OrderNode[]): string {
    if (orders.length === 0) return ''
    const parts = orders.map(({ operand, descending }) => this.#dialect.order(this.operand(operand), descending))
    return ` order by ${parts.join(', ')}`
  }

  limit(limit: number | null, offset: number): string {
    return this.#dialect.limit(limit, offset, this.#bind)
  }

  /** The name of the table that a path leads to; joins what is not joined yet. */
  #alias(path: readonly string[]): string {
    if (path.length === 0) return ROOT
    if (!this.#joining)
      throw new ModelError(
        `update of ${this.#meta.name}: ${path.join('.')} leads to another row; an update can use the row's own columns only`,
      )
    this.#joined ??= new Set()
    let { relations } = this.#meta
    let alias = ROOT
    for (const name of path) {
      const relation = relations.get(name)!
      const target = relation.target()
      const inner = `${alias}.${name}`
      if (!this.#joined.has(inner)) {
        this.#joined.add(inner)
        const [from, to] = [this.identifier(alias), this.identifier(inner)]
        const id = `${from}.${this.identifier(relation.column().name)}`
        this.#joins += ` left join ${this.identifier(target.table)} as ${to} on ${to}.${this.identifier('id')} = ${id}`
      }
      alias = inner
      relations = target.relations
    }
    return alias
  }

  #enter(): void {
    if (++this.#depth > this.#limits.depth)
      throw new ModelError(
        `The query is nested deeper than ${this.#limits.depth}: build a flatter one, or raise limits.depth of the database`,
      )
  }
}
