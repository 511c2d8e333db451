/** What can go wrong between a program and its rows. Each error names the model, the field and what to do. */
import { CodedError } from '../base/errors.ts'
import { type Problem, problem } from '../base/problem.ts'

/** `get` found no row. A site answers with 404. */
export class NotFoundError extends CodedError {
  override readonly name = 'NotFoundError'
  override readonly code = 'MODEL_NOT_FOUND'
  /** The status of a site's answer. */
  readonly status = 404
  /** The name of the model. */
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
  /** The name of the model. */
  readonly model: string

  constructor(model: string) {
    super(`get: more than one ${model} matches; narrow the condition, or use find() or first() to take the first match`)
    this.model = model
  }
}

/** A model is declared or used in a wrong way: a mistake in the program. */
export class ModelError extends CodedError {
  override readonly name = 'ModelError'
  override readonly code = 'MODEL_MISUSE'
}

/** The program gave a value that does not fit its field. */
export class InvalidValueError extends CodedError {
  override readonly name = 'InvalidValueError'
  override readonly code = 'MODEL_INVALID_VALUE'
  /** The name of the model. */
  readonly model: string
  /** The property of the row: `authorId`. */
  readonly field: string

  constructor(model: string, field: string, why: string) {
    super(`${model}.${field}: ${why}`)
    this.model = model
    this.field = field
  }
}

/** The table holds a value that the field cannot have: another program wrote the value. */
export class UnreadableValueError extends CodedError {
  override readonly name = 'UnreadableValueError'
  override readonly code = 'MODEL_UNREADABLE_VALUE'
  /** The name of the model. */
  readonly model: string
  /** The property of the row: `authorId`. */
  readonly field: string

  constructor(model: string, field: string, why: string) {
    super(`${model}.${field}: the table holds ${why}; another program has written the value`)
    this.model = model
    this.field = field
  }
}

/** What kind of rule a row broke. */
export type ConstraintKind =
  /** Another row has the value already. */
  | 'unique'
  /** The row referred to does not exist. */
  | 'reference'
  /** Other rows refer to the row that was to be deleted. */
  | 'protected'
  /** The field cannot have the value: the result of an expression is above `max`. */
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

/** The database refused a row. Show `problem` to the person who filled in the form, at the input of `field`. */
export class ConstraintError extends CodedError {
  override readonly name = 'ConstraintError'
  override readonly code = 'MODEL_CONSTRAINT'
  /** The status of a site's answer. */
  readonly status = 409
  /** Which kind of rule was broken. */
  readonly kind: ConstraintKind
  /** The name of the model. */
  readonly model: string
  /** The fields concerned, as the model declares them: `author`. Empty when the database does not name them. */
  readonly fields: readonly string[]
  /** What to tell the person who filled in the form. */
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
  /** The name of the table. */
  readonly table: string

  constructor(table: string, cause?: unknown) {
    super(
      `there is no table "${table}" in the database; call \`await site.createTables()\` before the site is served (without a site: createTables(database, models)) to create the missing tables`,
      { cause },
    )
    this.table = table
  }
}

/** The tables differ from the models. */
export class SchemaMismatchError extends CodedError {
  override readonly name = 'SchemaMismatchError'
  override readonly code = 'MODEL_SCHEMA_MISMATCH'
  /** One sentence for each difference. */
  readonly differences: readonly string[]

  constructor(differences: readonly string[]) {
    super(
      `The tables differ from the models:\n  ${differences.join('\n  ')}\n` +
        'Change the tables by hand (ALTER TABLE), change the models, or start with a new database file',
    )
    this.differences = differences
  }
}

/** The database cannot be written to now; a later try may succeed. A site answers with 503. */
export class DatabaseBusyError extends CodedError {
  override readonly name = 'DatabaseBusyError'
  override readonly code = 'MODEL_DATABASE_BUSY'
  /** The status of a site's answer. */
  readonly status = 503
}

/** The database cannot be opened: the file is not a database, is locked, or its folder does not exist. */
export class DatabaseOpenError extends CodedError {
  override readonly name = 'DatabaseOpenError'
  override readonly code = 'MODEL_DATABASE_OPEN'

  constructor(path: string, cause: unknown) {
    super(`the database ${path} cannot be opened: ${(cause as Error).message}`, { cause })
  }
}

/** The database is closed: statements that waited are refused, and so are later ones. */
export class DatabaseClosedError extends CodedError {
  override readonly name = 'DatabaseClosedError'
  override readonly code = 'MODEL_DATABASE_CLOSED'

  constructor(name: string) {
    super(`the database ${name} is closed`)
  }
}
