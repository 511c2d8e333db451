/** Models: classes whose fields are columns, and typed queries over their rows. */
export type { Database, Result, Session, Statement, TransactionSession, Violation } from './database/database.ts'
export { Databases, withDatabase } from './database/databases.ts'
export { countQueries } from './database/execute.ts'
export { type DatabaseOptions, openDatabase } from './database/sqlite.ts'
export { type AtomicOptions, atomic, type CommitCallback, onCommit } from './database/transaction.ts'
export {
  ConstraintError,
  type ConstraintKind,
  DatabaseBusyError,
  InvalidValueError,
  ModelError,
  NoTableError,
  NotFoundError,
  SchemaMismatchError,
  SeveralRowsError,
} from './errors.ts'
export type { ModelsSqlEvent } from './events.ts'
export { f } from './fields/f.ts'
export { Field, type FieldOptions, type Kind, type Parsed, type SqlValue, type Widget } from './fields/field.ts'
export type { RangeOptions } from './fields/plain.ts'
export { type Class, Many, type OnDelete, Ref, type RefOptions } from './fields/relation.ts'
export { type PasswordHash, type TextOptions, words } from './fields/text.ts'
export { MODEL_LIMITS, type ModelLimits } from './limits.ts'
export { fieldsOf } from './meta.ts'
export { Model } from './model.ts'
export { and, Condition, not, Operand, Order, or, TableColumn } from './query/expression.ts'
export { Page } from './query/page.ts'
export { type OrderBy, Query, type Where } from './query/query.ts'
export type { Columns, CreateInput, RelationPath, Row, RowOf, UpdateInput, WhereValues } from './rows.ts'
export { createAllTables, createTables } from './schema.ts'
