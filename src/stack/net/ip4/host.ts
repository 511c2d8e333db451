/** What IPv4 needs of the stack that it is part of. */
import type { Random } from '../../../base/random.ts'
import type { Frames } from '../../frames.ts'
import type { Journal } from '../../journal.ts'
import type { StackLimits } from '../../limits.ts'
import type { Interface } from '../../link/interface.ts'
import type { Timers } from '../../timers.ts'

export interface Ip4Host {
  readonly timers: Timers
  readonly limits: StackLimits
  readonly journal: Journal
  readonly frames: Frames
  readonly random: Random
  /** The loopback among them. */
  readonly interfaces: readonly Interface[]
  readonly loopback: Interface
  /** Whether packets for others are passed on: a router. */
  readonly forwarding: boolean
}
