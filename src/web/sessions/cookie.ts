/**
 * Sessions that live in the cookie itself, signed: no table, no lookup. The visitor can read them, not change them;
 * and a logout cannot take back a copy of the cookie before it runs out. `MemorySessions` and stores like it can.
 */
import { COOKIE_LIMIT } from '../limits.ts'
import { Signer } from '../security/signing.ts'
import type { SessionRecord } from './session.ts'
import { type Loaded, type SessionStore, SessionTooLarge } from './store.ts'

/** Two weeks, in seconds. */
export const SESSION_MAX_AGE = 14 * 24 * 3600
/** Room for the cookie's name and attributes beside its value. */
const ATTRIBUTES = 200

export class CookieSessions implements SessionStore {
  readonly asynchronous = false
  readonly maxAge: number
  readonly #signer: Signer

  constructor(secrets: readonly string[], maxAge = SESSION_MAX_AGE) {
    this.#signer = new Signer(secrets, 'session')
    this.maxAge = maxAge
  }

  load(value: string, wallMillis: number): Loaded | null {
    if (value.length > COOKIE_LIMIT) return null
    const verified = this.#signer.verify(value, wallMillis, this.maxAge)
    if (verified === null) return null
    const record = readRecord(Buffer.from(verified.text, 'base64url').toString())
    // Renewed at most twenty times in its life, not with every request.
    return record && { record, stale: verified.age > this.maxAge / 20 }
  }

  save(record: SessionRecord, wallMillis: number): string {
    const value = this.#signer.sign(Buffer.from(JSON.stringify(record)).toString('base64url'), wallMillis)
    if (value.length + ATTRIBUTES > COOKIE_LIMIT)
      throw new SessionTooLarge(
        `the session takes ${value.length} bytes of cookie and browsers keep ${COOKIE_LIMIT - ATTRIBUTES}: ` +
          `put less in it (it holds ${Object.keys(record.data).join(', ')}) or use a store, app({ sessions: new MemorySessions() })`,
      )
    return value
  }

  forget(): void {}
}

/** What was signed was written by this program, perhaps by an older version of it: the shape is looked at again. */
function readRecord(json: string): SessionRecord | null {
  let value: unknown
  try {
    value = JSON.parse(json)
  } catch {
    return null
  }
  if (typeof value !== 'object' || value === null) return null
  const { id, data } = value as Partial<SessionRecord>
  return typeof id === 'string' && typeof data === 'object' && data !== null ? { id, data } : null
}
