/** Limits of the models: what input may cost. Each can be set where it is used. */

/** Longest `f.text()` without a maximum of its own, in UTF-16 units: a body of text, not an upload. */
export const MAX_TEXT = 1_000_000
/** Longest e-mail address: RFC 5321 §4.5.3.1.3 allows a path of 256 octets, two of which are the angle brackets. */
export const MAX_EMAIL = 254
/** Longest slug: it becomes one segment of a URL. */
export const MAX_SLUG = 100
/** Longest password taken for hashing: beyond it the hash only costs time. */
export const MAX_PASSWORD = 1024
/** Shortest password taken from a form (NIST SP 800-63B §5.1.1.2 asks for 8 at least). Values set by code may be shorter. */
export const MIN_PASSWORD = 8
/** Longest path of an uploaded file, in UTF-16 units. */
export const MAX_PATH = 255
/** Deepest nesting of and/or/not in one condition: the SQL compiler works by recursion, SQLite stops at 1000. */
export const MAX_CONDITION_DEPTH = 100
/** Longest LIKE pattern, in UTF-16 units: SQLite refuses patterns above 50,000 bytes. A longer one finds nothing. */
export const MAX_PATTERN = 10_000
/** Compiled query shapes kept per model; the oldest goes first. Conditions are written by hand, so there are few. */
export const MAX_SHAPES = 1_024

/** Each can be set for a database: `openDatabase(address, { machine, limits: { pageSize: 50 } })`. */
export const MODEL_LIMITS = {
  /** Most rows on one page, whatever the query string asks for. */
  pageSize: 1_000,
  /** Most words of one search: each becomes a scan's worth of LIKE. */
  searchWords: 8,
  /** Longest search text looked at, in UTF-16 units. */
  searchLength: 200,
  /** Prepared statements kept per connection; the oldest goes first. */
  statements: 256,
  /** Statements and transactions that may wait for the running transaction before new ones are refused. */
  waiting: 10_000,
  /** Milliseconds SQLite waits for a lock that another process holds; the event loop waits too. */
  busyTimeout: 5_000,
  /** Deepest nesting of `atomic`: each level is a savepoint. */
  savepoints: 50,
}

export type ModelLimits = Readonly<typeof MODEL_LIMITS>
