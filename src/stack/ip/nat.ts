/**
 * Address and port translation for a home router: many hosts inside, one address outside. Mapping and filtering are
 * endpoint-independent (RFC 4787 REQ-1, REQ-8). UDP, TCP, ICMP echoes, and the ICMP errors about them.
 */
import type { Clock, Nanos } from '../../base/clock.ts'
import { formatIp4, type Ip4 } from '../../base/ip.ts'
import { putU16, putU32, u16, u32 } from '../../base/octets.ts'
import { below, type Random } from '../../base/random.ts'
import { update, update32 } from '../../wire/checksum.ts'
import * as icmp from '../../wire/icmp.ts'
import * as ipv4 from '../../wire/ipv4.ts'
import * as tcp from '../../wire/tcp.ts'
import type { Counters } from '../counters.ts'
import { LINK_HEADROOM } from '../frames.ts'
import type { StackLimits } from '../limits.ts'
import type { Interface } from './interface.ts'

/** Ports that the router's own sockets do not choose for themselves, so that the two never meet. */
const FIRST_PORT = 16_384
const LAST_PORT = 49_151

/** One inside endpoint as the outside sees it. For ICMP echoes the ports are identifiers. */
export interface Translation {
  readonly protocol: number
  readonly inside: Ip4
  readonly insidePort: number
  readonly outsidePort: number
  /** Infinity for a port that was forwarded by hand. */
  expires: Nanos
}

/** What a translator needs of its router. */
export interface NatRouter {
  readonly limits: StackLimits
  readonly clock: Clock
  readonly random: Random
  readonly counters: Counters
  /** Whether the router itself listens on that port. */
  isTaken(protocol: number, port: number): boolean
  /** Sends a packet from outside on its way in. */
  forward(through: Interface, frame: Uint8Array): void
}

export class Nat {
  readonly outside: Interface
  readonly #router: NatRouter
  readonly #random: Random
  /** By protocol and inside endpoint, oldest first. */
  readonly #byInside = new Map<string, Translation>()
  /** By protocol and outside port. */
  readonly #byOutside = new Map<number, Translation>()

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
    this.#enter({ protocol: number, inside, insidePort, outsidePort, expires: Number.POSITIVE_INFINITY })
  }

  /**
   * A packet on its way through the router, in a frame of its own: what leaves by the outside gets the outside address.
   * False: it cannot be translated and must not leave.
   */
  outbound(from: Interface, to: Interface, frame: Uint8Array): boolean {
    if (to !== this.outside || from === this.outside) return true
    const { counters } = this.#router
    const flow = readFlow(frame, LINK_HEADROOM, 'source')
    if (flow === null) {
      counters.natRefused++
      return false
    }
    const translation = this.#of(flow)
    if (translation === null) {
      counters.natFull++
      return false
    }
    this.#touch(translation, flow)
    rewrite(frame, LINK_HEADROOM, 'source', this.outside.primary, translation.outsidePort)
    counters.natTranslated++
    return true
  }

  /** A packet that has arrived. True: it was for a host inside and is on its way there. */
  inbound(through: Interface, bytes: Uint8Array, offset: number): boolean {
    if (through !== this.outside || ipv4.destination(bytes, offset) !== this.outside.primary) return false
    const complaint = this.#complaint(bytes, offset)
    const flow = complaint ?? readFlow(bytes, offset, 'destination')
    if (flow === null) return false
    const translation = this.#byOutside.get(outsideKey(flow.protocol, flow.port))
    if (translation === undefined || translation.expires <= this.#router.clock.now()) return false
    const total = ipv4.totalLength(bytes, offset)
    const frame = new Uint8Array(LINK_HEADROOM + total)
    frame.set(bytes.subarray(offset, offset + total), LINK_HEADROOM)
    if (complaint === null) {
      this.#touch(translation, flow)
      rewrite(frame, LINK_HEADROOM, 'destination', translation.inside, translation.insidePort)
    } else rewriteComplaint(frame, LINK_HEADROOM, translation)
    this.#router.counters.natTranslated++
    this.#router.forward(through, frame)
    return true
  }

  /** The flow that an ICMP error from outside is about. */
  #complaint(bytes: Uint8Array, offset: number): Flow | null {
    if (ipv4.protocol(bytes, offset) !== ipv4.PROTOCOL_ICMP) return null
    const at = offset + ipv4.headerLength(bytes, offset)
    const end = offset + ipv4.totalLength(bytes, offset)
    if (icmp.check(bytes, at, end - at) !== null || !icmp.isError(icmp.type(bytes, at))) return null
    const inner = at + icmp.HEADER_LENGTH
    if (end - inner < ipv4.HEADER_LENGTH || end - inner < ipv4.headerLength(bytes, inner) + 8) return null
    if (ipv4.headerLength(bytes, inner) < ipv4.HEADER_LENGTH || ipv4.source(bytes, inner) !== this.outside.primary)
      return null
    return readFlow(bytes, inner, 'source', end)
  }

  #of(flow: Flow): Translation | null {
    const now = this.#router.clock.now()
    const key = insideKey(flow.protocol, flow.address, flow.port)
    const known = this.#byInside.get(key)
    if (known !== undefined && known.expires > now) return known
    if (known !== undefined) this.#remove(known)
    if (this.#byInside.size >= this.#router.limits.natEntries) this.#sweep(now)
    if (this.#byInside.size >= this.#router.limits.natEntries) return null
    const outsidePort = this.#freePort(flow.protocol, now)
    if (outsidePort === 0) return null
    const { protocol, address: inside, port: insidePort } = flow
    return this.#enter({ protocol, inside, insidePort, outsidePort, expires: now })
  }

  #enter(translation: Translation): Translation {
    this.#byInside.set(insideKey(translation.protocol, translation.inside, translation.insidePort), translation)
    this.#byOutside.set(outsideKey(translation.protocol, translation.outsidePort), translation)
    return translation
  }

  #remove(translation: Translation): void {
    this.#byInside.delete(insideKey(translation.protocol, translation.inside, translation.insidePort))
    this.#byOutside.delete(outsideKey(translation.protocol, translation.outsidePort))
  }

  #sweep(now: Nanos): void {
    for (const translation of this.#byInside.values()) if (translation.expires <= now) this.#remove(translation)
  }

  #freePort(protocol: number, now: Nanos): number {
    const count = LAST_PORT - FIRST_PORT + 1
    const start = below(this.#random, count)
    for (let i = 0; i < count; i++) {
      const port = FIRST_PORT + ((start + i) % count)
      const other = this.#byOutside.get(outsideKey(protocol, port))
      if (other !== undefined && other.expires <= now) this.#remove(other)
      else if (other !== undefined) continue
      if (!this.#router.isTaken(protocol, port)) return port
    }
    return 0
  }

  #touch(translation: Translation, flow: Flow): void {
    if (translation.expires === Number.POSITIVE_INFINITY) return
    let life = this.#router.limits.natUdp
    if (flow.protocol === ipv4.PROTOCOL_ICMP) life = this.#router.limits.natIcmp
    if (flow.protocol === ipv4.PROTOCOL_TCP)
      life =
        flow.flags & (tcp.SYN | tcp.FIN | tcp.RST) ? this.#router.limits.natTcpTransitory : this.#router.limits.natTcp
    translation.expires = this.#router.clock.now() + life
  }

  /** `udp 192.168.1.10:5353 <-> :16400`, one a line. */
  toString(): string {
    const names: { readonly [protocol: number]: string } = { 1: 'icmp', 6: 'tcp', 17: 'udp' }
    return [...this.#byOutside.values()]
      .map((each) => `${names[each.protocol]} ${formatIp4(each.inside)}:${each.insidePort} <-> :${each.outsidePort}`)
      .join('\n')
  }
}

/** The endpoint of a packet on the side that is translated. */
interface Flow {
  readonly protocol: number
  readonly address: Ip4
  /** Or the identifier of an echo. */
  readonly port: number
  /** Of a TCP segment; else 0. */
  readonly flags: number
}

type Side = 'source' | 'destination'

function insideKey(protocol: number, address: Ip4, port: number): string {
  return `${protocol} ${address} ${port}`
}

function outsideKey(protocol: number, port: number): number {
  return protocol * 65_536 + port
}

/** @param end where the bytes stop, when the packet was cut short inside an ICMP error */
function readFlow(bytes: Uint8Array, offset: number, side: Side, end?: number): Flow | null {
  if (ipv4.isFragment(bytes, offset)) return null
  const protocol = ipv4.protocol(bytes, offset)
  const at = offset + ipv4.headerLength(bytes, offset)
  const whole = end === undefined
  const length = (end ?? offset + ipv4.totalLength(bytes, offset)) - at
  const address = side === 'source' ? ipv4.source(bytes, offset) : ipv4.destination(bytes, offset)
  if (protocol === ipv4.PROTOCOL_ICMP) {
    const echo = side === 'source' ? icmp.ECHO_REQUEST : icmp.ECHO_REPLY
    if (length < icmp.HEADER_LENGTH || icmp.type(bytes, at) !== echo) return null
    return { protocol, address, port: icmp.identifier(bytes, at), flags: 0 }
  }
  const needed = protocol === ipv4.PROTOCOL_TCP ? 20 : 8
  if ((protocol !== ipv4.PROTOCOL_TCP && protocol !== ipv4.PROTOCOL_UDP) || length < (whole ? needed : 8)) return null
  const flags = protocol === ipv4.PROTOCOL_TCP && whole ? tcp.flags(bytes, at) : 0
  return { protocol, address, port: u16(bytes, side === 'source' ? at : at + 2), flags }
}

/** Where the checksum of a transport stands, from its header's beginning. */
function checksumAt(protocol: number): number {
  if (protocol === ipv4.PROTOCOL_TCP) return 16
  return protocol === ipv4.PROTOCOL_UDP ? 6 : 2
}

/** Puts another address and port in, and every checksum right by the difference (RFC 1624, RFC 3022 §4.1). */
function rewrite(bytes: Uint8Array, offset: number, side: Side, address: Ip4, port: number): void {
  const addressAt = offset + (side === 'source' ? 12 : 16)
  const before = u32(bytes, addressAt)
  putU32(bytes, addressAt, address)
  putU16(bytes, offset + 10, update32(u16(bytes, offset + 10), before, address))
  const protocol = ipv4.protocol(bytes, offset)
  const at = offset + ipv4.headerLength(bytes, offset)
  const isIcmp = protocol === ipv4.PROTOCOL_ICMP
  const portAt = isIcmp ? at + 4 : at + (side === 'source' ? 0 : 2)
  const portBefore = u16(bytes, portAt)
  putU16(bytes, portAt, port)
  const sumAt = at + checksumAt(protocol)
  const sum = u16(bytes, sumAt)
  // RFC 3022 §4.1: a UDP checksum of zero is none, and stays so.
  if (protocol === ipv4.PROTOCOL_UDP && sum === 0) return
  const withPort = update(sum, portBefore, port)
  const corrected = isIcmp ? withPort : update32(withPort, before, address)
  putU16(bytes, sumAt, protocol === ipv4.PROTOCOL_UDP && corrected === 0 ? 0xffff : corrected)
}

/** RFC 5508 REQ-4: in an ICMP error both the packet and the one it quotes are translated. */
function rewriteComplaint(bytes: Uint8Array, offset: number, to: Translation): void {
  const at = offset + ipv4.headerLength(bytes, offset)
  const inner = at + icmp.HEADER_LENGTH
  const before = u32(bytes, inner + 12)
  putU32(bytes, inner + 12, to.inside)
  putU16(bytes, inner + 10, update32(u16(bytes, inner + 10), before, to.inside))
  const portAt = inner + ipv4.headerLength(bytes, inner) + (to.protocol === ipv4.PROTOCOL_ICMP ? 4 : 0)
  putU16(bytes, portAt, to.insidePort)
  putU32(bytes, offset + 16, to.inside)
  ipv4.sealHeader(bytes, offset)
  icmp.seal(bytes, at, offset + ipv4.totalLength(bytes, offset) - at)
}
