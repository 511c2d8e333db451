/** What is known of name servers: how fast each answers, which stay silent, and of which zones they know nothing. */
import { MILLISECOND, type Nanos, SECOND } from '../../base/clock.ts'
import { BoundedMap } from '../cache/bounded.ts'
import { type CacheLimits, defaultCacheLimits } from '../limits.ts'
import type { Name } from '../message/name.ts'
import { TYPE } from '../message/types.ts'

/** How a server fails a zone that it ought to serve. */
export type Lameness = 'lame' | 'recursive'

/** Smoothed round-trip time and its variation, as in RFC 6298. */
interface Times {
  readonly srtt: Nanos
  readonly rttvar: Nanos
  readonly until: Nanos
}

/** Timeouts in a row. */
interface Silence {
  readonly count: number
  readonly since: Nanos
}

/** A server not asked yet: near enough to the fast ones that it is tried (Unbound's UNKNOWN_SERVER_NICENESS). */
export const UNKNOWN_RTT: Nanos = 376 * MILLISECOND
/** What is known is forgotten after a quarter of an hour, so that who was dead is asked again. */
export const SERVER_MEMORY: Nanos = 900 * SECOND
/** Doublings of the expected time after timeouts in a row: 2^8 × 376 ms is near Unbound's top of two minutes. */
const MAX_DOUBLINGS = 8
/** After that many timeouts in a row a server is let alone for a while, and then asked once to see. */
const SILENT = 6

export class ServerBook {
  readonly #times: BoundedMap<Times>
  readonly #silences: BoundedMap<Silence>
  readonly #lame: BoundedMap<{ readonly how: Lameness; readonly until: Nanos }>

  constructor(limits: CacheLimits = defaultCacheLimits) {
    this.#times = new BoundedMap(limits.servers)
    this.#silences = new BoundedMap(limits.servers)
    this.#lame = new BoundedMap(limits.servers)
  }

  /** How long an answer of that server to that type is expected to take, the risk of none counted in. */
  expected(address: string, type: number, now: Nanos): Nanos {
    const srtt = this.#known(address, now)?.srtt ?? UNKNOWN_RTT
    return srtt * 2 ** Math.min(MAX_DOUBLINGS, this.timeouts(address, type, now))
  }

  /** How long to wait for an answer before asking again: RFC 6298 §2's timeout, between `least` and `most`. */
  timeout(address: string, type: number, now: Nanos, least: Nanos, most: Nanos): Nanos {
    const times = this.#known(address, now)
    const rto = times === undefined ? UNKNOWN_RTT : times.srtt + 4 * times.rttvar
    const doubled = Math.max(rto, least) * 2 ** Math.min(MAX_DOUBLINGS, this.timeouts(address, type, now))
    return Math.round(Math.min(most, doubled))
  }

  /** Timeouts in a row, of questions of that type: some servers drop AAAA and answer A. */
  timeouts(address: string, type: number, now: Nanos): number {
    const silence = this.#silences.get(silenceKey(address, type))
    return silence === undefined || silence.since + SERVER_MEMORY <= now ? 0 : silence.count
  }

  /** Whether the server has been silent so long that it is not worth asking now. */
  isSilent(address: string, type: number, now: Nanos): boolean {
    const silence = this.#silences.get(silenceKey(address, type))
    if (silence === undefined || silence.count < SILENT) return false
    return now < silence.since + this.expected(address, type, now) / 2 // as long again as the last wait
  }

  answered(address: string, type: number, rtt: Nanos, now: Nanos): void {
    const times = this.#known(address, now)
    const srtt = times === undefined ? rtt : times.srtt + (rtt - times.srtt) / 8
    const rttvar = times === undefined ? rtt / 2 : times.rttvar + (Math.abs(rtt - times.srtt) - times.rttvar) / 4
    this.#times.set(address, { srtt, rttvar, until: now + SERVER_MEMORY })
    this.#silences.delete(silenceKey(address, type))
  }

  timedOut(address: string, type: number, now: Nanos): void {
    this.#silences.set(silenceKey(address, type), { count: this.timeouts(address, type, now) + 1, since: now })
  }

  lameness(zone: Name, address: string, type: number, now: Nanos): Lameness | undefined {
    for (const scope of ['*', String(type)]) {
      const entry = this.#lame.get(`${address}/${scope}/${zone.key}`)
      if (entry !== undefined && entry.until > now) return entry.how
    }
    return undefined
  }

  /** @param type when given, lame for questions of that type only: some servers know A and nothing of AAAA. */
  setLame(zone: Name, address: string, how: Lameness, now: Nanos, type?: number): void {
    this.#lame.set(`${address}/${type ?? '*'}/${zone.key}`, { how, until: now + SERVER_MEMORY })
  }

  #known(address: string, now: Nanos): Times | undefined {
    const times = this.#times.get(address)
    return times !== undefined && times.until > now ? times : undefined
  }
}

function silenceKey(address: string, type: number): string {
  return `${address}/${type === TYPE.A || type === TYPE.AAAA ? type : 'other'}`
}
