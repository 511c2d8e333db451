/** Which port a host hands out when the program leaves the choice to it. */
import { below, type Random } from '../../base/random.ts'
import type { StackLimits } from '../limits.ts'

/**
 * A free port, chosen at random so that an attacker off the path cannot guess it (RFC 6056 §3.3.1, algorithm 1), or 0
 * when none is left.
 */
export function ephemeralPort(random: Random, limits: StackLimits, isFree: (port: number) => boolean): number {
  const count = limits.ephemeralLast - limits.ephemeralFirst + 1
  const start = below(random, count)
  for (let i = 0; i < count; i++) {
    const port = limits.ephemeralFirst + ((start + i) % count)
    if (isFree(port)) return port
  }
  return 0
}
