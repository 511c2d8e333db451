/**
 * The exchange that the running code is working for, for code that is not handed it.
 *
 * It is only known while somebody watches (the machine's event log is on, or the site is being developed and keeps a
 * record for the error page): an unwatched request does not pay for it.
 */

import { Slot } from '../../base/ambient.ts'
import type { EventLog } from '../../base/events.ts'
import { work } from '../../base/work.ts'
import type { Exchange } from '../../http/index.ts'

export interface Current {
  readonly exchange: Exchange
  /** Where events of this exchange go: the machine's log, the record of the error page, or both. Always on. */
  readonly events: EventLog
}

const current = new Slot<Current>('exchange')

/** Undefined outside a request, and inside one that nobody watches. */
export function currentExchange(): Current | undefined {
  return current.get()
}

/** Runs `run` so that it, and all it awaits, finds the exchange. */
export function withCurrent<T>({ exchange, events }: Current, run: () => T): T {
  const { machine, id } = exchange
  return current.run({ exchange, events }, () => work.run({ machine, events, exchange: id }, run))
}
