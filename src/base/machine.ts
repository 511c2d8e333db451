/** The part of a Host that needs no socket: what the floors that do no I/O are given of the world. */
import type { Clock } from './clock.ts'
import type { EventLog } from './events.ts'
import type { Random } from './random.ts'

/** What a program may know of where it runs, apart from the network: the part of a Host that needs no socket. */
export interface Machine {
  readonly name: string
  readonly clock: Clock
  readonly random: Random
  readonly events: EventLog
}
