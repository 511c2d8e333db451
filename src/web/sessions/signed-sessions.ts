/**
 * Sessions that live in the cookie itself, signed: no table, no lookup. The visitor can read them, not change them;
 * and a logout cannot take back a copy of the cookie before it runs out. `MemorySessions` and stores like it can.
 */
import { fromBase64, toBase64Url } from '../../base/base64.ts'
import { SECOND } from '../../base/clock.ts'
import { type Duration, days, requireDuration } from '../../base/duration.ts'
import { SessionTooLarge } from '../errors.ts'
import { Signer } from '../security/signing.ts'
import type { SessionRecord } from './session.ts'
import type { Loaded, SessionStore } from './store.ts'

/** How long a session lives without use, unless its store says otherwise. */
export const SESSION_MAX_AGE: Duration = days(14)
/** What browsers keep at least of a cookie, name and attributes included (RFC 6265 §6.1); most keep no more. */
const COOKIE_BYTES = 4096
/** Room for the cookie's name and attributes beside its value. */
const ATTRIBUTES = 200

/**
 * Sessions in signed cookies: the default.
 *
 * @example
 * app({ secret, sessions: new CookieSessions([secret], days(1)) })
 */
export class CookieSessions implements SessionStore {
  readonly asynchronous = false
  readonly maxAge: Duration
  readonly #signer: Signer

  constructor(secrets: readonly string[], maxAge: Duration = SESSION_MAX_AGE) {
    this.#signer = new Signer(secrets, 'session')
    this.maxAge = requireDuration('CookieSessions(secrets, maxAge)', maxAge, SECOND)
  }

  load(value: string, wallMillis: number): Loaded | null {
    if (value.length > COOKIE_BYTES) return null
    const verified = this.#signer.verify(value, wallMillis, this.maxAge)
    if (verified === null) return null
    const bytes = fromBase64(verified.text)
    const record = bytes === null ? null : readRecord(new TextDecoder().decode(bytes))
    // Renewed at most twenty times in its life, not with every request.
    return record && { record, stale: verified.age > this.maxAge / 20 }
  }

  save(record: SessionRecord, wallMillis: number): string {
    const value = this.#signer.sign(toBase64Url(new TextEncoder().encode(JSON.stringify(record))), wallMillis)
    if (value.length + ATTRIBUTES > COOKIE_BYTES)
      throw new SessionTooLarge(
        `the session takes ${value.length} bytes of cookie and browsers keep ${COOKIE_BYTES - ATTRIBUTES}: ` +
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
