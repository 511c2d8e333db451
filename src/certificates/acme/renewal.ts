/** When a certificate is renewed: when its authority wants it (RFC 9773), else when two thirds of its life are over. */
import type { X509Certificate } from 'node:crypto'
import type { Clock } from '../../base/clock.ts'
import { MILLISECOND } from '../../base/clock.ts'
import { type Duration, days, hours, minutes } from '../../base/duration.ts'
import { type Random, unit } from '../../base/random.ts'
import { certificateId } from './chain.ts'
import { type RenewalWindow, readRenewal } from './messages.ts'
import type { AcmeSession } from './session.ts'

/** Milliseconds since 1970. */
export interface RenewalPlan {
  readonly renewAt: number
  /** When the authority is to be asked again: it may change its mind. */
  readonly lookAgainAt: number
}

/** RFC 9773 §4.3.2: how often the authority is asked when it does not say, and the least and the most. */
const LOOK_TIME: Duration = hours(6)
const SHORTEST_LOOK: Duration = minutes(1)
const LONGEST_LOOK: Duration = days(1)
/** So that certificates that were had at once are not renewed at once. */
const JITTER = 1 / 24

export class RenewalPlanner {
  readonly #clock: Clock
  readonly #random: Random
  /** The moment that was chosen in a window: it stays as long as the window does. */
  #chosen: { readonly start: number; readonly end: number; readonly at: number } | null = null

  constructor(clock: Clock, random: Random) {
    this.#clock = clock
    this.#random = random
  }

  /** Never rejects: an authority that cannot be asked is one that has no opinion. */
  async plan(session: AcmeSession, leaf: X509Certificate): Promise<RenewalPlan> {
    const now = this.#clock.wallMillis()
    try {
      const { renewalInfo } = await session.directory()
      const id = certificateId(leaf)
      if (renewalInfo === null || id === null) return this.#byLife(leaf)
      // RFC 9773 §4.1: the identifier is one more segment of the path.
      const { text, retryAfter } = await session.get(`${renewalInfo.replace(/\/$/, '')}/${id}`)
      const window = session.read(text, readRenewal)
      const look = Math.min(Math.max(retryAfter ?? LOOK_TIME, SHORTEST_LOOK), LONGEST_LOOK)
      const renewAt = bounded(this.#choose(window), leaf)
      return { renewAt, lookAgainAt: now + look / MILLISECOND }
    } catch {
      return this.#byLife(leaf)
    }
  }

  #choose({ start, end }: RenewalWindow): number {
    if (this.#chosen?.start !== start || this.#chosen.end !== end)
      this.#chosen = { start, end, at: start + (end - start) * unit(this.#random) }
    return this.#chosen.at
  }

  #byLife(leaf: X509Certificate): RenewalPlan {
    const [from, until] = [leaf.validFromDate.getTime(), leaf.validToDate.getTime()]
    // The same moment at every look.
    if (this.#chosen?.start !== from || this.#chosen.end !== until) {
      const part = 2 / 3 - JITTER * unit(this.#random)
      this.#chosen = { start: from, end: until, at: from + (until - from) * part }
    }
    return { renewAt: this.#chosen.at, lookAgainAt: this.#clock.wallMillis() + LOOK_TIME / MILLISECOND }
  }
}

/**
 * Not after the end of a certificate, and not before it is a day old or a third of its life is over: an authority that wants
 * every new certificate to be renewed at once would be asked for one after the other.
 */
function bounded(wanted: number, leaf: X509Certificate): number {
  const [from, until] = [leaf.validFromDate.getTime(), leaf.validToDate.getTime()]
  const earliest = from + Math.min(days(1) / MILLISECOND, (until - from) / 3)
  return Math.min(Math.max(wanted, earliest), until)
}
