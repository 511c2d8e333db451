/**
 * Address and port translation for a home router: many hosts inside, one address outside. Mapping and filtering are
 * endpoint-independent (RFC 4787 REQ-1, REQ-8). UDP, TCP, ICMP echoes, and the ICMP errors about them.
 */
import { type Nanos, SECOND } from '../../../../base/clock.ts'
import { formatIp4, type Ip4 } from '../../../../base/ip.ts'
import { below, type Random } from '../../../../base/random.ts'
import * as ipv4 from '../../../../wire/ipv4.ts'
import * as tcp from '../../../../wire/tcp.ts'
import type { DropReason } from '../../../events.ts'
import type { Frame, Frames } from '../../../frames.ts'
import type { Journal } from '../../../journal.ts'
import type { StackLimits } from '../../../limits.ts'
import type { Interface } from '../../../link/interface.ts'
import type { Timers } from '../../../timers.ts'
import { type Flow, quotedFlow, readFlow, rewrite, rewriteQuoted } from './flow.ts'
import { Session, type SessionState } from './session.ts'
import type { Translator } from './translator.ts'

/** One inside endpoint as the outside sees it. For ICMP echoes the ports are identifiers. */
export interface Translation {
  readonly protocol: number
  readonly inside: Ip4
  readonly insidePort: number
  readonly outsidePort: number
  /** Infinity for a port that was forwarded by hand. */
  readonly expires: Nanos
}

/** What a translator needs of its router. */
export interface NatRouter {
  readonly limits: StackLimits
  readonly timers: Timers
  readonly random: Random
  readonly journal: Journal
  readonly frames: Frames
  /** Whether the router itself listens on that port. */
  isTaken(protocol: number, port: number): boolean
  /** Sends a packet from outside on its way in. */
  forward(through: Interface, frame: Frame, id: number | null): void
}

class Entry implements Translation {
  readonly protocol: number
  readonly inside: Ip4
  readonly insidePort: number
  readonly outsidePort: number
  expires: Nanos
  /** The connections of a TCP endpoint, by their peers. */
  readonly sessions = new Map<number, Session>()

  constructor(protocol: number, inside: Ip4, insidePort: number, outsidePort: number, expires: Nanos) {
    this.protocol = protocol
    this.inside = inside
    this.insidePort = insidePort
    this.outsidePort = outsidePort
    this.expires = expires
  }
}

/** The address translation of one router; `stack.ip4.translate(new Nat(…))` puts it to work. */
export class Nat implements Translator {
  readonly outside: Interface
  readonly #router: NatRouter
  readonly #random: Random
  /** By protocol and inside endpoint, oldest first. */
  readonly #byInside = new Map<string, Entry>()
  /** By protocol and outside port. */
  readonly #byOutside = new Map<number, Entry>()
  #sessions = 0
  #sweptAt: Nanos = Number.NEGATIVE_INFINITY

  constructor(router: NatRouter, outside: Interface) {
    this.#router = router
    this.#random = router.random.fork('nat')
    this.outside = outside
  }

  get translations(): Iterable<Translation> {
    return this.#byOutside.values()
  }

  /** Passes what comes to a port outside to an endpoint inside, for good. */
  forwardPort(protocol: 'tcp' | 'udp', outsidePort: number, inside: Ip4, insidePort: number): void {
    const number = protocol === 'tcp' ? ipv4.PROTOCOL_TCP : ipv4.PROTOCOL_UDP
    this.#enter(new Entry(number, inside, insidePort, outsidePort, Number.POSITIVE_INFINITY))
  }

  outbound(from: Interface, to: Interface, frame: Frame): DropReason | null {
    if (to !== this.outside || from === this.outside) return null
    const flow = readFlow(frame.bytes, frame.start, 'source')
    if (flow === null) return 'nothing to translate it by'
    const entry = this.#of(flow)
    if (entry === null || !this.#sent(entry, flow)) return 'translation table full'
    rewrite(frame.bytes, frame.start, 'source', this.outside.primary, entry.outsidePort)
    this.#router.journal.counters.natTranslated++
    return null
  }

  inbound(through: Interface, bytes: Uint8Array, offset: number, id: number | null): boolean {
    const { primary } = this.outside
    if (through !== this.outside || ipv4.destination(bytes, offset) !== primary) return false
    const quoted = quotedFlow(bytes, offset, primary)
    const flow = quoted ?? readFlow(bytes, offset, 'destination')
    if (flow === null) return false
    const entry = this.#byOutside.get(outsideKey(flow.protocol, flow.port))
    if (entry === undefined || entry.expires <= this.#router.timers.now()) return false
    const frame = this.#router.frames.copy(bytes, offset, ipv4.totalLength(bytes, offset))
    if (quoted === null) {
      this.#received(entry, flow)
      rewrite(frame.bytes, frame.start, 'destination', entry.inside, entry.insidePort)
    } else rewriteQuoted(frame.bytes, frame.start, entry.inside, entry.insidePort)
    this.#router.journal.counters.natTranslated++
    this.#router.forward(through, frame, id)
    return true
  }

  #of(flow: Flow): Entry | null {
    const now = this.#router.timers.now()
    const { natEntries } = this.#router.limits
    const known = this.#byInside.get(insideKey(flow.protocol, flow.address, flow.port))
    if (known !== undefined && known.expires > now) return known
    if (known !== undefined) this.#remove(known)
    if (this.#byInside.size >= natEntries) this.#sweep(now)
    if (this.#byInside.size >= natEntries) return null
    const outsidePort = this.#freePort(flow.protocol, now)
    if (outsidePort === 0) return null
    return this.#enter(new Entry(flow.protocol, flow.address, flow.port, outsidePort, now))
  }

  #enter(entry: Entry): Entry {
    this.#byInside.set(insideKey(entry.protocol, entry.inside, entry.insidePort), entry)
    this.#byOutside.set(outsideKey(entry.protocol, entry.outsidePort), entry)
    return entry
  }

  #remove(entry: Entry): void {
    this.#byInside.delete(insideKey(entry.protocol, entry.inside, entry.insidePort))
    this.#byOutside.delete(outsideKey(entry.protocol, entry.outsidePort))
    this.#sessions -= entry.sessions.size
    entry.sessions.clear()
  }

  /** Forgets what is over, also the single connections of endpoints that have others. */
  #sweep(now: Nanos): void {
    // A full table must not be looked through for every packet.
    if (now < this.#sweptAt + SECOND) return
    this.#sweptAt = now
    for (const entry of this.#byInside.values()) {
      if (entry.expires <= now) this.#remove(entry)
      else
        for (const [key, session] of entry.sessions)
          if (session.expires <= now && entry.sessions.delete(key)) this.#sessions--
    }
  }

  #freePort(protocol: number, now: Nanos): number {
    const { natPortFirst, natPortLast } = this.#router.limits
    const count = natPortLast - natPortFirst + 1
    const start = below(this.#random, count)
    for (let i = 0; i < count; i++) {
      const port = natPortFirst + ((start + i) % count)
      const other = this.#byOutside.get(outsideKey(protocol, port))
      if (other !== undefined && other.expires <= now) this.#remove(other)
      else if (other !== undefined) continue
      if (!this.#router.isTaken(protocol, port)) return port
    }
    return 0
  }

  /** A packet goes out. False: there is no room to remember its connection. */
  #sent(entry: Entry, flow: Flow): boolean {
    if (entry.protocol !== ipv4.PROTOCOL_TCP) {
      this.#keep(entry)
      return true
    }
    const session = this.#session(entry, flow)
    if (session === null) return false
    if (session === undefined) return true
    const before = session.state
    session.sent(flow)
    this.#prolong(entry, session, before)
    return true
  }

  /** A packet comes in. Who is no peer of a connection changes nothing: anybody may knock (RFC 4787 REQ-8). */
  #received(entry: Entry, flow: Flow): void {
    if (entry.protocol !== ipv4.PROTOCOL_TCP) {
      this.#keep(entry)
      return
    }
    const session = entry.sessions.get(peerKey(flow))
    if (session === undefined) return
    const before = session.state
    session.received(flow)
    this.#prolong(entry, session, before)
  }

  /** The connection of a segment from inside; undefined: it needs none; null: the table is full. */
  #session(entry: Entry, flow: Flow): Session | undefined | null {
    const key = peerKey(flow)
    const known = entry.sessions.get(key)
    // A host that resets what somebody has knocked at makes no connection.
    if (known !== undefined || flow.flags & tcp.RST) return known
    const { natSessions } = this.#router.limits
    if (this.#sessions >= natSessions) this.#sweep(this.#router.timers.now())
    if (this.#sessions >= natSessions) return null
    const made = new Session()
    entry.sessions.set(key, made)
    this.#sessions++
    return made
  }

  /** @param before the state before this packet: only an end can make the translation's life shorter */
  #prolong(entry: Entry, session: Session, before: SessionState): void {
    const { limits, timers } = this.#router
    session.expires = timers.now() + (session.state === 'established' ? limits.natTcp : limits.natTcpTransitory)
    if (entry.expires === Number.POSITIVE_INFINITY) return
    if (session.state === 'closing' && before !== 'closing') entry.expires = 0
    if (entry.expires > 0) entry.expires = Math.max(entry.expires, session.expires)
    else for (const each of entry.sessions.values()) entry.expires = Math.max(entry.expires, each.expires)
  }

  #keep(entry: Entry): void {
    if (entry.expires === Number.POSITIVE_INFINITY) return
    const { limits, timers } = this.#router
    entry.expires = timers.now() + (entry.protocol === ipv4.PROTOCOL_ICMP ? limits.natIcmp : limits.natUdp)
  }

  /** `udp 192.168.1.10:5353 <-> :16400`, one a line. */
  toString(): string {
    const names: { readonly [protocol: number]: string } = { 1: 'icmp', 6: 'tcp', 17: 'udp' }
    return [...this.#byOutside.values()]
      .map((each) => `${names[each.protocol]} ${formatIp4(each.inside)}:${each.insidePort} <-> :${each.outsidePort}`)
      .join('\n')
  }
}

function insideKey(protocol: number, address: Ip4, port: number): string {
  return `${protocol} ${address} ${port}`
}

function outsideKey(protocol: number, port: number): number {
  return protocol * 65_536 + port
}

function peerKey({ remote, remotePort }: Flow): number {
  return remote * 65_536 + remotePort
}
