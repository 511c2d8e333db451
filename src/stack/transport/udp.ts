/** UDP of one stack: which socket a datagram is for, and the datagram around what a socket sends. */
import type { Ip4 } from '../../base/ip.ts'
import { isMulticast4 } from '../../base/ip.ts'
import { pseudoSum4 } from '../../wire/checksum.ts'
import * as icmp from '../../wire/icmp.ts'
import * as ipv4 from '../../wire/ipv4.ts'
import * as udp from '../../wire/udp.ts'
import { LINK_HEADROOM } from '../frames.ts'
import type { NetworkError } from '../ip/errors.ts'
import type { Arrived } from '../ip/input.ts'
import type { Interface } from '../ip/interface.ts'
import { PAYLOAD, type Path } from '../ip/output.ts'
import type { Stack } from '../stack.ts'
import { ephemeralPort } from './ports.ts'

/** The longest payload: what is left of 65,535 octets after both headers. */
export const MAX_PAYLOAD = ipv4.MAX_LENGTH - ipv4.HEADER_LENGTH - udp.HEADER_LENGTH

/** A socket, as far as demultiplexing goes. Addresses are 0 where they do not matter. */
export interface UdpEndpoint {
  readonly localAddress: Ip4
  readonly localPort: number
  readonly remoteAddress: Ip4
  readonly remotePort: number
  /** May share its port with others that may too (SO_REUSEADDR or SO_REUSEPORT). */
  readonly shares: boolean
  isMember(group: Ip4, of: Interface): boolean
  /** @param to the address that was asked; @param ecn of the IP header (RFC 3168 §5) */
  datagramArrived(payload: Uint8Array, from: Ip4, fromPort: number, to: Ip4, ecn: number): void
  complained(error: NetworkError): void
}

export class Udp {
  readonly #stack: Stack
  readonly #ports = new Map<number, UdpEndpoint[]>()

  constructor(stack: Stack) {
    this.#stack = stack
  }

  /** A port that no socket has, or 0. */
  freePort(): number {
    return ephemeralPort(this.#stack.random, this.#stack.limits, (port) => !this.#ports.has(port))
  }

  /** Whether a socket with that address may have the port. */
  mayBind(address: Ip4, port: number, shares: boolean): boolean {
    const others = this.#ports.get(port) ?? []
    return others.every(
      (other) =>
        (shares && other.shares) || (address !== 0 && other.localAddress !== 0 && other.localAddress !== address),
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
    const { counters, icmp: complaints } = this.#stack
    const { bytes, payload: at, length, source, destination } = packet
    counters.udpReceived++
    const size = length >= udp.HEADER_LENGTH ? udp.totalLength(bytes, at) : 0
    if (udp.check(bytes, at, length, pseudoSum4(source, destination, ipv4.PROTOCOL_UDP, size)) !== null) {
      counters.udpMalformed++
      return
    }
    const fromPort = udp.sourcePort(bytes, at)
    const sockets = this.#ports.get(udp.destinationPort(bytes, at)) ?? []
    const payload = bytes.subarray(at + udp.HEADER_LENGTH, at + size)
    if (packet.group) {
      // RFC 1122 §4.1.4 / every BSD: a group's datagram goes to all sockets that want it.
      for (const socket of sockets) if (wants(socket, packet, fromPort)) this.#give(socket, payload, packet, fromPort)
      return
    }
    const socket = nearest(sockets, destination, source, fromPort)
    if (socket !== null) this.#give(socket, payload, packet, fromPort)
    else {
      counters.udpNoPort++
      // RFC 1122 §4.1.3.1.
      complaints.complain(icmp.DESTINATION_UNREACHABLE, icmp.PORT_UNREACHABLE, 0, bytes, packet.offset)
    }
  }

  #give(socket: UdpEndpoint, payload: Uint8Array, packet: Arrived, fromPort: number): void {
    this.#stack.counters.udpDelivered++
    socket.datagramArrived(payload, packet.source, fromPort, packet.destination, packet.bytes[packet.offset + 1]! & 3)
  }

  /**
   * ICMP has complained of a datagram: its socket is told if it is connected (RFC 1122 §4.1.3.3).
   * @returns whether there is a socket that can have sent it
   */
  complained(error: NetworkError, local: Ip4, localPort: number, remote: Ip4, remotePort: number): boolean {
    const socket = nearest(this.#ports.get(localPort) ?? [], local, remote, remotePort)
    if (socket !== null && socket.remotePort !== 0) socket.complained(error)
    return socket !== null
  }

  /**
   * Sends a datagram, in pieces when the path is too narrow. A copy comes back to this host's own members of a group
   * when `loop` says so.
   * @param source the address that it comes from: by default the socket's own, or what the path suggests
   */
  send(
    path: Path,
    from: UdpEndpoint,
    to: Ip4,
    toPort: number,
    bytes: Uint8Array,
    ttl: number,
    loop: boolean,
    source = this.#sourceOf(from, path),
  ): void {
    const { output, counters } = this.#stack
    const size = udp.HEADER_LENGTH + bytes.length
    const frame = output.frame(size)
    frame.set(bytes, PAYLOAD + udp.HEADER_LENGTH)
    const pseudo = pseudoSum4(source, to, ipv4.PROTOCOL_UDP, size)
    udp.emitHeader(frame, PAYLOAD, from.localPort, toPort, bytes.length, pseudo)
    output.seal(frame, { source, destination: to, protocol: ipv4.PROTOCOL_UDP, ttl }, !path.narrow)
    // RFC 1112 §6.1: with a time to live of zero it does not leave the host.
    if (ttl > 0) output.transmit(frame, path, to)
    counters.udpSent++
    if (path.group && loop) this.#stack.loopGroup(path.interface, frame, LINK_HEADROOM)
  }

  #sourceOf(from: UdpEndpoint, path: Path): Ip4 {
    return from.localAddress === 0 || isMulticast4(from.localAddress) ? path.source : from.localAddress
  }
}

/** RFC 768 leaves it open; as BSD and Linux do, the more a socket says about its peer and itself, the nearer it is. */
function nearest(sockets: readonly UdpEndpoint[], to: Ip4, from: Ip4, fromPort: number): UdpEndpoint | null {
  let best: UdpEndpoint | null = null
  let bestScore = -1
  for (const socket of sockets) {
    let score = 0
    if (socket.localAddress !== 0) {
      if (socket.localAddress !== to) continue
      score += 1
    }
    if (socket.remotePort !== 0) {
      if (socket.remotePort !== fromPort || socket.remoteAddress !== from) continue
      score += 2
    }
    if (score > bestScore) {
      best = socket
      bestScore = score
    }
  }
  return best
}

function wants(socket: UdpEndpoint, packet: Arrived, fromPort: number): boolean {
  const { destination, source } = packet
  if (socket.remotePort !== 0 && (socket.remotePort !== fromPort || socket.remoteAddress !== source)) return false
  if (isMulticast4(destination) && !socket.isMember(destination, packet.interface)) return false
  return socket.localAddress === 0 || socket.localAddress === destination
}
