/** UDP of one stack: which socket a datagram is for, and the datagram around what a socket sends. */
import { type Ip, isMulticast, isUnspecified, sameIp } from '../../base/ip6.ts'
import type { Random } from '../../base/random.ts'
import * as ipv4 from '../../wire/ipv4.ts'
import * as udp from '../../wire/udp.ts'
import type { DropReason } from '../events.ts'
import type { Journal } from '../journal.ts'
import type { StackLimits } from '../limits.ts'
import type { Interface } from '../link/interface.ts'
import type { NetworkError } from '../net/errors.ts'
import type { Arrived, Layers, ProtocolHandler, Quoted } from '../net/layer.ts'
import type { Path } from '../net/path.ts'
import { ephemeralPort } from './ports.ts'

/** The longest payload over IPv4: what is left of 65,535 octets after both headers. */
export const MAX_PAYLOAD = ipv4.MAX_LENGTH - ipv4.HEADER_LENGTH - udp.HEADER_LENGTH

/** IANA's number of the protocol, in both families. */
const PROTOCOL = ipv4.PROTOCOL_UDP

/** A socket, as far as demultiplexing goes. Addresses are unspecified where they do not matter. */
export interface UdpEndpoint {
  readonly localAddress: Ip
  readonly localPort: number
  readonly remoteAddress: Ip
  readonly remotePort: number
  /** May share its port with others that may too (SO_REUSEADDR or SO_REUSEPORT). */
  readonly shares: boolean
  /** SO_REUSEPORT: those that share the port have their turns, each peer always with the same one. */
  readonly spreads: boolean
  isMember(group: Ip, of: Interface): boolean
  /**
   * @param to the address that was asked
   * @param ecn of the IP header (RFC 3168 §5)
   * @returns false: there is no room, and it is dropped
   */
  datagramArrived(payload: Uint8Array, from: Ip, fromPort: number, to: Ip, ecn: number): boolean
  /** A datagram for it was dropped. */
  complained(error: NetworkError): void
}

/** A datagram to be sent. */
export interface Datagram {
  readonly from: Ip
  readonly fromPort: number
  readonly to: Ip
  readonly toPort: number
  readonly bytes: Uint8Array
  readonly ttl: number
  /** Of one to a group: this host's own members hear it too. */
  readonly loop: boolean
}

/** What UDP needs of its stack. */
export interface UdpHost {
  readonly random: Random
  readonly limits: StackLimits
  readonly journal: Journal
  readonly layers: Layers
}

export class Udp implements ProtocolHandler {
  readonly protocol = PROTOCOL
  readonly #host: UdpHost
  /** In the order in which they were bound. */
  readonly #ports = new Map<number, UdpEndpoint[]>()

  constructor(host: UdpHost) {
    this.#host = host
    host.layers.handle(PROTOCOL, this)
  }

  /** A port that no socket has, or 0. */
  freePort(): number {
    return ephemeralPort(this.#host.random, this.#host.limits, (port) => !this.#ports.has(port))
  }

  /** Whether a socket with that address may have the port. */
  mayBind(address: Ip, port: number, shares: boolean): boolean {
    return (this.#ports.get(port) ?? []).every(
      (other) =>
        (shares && other.shares) ||
        (!isUnspecified(address) && !isUnspecified(other.localAddress) && !sameIp(other.localAddress, address)),
    )
  }

  bind(endpoint: UdpEndpoint): void {
    const others = this.#ports.get(endpoint.localPort)
    if (others === undefined) this.#ports.set(endpoint.localPort, [endpoint])
    else others.push(endpoint)
  }

  release(endpoint: UdpEndpoint): void {
    const left = (this.#ports.get(endpoint.localPort) ?? []).filter((other) => other !== endpoint)
    if (left.length === 0) this.#ports.delete(endpoint.localPort)
    else this.#ports.set(endpoint.localPort, left)
  }

  arrived(packet: Arrived): void {
    const { journal } = this.#host
    const { layer, bytes, payload: at, length, source, destination } = packet
    journal.counters.udpReceived++
    const size = length >= udp.HEADER_LENGTH ? udp.totalLength(bytes, at) : 0
    const pseudo = packet.verified ? undefined : layer.pseudoSum(source, destination, PROTOCOL, size)
    if (udp.check(bytes, at, length, pseudo) !== null) {
      this.#drop('UDP malformed', packet)
      return
    }
    const fromPort = udp.sourcePort(bytes, at)
    const sockets = this.#ports.get(udp.destinationPort(bytes, at)) ?? []
    const payload = bytes.subarray(at + udp.HEADER_LENGTH, at + size)
    if (packet.group) {
      // RFC 1122 §4.1.4 / every BSD: a group's datagram goes to all sockets that want it.
      const takers = sockets.filter((socket) => wants(socket, packet, fromPort))
      for (const socket of takers) this.#give(socket, payload, packet, fromPort)
      if (takers.length === 0) this.#drop('no socket at the UDP port', packet)
      return
    }
    const socket = nearest(sockets, destination, source, fromPort)
    if (socket !== null) this.#give(socket, payload, packet, fromPort)
    else {
      this.#drop('no socket at the UDP port', packet)
      // RFC 1122 §4.1.3.1.
      layer.complain('port unreachable', packet)
    }
  }

  #give(socket: UdpEndpoint, payload: Uint8Array, packet: Arrived, fromPort: number): void {
    const { source, destination, ecn } = packet
    if (socket.datagramArrived(payload, source, fromPort, destination, ecn)) this.#host.journal.counters.udpDelivered++
    else this.#drop('UDP socket full', packet)
  }

  #drop(reason: DropReason, { bytes, offset, payload, length, interface: through, frame }: Arrived): void {
    this.#host.journal.dropped(reason, through, frame, bytes, offset, payload + length)
  }

  /** ICMP has complained of a datagram: its socket is told if it is connected (RFC 1122 §4.1.3.3). */
  complained({ layer, error, source, destination, bytes, at, total, dontFragment, mtu }: Quoted): void {
    const sockets = this.#ports.get(udp.sourcePort(bytes, at)) ?? []
    const socket = nearest(sockets, source, destination, udp.destinationPort(bytes, at))
    if (socket === null) return
    if (socket.remotePort !== 0) socket.complained(error)
    // RFC 5927 §7: what is said must at least be possible. Nothing tells a datagram that was sent from one that was not.
    if (error === 'fragmentation needed' && dontFragment && total > mtu) layer.learnMtu(destination, mtu, 'datagrams')
  }

  /** Sends a datagram, in pieces when the path is too narrow. False: it must not leave this host. */
  send(path: Path, { from, fromPort, to, toPort, bytes, ttl, loop }: Datagram): boolean {
    const { layers, journal } = this.#host
    const layer = layers.of(to)!
    const size = udp.HEADER_LENGTH + bytes.length
    const frame = layer.frame(size)
    const at = frame.start
    frame.bytes.set(bytes, at + udp.HEADER_LENGTH)
    const pseudo = layer.pseudoSum(from, to, PROTOCOL, size)
    const leaves = path.interface.device.capabilities.checksums && !path.group
    udp.emitHeader(frame.bytes, at, fromPort, toPort, bytes.length, pseudo, leaves ? 'pseudo-header' : 'whole')
    if (leaves) frame.leaveChecksum(at, at + udp.FIELD.checksum)
    journal.counters.udpSent++
    const fits = path.datagrams
    return layer.send(frame, path, {
      source: from,
      destination: to,
      protocol: PROTOCOL,
      ttl,
      trafficClass: 0,
      fits,
      dontFragment: true,
      loop,
    })
  }
}

/**
 * RFC 768 leaves it open; as BSD and Linux do, the more a socket says about its peer and itself, the nearer it is. Of
 * those equally near that share the port by SO_REUSEPORT the peer decides; else it is the one bound last, as on Linux.
 */
function nearest(sockets: readonly UdpEndpoint[], to: Ip, from: Ip, fromPort: number): UdpEndpoint | null {
  let best: UdpEndpoint | null = null
  let bestScore = -1
  let equals = 0
  for (const socket of sockets) {
    const score = scoreOf(socket, to, from, fromPort)
    if (score < 0 || score < bestScore) continue
    equals = score === bestScore ? equals + 1 : 1
    best = socket
    bestScore = score
  }
  if (equals < 2 || !best!.spreads) return best
  const all = sockets.filter((socket) => socket.spreads && scoreOf(socket, to, from, fromPort) === bestScore)
  return all[spread(from, fromPort) % all.length]!
}

/** How near a socket is to a datagram; -1: it does not want it. */
function scoreOf(socket: UdpEndpoint, to: Ip, from: Ip, fromPort: number): number {
  let score = 0
  if (!isUnspecified(socket.localAddress)) {
    if (!sameIp(socket.localAddress, to)) return -1
    score += 1
  }
  if (socket.remotePort !== 0) {
    if (socket.remotePort !== fromPort || !sameIp(socket.remoteAddress, from)) return -1
    score += 2
  }
  return score
}

/** A number that is the same for a peer, and another for most others. */
function spread(from: Ip, fromPort: number): number {
  const address = typeof from === 'number' ? from : from.hash
  return (Math.imul(address ^ (fromPort * 0x10001), 0x9e3779b1) >>> 16) & 0xffff
}

function wants(socket: UdpEndpoint, packet: Arrived, fromPort: number): boolean {
  const { destination, source } = packet
  if (socket.remotePort !== 0 && (socket.remotePort !== fromPort || !sameIp(socket.remoteAddress, source))) return false
  if (isMulticast(destination) && !socket.isMember(destination, packet.interface)) return false
  return isUnspecified(socket.localAddress) || sameIp(socket.localAddress, destination)
}
