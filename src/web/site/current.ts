/**
 * The exchange that the running code is working for, for floors that are not handed it: the models report their SQL
 * and the templates their rendering under its id.
 *
 * It is only known while somebody watches (the machine's event log is on, or the site is being developed and keeps a
 * record for the error page): an unwatched request does not pay for it.
 */
import { AsyncLocalStorage } from 'node:async_hooks'
import type { EventLog } from '../../base/events.ts'
import type { Exchange } from '../../http/index.ts'

export interface Current {
  readonly exchange: Exchange
  /** Where events of this exchange go: the machine's log, the record of the error page, or both. Always on. */
  readonly events: EventLog
}

const storage = new AsyncLocalStorage<Current>()

/** Undefined outside a request, and inside one that nobody watches. */
export function currentExchange(): Current | undefined {
  return storage.getStore()
}

/** Runs `work` so that it, and all it awaits, finds `current`. */
export function withCurrent<T>(current: Current, work: () => T): T {
  return storage.run(current, work)
}
