/** Sessions kept in this process: they can be large and be taken back at once; they end with the process. */
import { MILLISECOND, SECOND } from '../../base/clock.ts'
import { type Duration, requireDuration } from '../../base/duration.ts'
import { WEB_LIMITS } from '../limits.ts'
import type { SessionRecord } from './session.ts'
import { SESSION_MAX_AGE } from './signed-sessions.ts'
import type { Loaded, SessionStore } from './store.ts'

/**
 * Sessions in the memory of this process.
 *
 * @example
 * app({ sessions: new MemorySessions({ maxAge: hours(8) }) })
 */
export class MemorySessions implements SessionStore {
  readonly asynchronous = false
  readonly maxAge: Duration
  /** How many sessions are kept: past it the one unused for longest goes. */
  readonly limit: number
  /** In order of last use, the oldest first. */
  readonly #sessions = new Map<string, { json: string; usedMillis: number }>()

  /**
   * @param options `maxAge`: how long a session lives without use, two weeks by default; `limit`: how many are kept.
   */
  constructor(options: { readonly maxAge?: Duration; readonly limit?: number } = {}) {
    this.maxAge = requireDuration('MemorySessions({ maxAge })', options.maxAge ?? SESSION_MAX_AGE, SECOND)
    this.limit = options.limit ?? WEB_LIMITS.memorySessions
  }

  /** How many there are now. */
  get size(): number {
    return this.#sessions.size
  }

  load(value: string, wallMillis: number): Loaded | null {
    const kept = this.#sessions.get(value)
    if (kept === undefined) return null
    this.#sessions.delete(value)
    if (wallMillis - kept.usedMillis > this.maxAge / MILLISECOND) return null
    kept.usedMillis = wallMillis
    this.#sessions.set(value, kept)
    return { record: { id: value, data: JSON.parse(kept.json) as SessionRecord['data'] }, stale: false }
  }

  save(record: SessionRecord, wallMillis: number): string {
    this.#sessions.delete(record.id)
    this.#sessions.set(record.id, { json: JSON.stringify(record.data), usedMillis: wallMillis })
    if (this.#sessions.size > this.limit) this.#sessions.delete(this.#sessions.keys().next().value!)
    return record.id
  }

  forget(id: string): void {
    this.#sessions.delete(id)
  }
}
