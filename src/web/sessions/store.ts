/** Where sessions are kept. The cookie carries what `save` gives and `load` gets back. */
import type { Duration } from '../../base/duration.ts'
import type { SessionRecord } from './session.ts'

/** Where sessions are kept: in the cookie itself, in memory, or wherever this is implemented. */
export interface SessionStore {
  /** Makes it loaded before the handler runs, since it cannot be loaded at once. */
  readonly asynchronous: boolean
  /**
   * The session of a cookie's value, or null when there is none, it is too old, or it was tampered with.
   * `stale` asks that it be saved again so that it does not run out on somebody who is active.
   */
  load(value: string, wallMillis: number): Loaded | null | Promise<Loaded | null>
  /** The cookie's value. @throws SessionTooLarge when the store cannot hold so much. */
  save(record: SessionRecord, wallMillis: number): string | Promise<string>
  /** Forgets the session of this id, where the store can. */
  forget(id: string): void | Promise<void>
  /** How long a session lives without use. */
  readonly maxAge: Duration
}

/** A session as its store has kept it. */
export interface Loaded {
  /** The session as it was saved. */
  readonly record: SessionRecord
  /** Asks that it be saved again. */
  readonly stale: boolean
}
