/** What can go wrong between a program and its rows. Each error names the model, the field and what to do. */

/** `get` found no row. The framework answers 404. */
export class NotFoundError extends Error {
  override readonly name = 'NotFoundError'
  readonly status = 404
  readonly model: string

  constructor(model: string) {
    super(`No ${model} matches`)
    this.model = model
  }
}

/** `get` found more than one row. */
export class SeveralRowsError extends Error {
  override readonly name = 'SeveralRowsError'
  readonly model: string

  constructor(model: string) {
    super(`get: more than one ${model} matches; narrow the condition, or use find() or first() for any one of them`)
    this.model = model
  }
}

/** A model is declared or used in a way that cannot be meant. */
export class ModelError extends Error {
  override readonly name = 'ModelError'
}

/** A value that the program gives does not fit its field. */
export class InvalidValueError extends Error {
  override readonly name = 'InvalidValueError'
  readonly model: string
  readonly field: string

  constructor(model: string, field: string, problem: string) {
    super(`${model}.${field}: ${problem}`)
    this.model = model
    this.field = field
  }
}

export type ConstraintKind =
  /** Another row has the value already. */
  | 'unique'
  /** The row referred to does not exist. */
  | 'reference'
  /** Other rows refer to the row that was to be deleted. */
  | 'protected'
  /** A condition of the database that models know nothing of. */
  | 'check'

const WORDS: { readonly [kind in ConstraintKind]: string } = {
  unique: 'This value is taken already.',
  reference: 'This does not exist (any more).',
  protected: 'This is still in use.',
  check: 'This value is not allowed.',
}

/** The database has no such table. */
export class NoTableError extends Error {
  override readonly name = 'NoTableError'
  readonly table: string

  constructor(table: string, cause?: unknown) {
    super(
      `no such table: ${table}; \`await site.createTables()\` before the site is served makes those of its models that are missing`,
      { cause },
    )
    this.table = table
  }
}

/** The database refused a row. `words` is for the person who filled in the form, `field` is where to show it. */
export class ConstraintError extends Error {
  override readonly name = 'ConstraintError'
  readonly status = 409
  readonly kind: ConstraintKind
  readonly model: string
  /** The fields concerned, as the model declares them: none when the database does not say. */
  readonly fields: readonly string[]
  readonly words: string

  constructor(kind: ConstraintKind, model: string, fields: readonly string[], cause?: unknown) {
    super(`${model}${fields.length > 0 ? `.${fields.join(', ')}` : ''}: ${kind}: ${WORDS[kind]}`, { cause })
    this.kind = kind
    this.model = model
    this.fields = fields
    this.words = WORDS[kind]
  }

  /** The first of `fields`. */
  get field(): string | undefined {
    return this.fields[0]
  }
}

/** The tables are not what the models say. */
export class SchemaMismatchError extends Error {
  override readonly name = 'SchemaMismatchError'
  /** One sentence for each difference. */
  readonly differences: readonly string[]

  constructor(differences: readonly string[]) {
    super(
      `The tables are not as the models say:\n  ${differences.join('\n  ')}\n` +
        'Change the tables by hand (ALTER TABLE), or the models, or begin with a new database file',
    )
    this.differences = differences
  }
}

/** Too many statements wait for the running transaction. */
export class DatabaseBusyError extends Error {
  override readonly name = 'DatabaseBusyError'
  readonly status = 503

  constructor(waiting: number) {
    super(
      `${waiting} statements wait for the running transaction; raise limits.waiting in openDatabase, or make transactions shorter`,
    )
  }
}
