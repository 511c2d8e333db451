/** Limits of the models: what input may cost. */
import { MILLISECOND } from '../base/clock.ts'
import { type Duration, requireDuration, seconds } from '../base/duration.ts'
import { ModelError } from './errors.ts'

/** The limits of a database. Each can be set: `openDatabase(address, { limits: { pageSize: 50 } })`. */
export interface ModelLimits {
  /** Most rows on one page, whatever the query string asks for. */
  readonly pageSize: number
  /** Most words of one search; further words are ignored. Each word costs a LIKE on every row. */
  readonly searchWords: number
  /** Longest search text, in UTF-16 units; the rest is ignored. */
  readonly searchLength: number
  /** Longest LIKE pattern, in UTF-16 units; a longer one finds nothing. SQLite itself refuses patterns above 50,000 bytes. */
  readonly patternLength: number
  /** Deepest nesting of and/or/not and of arithmetic in one query: SQL is written by recursion, and SQLite stops at 1000. */
  readonly depth: number
  /** Prepared statements kept for each connection; the least recently used is dropped first. */
  readonly statements: number
  /** Statements and transactions that may wait for the running transaction before new ones are refused. */
  readonly waiting: number
  /** How long each of them waits: a transaction that never ends must not hold up all others for ever. */
  readonly turnTimeout: Duration
  /** How long a statement waits for a lock that another process holds, its turn among the others included. */
  readonly busyTimeout: Duration
  /** Deepest nesting of `atomic`: each level is a savepoint. */
  readonly savepoints: number
}

/** The limits of a database that sets no others. */
export const MODEL_LIMITS: ModelLimits = Object.freeze({
  pageSize: 1_000,
  searchWords: 8,
  searchLength: 200,
  patternLength: 10_000,
  depth: 100,
  statements: 256,
  waiting: 10_000,
  turnTimeout: seconds(30),
  busyTimeout: seconds(2),
  savepoints: 50,
})

/**
 * The limits that a program has set, with the defaults for the others.
 * @param what the call, for messages: `openDatabase`
 * @throws ModelError for anything but a whole number from 0, RangeError for a time that is not a `Duration`.
 */
export function completeLimits(what: string, limits: Partial<ModelLimits> = {}): ModelLimits {
  const complete = { ...MODEL_LIMITS, ...limits }
  for (const [name, value] of Object.entries(complete))
    if (name.endsWith('Timeout')) requireDuration(`${what}: limits.${name}`, value, MILLISECOND)
    else if (!Number.isSafeInteger(value) || value < 0)
      throw new ModelError(`${what}: limits.${name} must be a whole number from 0, not ${String(value)}`)
  return complete
}
