/** For whom the running code works: whose clock and randomness it goes by, and where what it does is reported. */
import { systemMachine } from '#machine'
import { Slot } from './ambient.ts'
import type { EventLog } from './events.ts'
import type { Machine } from './machine.ts'

export interface Work {
  /** Whose clock and randomness it goes by. */
  readonly machine: Machine
  /** Where its events go; it is off where nobody watches. */
  readonly events: EventLog
  /** The id of the exchange, as its events carry it; 0 outside of one. */
  readonly exchange: number
}

/** Undefined outside a request, and outside what a site was asked to run. */
export const work = new Slot<Work>('work')

let own: Machine | undefined

/** The machine that this process runs on: for programs that have not been given one. */
export function ownMachine(): Machine {
  return (own ??= systemMachine())
}

/** The machine that the running code works on: that of the request or the simulated host around it, else this one. */
export function currentMachine(): Machine {
  return work.get()?.machine ?? ownMachine()
}
