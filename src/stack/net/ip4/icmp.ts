/** ICMP of one stack: it answers echoes, complains to senders, and hands complaints to transports. */
import { type Nanos, SECOND } from '../../../base/clock.ts'
import { Fault } from '../../../base/fault.ts'
import { IP4_ANY, type Ip4 } from '../../../base/ip.ts'
import * as icmp from '../../../wire/icmp.ts'
import * as ipv4 from '../../../wire/ipv4.ts'
import type { DropReason } from '../../events.ts'
import { type NetworkError, networkError } from '../errors.ts'
import type { Arrived, NetworkLayer, ProtocolHandler, Quoted } from '../layer.ts'
import { TTL } from '../ttl.ts'
import type { Ip4Host } from './host.ts'
import { isHost } from './martian.ts'
import type { Ip4Output } from './output.ts'
import type { OwnAddresses } from './own.ts'
import type { Paths } from './paths.ts'

/** Who waits for echo replies. */
export interface EchoListener {
  /** False: that is no reply to what was asked. */
  replied(from: Ip4, message: icmp.IcmpEcho): boolean
  /** The network could not deliver the request with that sequence number to there. */
  failed(from: Ip4, to: Ip4, sequence: number, error: NetworkError, mtu: number): void
}

/** What a router or host can say of a packet that it does not pass on. */
export interface Complaint4 {
  readonly type: number
  readonly code: number
  /** With "fragmentation needed": what fits. */
  readonly mtu?: number
}

/** What ICMP needs beside the host: the parts of the layer that stand below it. */
export interface IcmpParts {
  readonly own: OwnAddresses
  readonly paths: Paths
  readonly output: Ip4Output
  /** Who has the packets of a protocol. */
  handlerOf(protocol: number): ProtocolHandler | undefined
}

/** What was not written, since it would go nowhere. */
const NOTHING = new Uint8Array(0)

export class Icmp implements ProtocolHandler {
  readonly #host: Ip4Host
  readonly #parts: IcmpParts
  /** By the identifier of their requests. */
  readonly echoListeners = new Map<number, EchoListener>()
  #tokens: number
  #refilled: Nanos = 0

  constructor(host: Ip4Host, parts: IcmpParts) {
    this.#host = host
    this.#parts = parts
    this.#tokens = host.limits.icmpErrorsBurst
  }

  arrived(packet: Arrived): void {
    this.#host.journal.counters.icmpReceived++
    const message = icmp.parse(packet.bytes, packet.payload, packet.length)
    if (message instanceof Fault) this.#drop('ICMP malformed', packet)
    else if (!this.#taken(message, packet)) this.#drop('nobody waits for the ICMP message', packet)
  }

  #drop(reason: DropReason, { bytes, offset, payload, length, interface: through, frame }: Arrived): void {
    this.#host.journal.dropped(reason, through, frame, bytes, offset, payload + length)
  }

  /** Whether the message was for anybody. */
  #taken(message: icmp.IcmpMessage, packet: Arrived): boolean {
    const [source, destination] = [packet.source as Ip4, packet.destination as Ip4]
    switch (message.kind) {
      case 'echo request':
        // RFC 1122 §3.2.2.6: a request to a group may be discarded silently; it makes an amplifier.
        if (packet.group) return false
        this.#send(source, destination, { ...message, kind: 'echo reply' }, TTL)
        return true
      case 'echo reply':
        return this.echoListeners.get(message.identifier)?.replied(source, message) ?? false
      case 'other':
        return false
      default:
        return this.#complained(packet.layer, source, message)
    }
  }

  /** RFC 1122 §3.2.2: the packet complained of says whom it concerns. */
  #complained(layer: NetworkLayer, from: Ip4, message: icmp.IcmpError): boolean {
    const bytes = message.payload
    if (bytes.length < ipv4.HEADER_LENGTH || bytes[0]! >>> 4 !== 4) return false
    const at = ipv4.headerLength(bytes, 0)
    if (at < ipv4.HEADER_LENGTH || bytes.length < at + 8) return false
    const source = ipv4.source(bytes, 0)
    const handler = this.#parts.handlerOf(ipv4.protocol(bytes, 0))
    if (handler === undefined || !this.#parts.own.has(source)) return false
    handler.complained({
      layer,
      error: networkError(message),
      from,
      source,
      destination: ipv4.destination(bytes, 0),
      bytes,
      at,
      total: ipv4.totalLength(bytes, 0),
      dontFragment: ipv4.dontFragment(bytes, 0),
      mtu: message.mtu,
    })
    return true
  }

  /** Of ICMP's own packets, only requests wait for anything. */
  complained({ bytes, at, from, destination, error, mtu }: Quoted): void {
    if (icmp.type(bytes, at) !== icmp.ECHO_REQUEST) return
    const listener = this.echoListeners.get(icmp.identifier(bytes, at))
    listener?.failed(from as Ip4, destination as Ip4, icmp.sequence(bytes, at), error, mtu)
  }

  /** Sends an echo request. False when there is no route. */
  echo(to: Ip4, message: icmp.IcmpEcho, ttl = TTL): boolean {
    return this.#send(to, IP4_ANY, message, ttl)
  }

  /**
   * Tells the sender of the packet at `offset` what became of it, where RFC 1122 §3.2.2 allows that.
   * @param group whether the packet came to a broadcast or multicast address, of IP or of the link
   */
  complain({ type, code, mtu = 0 }: Complaint4, bytes: Uint8Array, offset: number, group: boolean): void {
    if (group || !this.#mayComplain(bytes, offset)) return
    const most = icmp.ERROR_LENGTH - ipv4.HEADER_LENGTH - icmp.HEADER_LENGTH
    const length = Math.min(ipv4.totalLength(bytes, offset), most, bytes.length - offset)
    const kind = type === icmp.TIME_EXCEEDED ? 'time exceeded' : 'unreachable'
    const payload = bytes.subarray(offset, offset + length)
    const destination = ipv4.destination(bytes, offset)
    const from = this.#parts.own.has(destination) ? destination : IP4_ANY
    if (this.#send(ipv4.source(bytes, offset), from, { kind, code, mtu, payload }, TTL))
      this.#host.journal.counters.icmpErrorsSent++
  }

  /** RFC 1122 §3.2.2: never about a packet to or from anybody but one host, a later fragment, or another error. */
  #mayComplain(bytes: Uint8Array, offset: number): boolean {
    const { own } = this.#parts
    const source = ipv4.source(bytes, offset)
    const destination = ipv4.destination(bytes, offset)
    if (!isHost(source) || !isHost(destination) || own.isBroadcast(source) || own.isBroadcast(destination)) return false
    if (ipv4.fragmentOffset(bytes, offset) > 0) return false
    const at = offset + ipv4.headerLength(bytes, offset)
    if (ipv4.protocol(bytes, offset) === ipv4.PROTOCOL_ICMP && icmp.isError(icmp.type(bytes, at))) return false
    if (this.#takeToken()) return true
    this.#host.journal.counters.icmpErrorsSuppressed++
    return false
  }

  /** RFC 1812 §4.3.2.8: so many errors a second, and a few at once. */
  #takeToken(): boolean {
    const { timers, limits } = this.#host
    const now = timers.now()
    const earned = ((now - this.#refilled) / SECOND) * limits.icmpErrorsPerSecond
    this.#tokens = Math.min(limits.icmpErrorsBurst, this.#tokens + earned)
    this.#refilled = now
    if (this.#tokens < 1) return false
    this.#tokens--
    return true
  }

  #send(to: Ip4, from: Ip4, message: icmp.IcmpMessage, ttl: number): boolean {
    const { paths, output } = this.#parts
    const path = paths.to(to, from)
    const length = icmp.length(message)
    if (path === null) this.#host.journal.dropped('no route', null, null, NOTHING)
    if (path === null || ipv4.HEADER_LENGTH + length > ipv4.MAX_LENGTH) return false
    const frame = this.#host.frames.take(length)
    icmp.emit(message, frame.bytes, frame.start)
    return output.send(frame, path, {
      source: from || (path.source as Ip4),
      destination: to,
      protocol: ipv4.PROTOCOL_ICMP,
      ttl,
      trafficClass: 0,
      fits: path.datagrams,
      // Answers and complaints have nobody who would send them again shorter; only a request of ours is told what fits.
      dontFragment: message.kind === 'echo request',
      loop: false,
    })
  }
}
