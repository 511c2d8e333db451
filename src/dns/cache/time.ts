/** Caches count in whole seconds of the host's clock, as times to live do. */
import { type Nanos, SECOND } from '../../base/clock.ts'

/** A second of the host's clock, counted from its start. */
export type Seconds = number

/** The second that has begun. A record kept from 0.9 s for 10 s ends at 10 s: never later than promised. */
export function secondsAt(now: Nanos): Seconds {
  return Math.floor(now / SECOND)
}
