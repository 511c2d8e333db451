/** For whom the running code works, so that what it does is reported where it belongs. */
import type { EventLog } from '../events.ts'
import type { Machine } from '../machine.ts'
import { Slot } from './ambient.ts'

export interface Work {
  /** Whose clock and randomness it goes by. */
  readonly machine: Machine
  /** Where its events go. */
  readonly events: EventLog
  /** The id of the exchange, as its events carry it. */
  readonly exchange: number
}

/** Undefined outside a request, and inside one that nobody watches. */
export const work = new Slot<Work>('work')
