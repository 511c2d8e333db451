/** What can go wrong between a program and its rows. Each error names the model, the field and what to do. */
import { CodedError } from '../base/errors.ts'
import { type Problem, problem } from '../base/problem.ts'

/** `get` found no row. A site answers with 404. */
export class NotFoundError extends CodedError {
  override readonly name = 'NotFoundError'
  override readonly code = 'MODEL_NOT_FOUND'
  readonly status = 404
  readonly model: string

  constructor(model: string) {
    super(`No ${model} matches`)
    this.model = model
  }
}

/** `get` found more than one row. */
export class SeveralRowsError extends CodedError {
  override readonly name = 'SeveralRowsError'
  override readonly code = 'MODEL_SEVERAL_ROWS'
  readonly model: string

  constructor(model: string) {
    super(`get: more than one ${model} matches; narrow the condition, or use find() or first() for any one of them`)
    this.model = model
  }
}

/** A model is declared or used in a way that cannot be meant. */
export class ModelError extends CodedError {
  override readonly name = 'ModelError'
  override readonly code = 'MODEL_MISUSE'
}

/** A value that the program gives does not fit its field. */
export class InvalidValueError extends CodedError {
  override readonly name = 'InvalidValueError'
  override readonly code = 'MODEL_INVALID_VALUE'
  readonly model: string
  readonly field: string

  constructor(model: string, field: string, why: string) {
    super(`${model}.${field}: ${why}`)
    this.model = model
    this.field = field
  }
}

/** A value that the database holds is none that the field can have: something else than these models wrote it. */
export class UnreadableValueError extends CodedError {
  override readonly name = 'UnreadableValueError'
  override readonly code = 'MODEL_UNREADABLE_VALUE'
  readonly model: string
  readonly field: string

  constructor(model: string, field: string, why: string) {
    super(`${model}.${field}: the table holds ${why}; something other than this model has written it`)
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
  /** The value is none that the field can have: an expression has gone past `max`. */
  | 'check'
  /** There is no value, and the field must have one. */
  | 'required'

const PROBLEMS: { readonly [kind in ConstraintKind]: Problem } = {
  unique: problem('taken', 'This value is taken already.'),
  reference: problem('missing', 'This does not exist (any more).'),
  protected: problem('in-use', 'This is still in use.'),
  check: problem('not-allowed', 'This value is not allowed.'),
  required: problem('required', 'This field is required.'),
}

/** The database refused a row. `problem` is for the person who filled in the form, `field` is where to show it. */
export class ConstraintError extends CodedError {
  override readonly name = 'ConstraintError'
  override readonly code = 'MODEL_CONSTRAINT'
  readonly status = 409
  readonly kind: ConstraintKind
  readonly model: string
  /** The fields concerned, as the model declares them: none when the database does not say. */
  readonly fields: readonly string[]
  readonly problem: Problem

  constructor(kind: ConstraintKind, model: string, fields: readonly string[], cause?: unknown, why = PROBLEMS[kind]) {
    super(`${model}${fields.length > 0 ? `.${fields.join(', ')}` : ''}: ${kind}: ${why.text}`, { cause })
    this.kind = kind
    this.model = model
    this.fields = fields
    this.problem = why
  }

  /** The first of `fields`. */
  get field(): string | undefined {
    return this.fields[0]
  }
}

/** The database has no such table. */
export class NoTableError extends CodedError {
  override readonly name = 'NoTableError'
  override readonly code = 'MODEL_NO_TABLE'
  readonly table: string

  constructor(table: string, cause?: unknown) {
    super(
      `there is no table "${table}" in the database; \`await site.createTables()\` before the site is served (without a site: createTables(database, models)) makes the tables that are missing`,
      { cause },
    )
    this.table = table
  }
}

/** The tables are not what the models say. */
export class SchemaMismatchError extends CodedError {
  override readonly name = 'SchemaMismatchError'
  override readonly code = 'MODEL_SCHEMA_MISMATCH'
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

/** The database cannot be written to now: try again later. A site answers with 503. */
export class DatabaseBusyError extends CodedError {
  override readonly name = 'DatabaseBusyError'
  override readonly code = 'MODEL_DATABASE_BUSY'
  readonly status = 503
}

/** The database cannot be opened: the file is none, or is locked, or its folder is not there. */
export class DatabaseOpenError extends CodedError {
  override readonly name = 'DatabaseOpenError'
  override readonly code = 'MODEL_DATABASE_OPEN'

  constructor(path: string, cause: unknown) {
    super(`the database ${path} cannot be opened: ${(cause as Error).message}`, { cause })
  }
}

/** The database is closed: what waited for it is refused, and what comes after. */
export class DatabaseClosedError extends CodedError {
  override readonly name = 'DatabaseClosedError'
  override readonly code = 'MODEL_DATABASE_CLOSED'

  constructor(name: string) {
    super(`the database ${name} is closed`)
  }
}
