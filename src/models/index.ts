/** Models: classes whose fields are columns, and typed queries over their rows. */

export { type Problem, problem } from '../base/problem.ts'
export type { Database, Result, Session, Statement, TransactionSession, Violation } from './database/database.ts'
export { Databases, withDatabase } from './database/databases.ts'
export { countQueries, execute } from './database/execute.ts'
export { type DatabaseOptions, openDatabase } from './database/node/sqlite.ts'
export { type AtomicOptions, atomic, type CommitCallback, onCommit } from './database/transaction.ts'
export { describe } from './describe.ts'
export {
  ConstraintError,
  type ConstraintKind,
  DatabaseBusyError,
  DatabaseClosedError,
  DatabaseOpenError,
  InvalidValueError,
  ModelError,
  NoTableError,
  NotFoundError,
  SchemaMismatchError,
  SeveralRowsError,
  UnreadableValueError,
} from './errors.ts'
export type { ModelsSqlEvent } from './events.ts'
export { f } from './fields/f.ts'
export { Field, type FieldOptions } from './fields/field.ts'
export type { Kind, Parsed, Widget } from './fields/kind.ts'
export type { RangeOptions } from './fields/numbers.ts'
export { type Class, Many, Ref, type RefOptions } from './fields/relation.ts'
export type { PasswordHash, PasswordOptions, TextOptions } from './fields/text.ts'
export { MODEL_LIMITS, type ModelLimits } from './limits.ts'
export { Model } from './model.ts'
export type { OrderBy, Where } from './query/given.ts'
export { and, Condition, not, Operand, Order, or } from './query/operand.ts'
export { Page } from './query/page.ts'
export { Query } from './query/query.ts'
export type { Summary } from './query/summary.ts'
export type { Columns, CreateInput, RelationPath, Row, RowOf, UpdateInput, WhereValues } from './rows.ts'
export { createAllTables, createTables } from './schema.ts'
export { type Codec, type ColumnTraits, type Dialect, type SchemaDialect, UnreadableStored } from './sql/dialect.ts'
export { sqlite as sqliteDialect } from './sql/sqlite.ts'
export type { SqlValue } from './sql/value.ts'
export type { ColumnType, FieldState, Json, LogicalType, ModelState, OnDelete, ReferenceState } from './state.ts'
