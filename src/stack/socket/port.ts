/** What sockets need of the stack that they are opened on. */
import type { Clock, Nanos } from '../../base/clock.ts'
import type { EventLog } from '../../base/events.ts'
import type { Task } from '../../base/schedule.ts'
import type { Journal } from '../journal.ts'
import type { StackLimits } from '../limits.ts'
import type { Layers } from '../net/layer.ts'
import type { Tcp } from '../transport/tcp.ts'
import type { Udp } from '../transport/udp.ts'

export interface SocketPort {
  /** The host's name, for the event log. */
  readonly name: string
  readonly clock: Clock
  readonly events: EventLog
  readonly limits: StackLimits
  readonly journal: Journal
  readonly layers: Layers
  readonly tcp: Tcp
  readonly udp: Udp
  /** Code of the program is about to run, or one of its promises to be settled. */
  enterApplication(): void
  /** Runs `task.run(argument)` at that time. The slot can be given to `cancel` or `move` until then. */
  at(when: Nanos, task: Task, argument?: unknown): number
  /** Runs it at this instant, after what is due already. */
  soon(task: Task, argument?: unknown): void
  move(slot: number, when: Nanos): void
  cancel(slot: number): void
}
