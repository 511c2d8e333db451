/**
 * The one book on other servers: how fast each answers, which stay silent, of which zones they know nothing, and what
 * of the protocol they do not understand. The resolver reads it to choose, the exchange to know how to ask; both write
 * into it what they learn.
 */
import { MILLISECOND, type Nanos, SECOND } from '../../base/clock.ts'
import { BoundedMap } from '../cache/bounded.ts'
import { type BookLimits, DNS_LIMITS } from '../limits.ts'
import type { Name } from '../message/name.ts'
import { TYPE } from '../message/types.ts'

/** Why an exchange brought no reply that can be used. */
export type Cause =
  /** No reply in time. */
  | 'timeout'
  /** The network says that nobody is there. */
  | 'unreachable'
  /** A connection was closed without a reply. */
  | 'closed'
  /** The reply is not a DNS message. */
  | 'malformed'
  /** Over TCP, where nobody else can answer, came the reply to something else. */
  | 'mismatched'
  /** The reply was cut off even over TCP, where there is room for all of it. */
  | 'truncated'
  /** Nothing was sent: this side has no socket or no room for one more exchange. */
  | 'local'

/** How a server fails a zone that it ought to serve. */
export type Lameness = 'lame' | 'recursive'

/** What a server may not understand: EDNS (RFC 6891), names in mixed case (0x20), connections (RFC 7766). */
export type Feature = 'edns' | 'mixed case' | 'tcp'

/** Smoothed round-trip time and its variation, as in RFC 6298. */
interface Times {
  readonly srtt: Nanos
  readonly rttvar: Nanos
}

/** Time-outs in a row. */
interface Silence {
  readonly count: number
  readonly since: Nanos
}

/** A server not asked yet: near enough to the fast ones that it is tried (Unbound's UNKNOWN_SERVER_NICENESS). */
export const UNKNOWN_RTT: Nanos = 376 * MILLISECOND
/** After the first time-out in a row a server whose turn it is not is tried again so much later, after each further one twice as long. */
const FIRST_REST: Nanos = 15 * SECOND

/** Some servers drop questions for AAAA and answer those for A: silence is counted by kind of question. */
type Kind = 0 | 1 | 2

function kindOf(type: number): Kind {
  return type === TYPE.A ? 0 : type === TYPE.AAAA ? 1 : 2
}

interface Lame {
  readonly how: Lameness
  readonly until: Nanos
}

/** All that is known of one server; the parts that most servers do not have are made when there is something in them. */
interface Entry {
  times: Times | null
  /** When it last replied. */
  heard: Nanos
  readonly silences: [Silence | null, Silence | null, Silence | null]
  lame: BoundedMap<Lame> | null
  lacks: Map<Feature, Nanos> | null
}

/** Servers are named by `Upstream.key`. */
export class ServerBook {
  readonly limits: BookLimits
  readonly #entries: BoundedMap<Entry>

  constructor(limits: BookLimits = DNS_LIMITS.book) {
    this.limits = limits
    this.#entries = new BoundedMap(limits.servers)
  }

  /** How long an answer of that server to that type is expected to take, the risk of none counted in. */
  expected(server: string, type: number, now: Nanos): Nanos {
    const srtt = this.#times(server, now)?.srtt ?? UNKNOWN_RTT
    return srtt * 2 ** Math.min(this.limits.doublings, this.timeouts(server, type, now))
  }

  /** How long to wait for an answer before asking again: RFC 6298 §2's time-out, between `least` and `most`. */
  timeout(server: string, type: number, now: Nanos, least: Nanos, most: Nanos): Nanos {
    const times = this.#times(server, now)
    const rto = times === null ? UNKNOWN_RTT : times.srtt + 4 * times.rttvar
    const doubled = Math.max(rto, least) * 2 ** Math.min(this.limits.doublings, this.timeouts(server, type, now))
    return Math.round(Math.min(most, doubled))
  }

  /** Time-outs in a row, of questions of that type. */
  timeouts(server: string, type: number, now: Nanos): number {
    return this.#silence(server, type, now)?.count ?? 0
  }

  /** Whether the server has been silent so long that it is not worth asking now. */
  isSilent(server: string, type: number, now: Nanos): boolean {
    const silence = this.#silence(server, type, now)
    if (silence === undefined || silence.count < this.limits.silentAfter) return false
    return now < silence.since + this.expected(server, type, now) / 2 // as long again as the last wait
  }

  /** Whether a server that was silent has rested long enough to be tried once more, beside another. */
  isRested(server: string, type: number, now: Nanos): boolean {
    const silence = this.#silence(server, type, now)
    return silence !== undefined && now >= silence.since + FIRST_REST * 2 ** Math.min(silence.count - 1, 5)
  }

  /** A server that had rested is being tried: it rests anew until there is an answer. */
  tried(server: string, type: number, now: Nanos): void {
    const silence = this.#silence(server, type, now)
    if (silence !== undefined) this.#entry(server).silences[kindOf(type)] = { ...silence, since: now }
  }

  /** The server has replied. @param rtt null where it cannot be told to which of several questions (Karn). */
  replied(server: string, type: number, rtt: Nanos | null, now: Nanos): void {
    const entry = this.#entry(server)
    const times = this.#times(server, now)
    entry.times = rtt === null ? times : smoothed(times, rtt)
    entry.heard = now
    entry.silences[kindOf(type)] = null
  }

  /**
   * An exchange has failed. It counts only against the time-outs in a row that were known when it was sent: many
   * questions that are lost at once are one silence, and one that was sent before the last answer says nothing new.
   * @param before what `timeouts` was when the question was sent, at `sent`
   */
  failed(server: string, type: number, cause: Cause, sent: Nanos, before: number, now: Nanos): void {
    // Whoever sends nonsense is there; and what went wrong on this side is not the server's fault.
    if (cause !== 'timeout' && cause !== 'unreachable') return
    const entry = this.#entry(server)
    // What is asked the moment it has replied is asked after it.
    if (entry.heard > sent) return
    const count = Math.max(this.timeouts(server, type, now), before + 1)
    if (count > this.timeouts(server, type, now)) entry.silences[kindOf(type)] = { count, since: now }
  }

  lameness(zone: Name, server: string, type: number, now: Nanos): Lameness | undefined {
    const lame = this.#entries.peek(server)?.lame
    if (lame === undefined || lame === null) return undefined
    for (const scope of ['*', String(type)]) {
      const found = lame.get(`${scope}/${zone.key}`)
      if (found !== undefined && found.until > now) return found.how
    }
    return undefined
  }

  /** @param type when given, lame for questions of that type only: some servers know A and nothing of AAAA. */
  setLame(zone: Name, server: string, how: Lameness, now: Nanos, type?: number): void {
    const entry = this.#entry(server)
    entry.lame ??= new BoundedMap(this.limits.zonesPerServer)
    entry.lame.set(`${type ?? '*'}/${zone.key}`, { how, until: now + this.limits.memory })
  }

  /** Whether the server is known not to understand that. */
  lacks(server: string, feature: Feature, now: Nanos): boolean {
    const until = this.#entries.peek(server)?.lacks?.get(feature)
    return until !== undefined && until > now
  }

  setLacks(server: string, feature: Feature, now: Nanos): void {
    // A server whose TCP fails may only be overloaded.
    const memory = feature === 'tcp' ? this.limits.streamMemory : this.limits.memory
    const entry = this.#entry(server)
    entry.lacks ??= new Map()
    entry.lacks.set(feature, now + memory)
  }

  #entry(server: string): Entry {
    let entry = this.#entries.get(server)
    if (entry === undefined) {
      entry = { times: null, heard: Number.NEGATIVE_INFINITY, silences: [null, null, null], lame: null, lacks: null }
      this.#entries.set(server, entry)
    }
    return entry
  }

  #times(server: string, now: Nanos): Times | null {
    const entry = this.#entries.get(server)
    return entry === undefined || entry.heard + this.limits.memory <= now ? null : entry.times
  }

  #silence(server: string, type: number, now: Nanos): Silence | undefined {
    const silence = this.#entries.peek(server)?.silences[kindOf(type)]
    return silence === undefined || silence === null || silence.since + this.limits.memory <= now ? undefined : silence
  }
}

/** RFC 6298 §2.2, §2.3. */
function smoothed(times: Times | null, rtt: Nanos): Times {
  if (times === null) return { srtt: rtt, rttvar: rtt / 2 }
  const { srtt, rttvar } = times
  return { srtt: srtt + (rtt - srtt) / 8, rttvar: rttvar + (Math.abs(rtt - srtt) - rttvar) / 4 }
}
