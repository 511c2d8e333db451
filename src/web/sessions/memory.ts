/** Sessions kept in this process: they can be large and be taken back at once; they end with the process. */
import { SESSIONS_LIMIT } from '../limits.ts'
import { SESSION_MAX_AGE } from './cookie.ts'
import type { SessionRecord } from './session.ts'
import type { Loaded, SessionStore } from './store.ts'

export class MemorySessions implements SessionStore {
  readonly asynchronous = false
  readonly maxAge: number
  readonly limit: number
  /** In order of last use, the oldest first. */
  readonly #sessions = new Map<string, { json: string; usedMillis: number }>()

  constructor(options: { readonly maxAge?: number; readonly limit?: number } = {}) {
    this.maxAge = options.maxAge ?? SESSION_MAX_AGE
    this.limit = options.limit ?? SESSIONS_LIMIT
  }

  get size(): number {
    return this.#sessions.size
  }

  load(value: string, wallMillis: number): Loaded | null {
    const kept = this.#sessions.get(value)
    if (kept === undefined) return null
    this.#sessions.delete(value)
    if (wallMillis - kept.usedMillis > this.maxAge * 1000) return null
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
