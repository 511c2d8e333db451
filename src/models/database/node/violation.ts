/** What SQLite's errors mean: extended result codes (sqlite.org/rescode.html) and the words beside them. */
import type { ConstraintKind } from '../../errors.ts'
import type { Violation } from '../database.ts'

const BUSY = 5
const CONSTRAINT = 19

const KINDS = new Map<number, ConstraintKind>([
  [2067, 'unique'], // UNIQUE
  [1555, 'unique'], // PRIMARYKEY
  [2579, 'unique'], // ROWID
  [787, 'reference'], // FOREIGNKEY
  [1811, 'reference'], // TRIGGER: what "on delete restrict" is inside SQLite
  [1299, 'required'], // NOTNULL
  [275, 'check'], // CHECK
  [3091, 'check'], // DATATYPE: a value that a STRICT column cannot hold
])

/** The primary result code, and with it the extended one; null for an error that is not SQLite's. */
function codeOf(error: unknown): number | null {
  const { errcode } = (error ?? {}) as { errcode?: unknown }
  return typeof errcode === 'number' ? errcode : null
}

/** Whether another process holds a lock: a later try may succeed. */
export function isBusy(error: unknown): boolean {
  const code = codeOf(error)
  return code !== null && (code & 255) === BUSY
}

export function violationOf(error: unknown): Violation | null {
  const code = codeOf(error)
  if (code === null || (code & 255) !== CONSTRAINT) return null
  const { message } = error as Error
  const kind = KINDS.get(code) ?? 'check'
  if (kind === 'reference') return { kind, columns: [], constraint: null }
  const named = /^CHECK constraint failed: (.*)$/s.exec(message)?.[1]
  if (named !== undefined) return { kind, columns: [], constraint: named }
  // "UNIQUE constraint failed: user.email, user.name", "cannot store REAL value in INTEGER column post.views"
  const names = /(?:constraint failed: | column )(.*)$/s.exec(message)?.[1] ?? ''
  const columns = names.split(', ').map((name) => name.slice(name.lastIndexOf('.') + 1))
  return { kind, columns, constraint: null }
}
