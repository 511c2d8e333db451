/** Neighbours that do not answer: what is for them or behind them ends there. */
import { type Nanos, SECOND } from '../../../src/base/clock.ts'
import type { Frame } from '../log.ts'

/** RFC 1122 §2.3.2.1: a neighbour is given up some seconds after it stopped answering. */
const GIVING_UP = 5 * SECOND

/** Whether about that time the host asked for an address and heard nothing. */
export function givenUp(frames: readonly Frame[], host: string, about: Nanos): boolean {
  return frames.some(
    ({ arp, host: asker, from, at }) =>
      arp?.request === true && asker === host && Math.abs(at - about) < GIVING_UP && !heard(frames, from, at),
  )
}

function heard(frames: readonly Frame[], by: string, asked: Nanos): boolean {
  return frames.some(
    ({ arp, to, arrives }) =>
      arp?.request === false && to === by && arrives !== null && Math.abs(arrives - asked) < SECOND,
  )
}
