/** One coarse timer for all WebSockets of a clock: heartbeats and closing handshakes are counted in seconds. */
import type { Clock } from '../../base/clock.ts'
import { Sweep } from '../sweep.ts'

const sweeps = new WeakMap<Clock, Sweep>()

export function sweepOf(clock: Clock): Sweep {
  let sweep = sweeps.get(clock)
  if (sweep === undefined) sweeps.set(clock, (sweep = new Sweep(clock)))
  return sweep
}
