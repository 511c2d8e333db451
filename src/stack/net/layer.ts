/**
 * A network layer as the transports and sockets see it: one for each family of addresses. They hold addresses as values,
 * ask the layer of an address for a path, and are called back with the packets of their protocol.
 */
import type { Nanos } from '../../base/clock.ts'
import type { Ip } from '../../base/ip6.ts'
import type { Frame } from '../frames.ts'
import type { Interface } from '../link/interface.ts'
import type { NetworkError } from './errors.ts'
import type { Path, PathMtu } from './path.ts'

/** A packet for this host, checked, with what the transports ask of it. */
export interface Arrived {
  readonly layer: NetworkLayer
  readonly bytes: Uint8Array
  /** Where the IP header begins, where the payload does, and how long that is. */
  readonly offset: number
  readonly payload: number
  readonly length: number
  readonly source: Ip
  readonly destination: Ip
  readonly interface: Interface
  /** Sent to a broadcast or multicast address, of IP or of the link. */
  readonly group: boolean
  /** The two ECN bits (RFC 3168 §5). */
  readonly ecn: number
  /** When it came in. */
  readonly at: Nanos
  /** Whether somebody has verified the transport's checksum, or it never left this machine. */
  readonly verified: boolean
  /** Octets of data of the segments that its device has merged into it; 0: none were. */
  readonly gsoSize: number
  /** The number of its frame; null when it has none. */
  readonly frame: number | null
}

/** An ICMP error about a packet that this host has sent. */
export interface Quoted {
  readonly layer: NetworkLayer
  readonly error: NetworkError
  /** Who says so. */
  readonly from: Ip
  readonly source: Ip
  readonly destination: Ip
  /** The head of the packet's payload: eight octets at least, from `at` on. */
  readonly bytes: Uint8Array
  readonly at: number
  /** How long the packet was, and whether it might be cut. */
  readonly total: number
  readonly dontFragment: boolean
  /** With 'fragmentation needed': what fits. */
  readonly mtu: number
}

/** What a transport does with the packets of its protocol number. */
export interface ProtocolHandler {
  arrived(packet: Arrived): void
  /** The network could not deliver one of its packets. */
  complained(quoted: Quoted): void
}

/** What the sender of a packet can be told by the one that it was for. */
export type Complaint = 'port unreachable' | 'protocol unreachable'

/** A packet as a transport hands it down. */
export interface Outgoing {
  readonly source: Ip
  readonly destination: Ip
  readonly protocol: number
  /** Time to live, or hop limit. */
  readonly ttl: number
  /** DSCP and ECN. */
  readonly trafficClass: number
  /** How long it may be: what is longer is cut into pieces. */
  readonly fits: PathMtu
  /** Routers are to say what fits, rather than cut it. */
  readonly dontFragment: boolean
  /** Of a packet to a group: this host's own members hear it too. */
  readonly loop: boolean
}

/**
 * One family of addresses: finds paths, writes headers, and hands packets to the transports by their protocol number.
 */
export interface NetworkLayer {
  readonly family: 4 | 6
  /** The address that stands for every own one: 0.0.0.0. */
  readonly any: Ip
  readonly loopback: Ip
  readonly headerLength: number
  /** What every host takes at least, where no path says more. */
  readonly leastMtu: number
  /** Whether packets to it come back to this host. */
  isLocal(address: Ip): boolean
  /** Whether a datagram socket may be bound to it: a local address, or a broadcast address of an interface. */
  isBindable(address: Ip): boolean
  /** The interface with that address. */
  interfaceWith(address: Ip): Interface | undefined
  /**
   * The way to a destination, or null when none leads there.
   * @param source the socket's own address, which names the interface for broadcasts and multicasts; `any`: no matter
   */
  path(destination: Ip, source: Ip): Path | null
  /** Whether a packet from that address may go that way: loopback addresses stay on this host (RFC 1122 §3.2.1.3 (g)). */
  mayLeave(source: Ip, path: Path): boolean
  /** The pseudo-header's sum, for checksums of so many octets. */
  pseudoSum(source: Ip, destination: Ip, protocol: number, length: number): number
  /** A frame with room for a transport's packet of that many octets, and for everything in front. */
  frame(length: number): Frame
  /** Puts the header in front and sends it. False: it must not leave this host. */
  send(frame: Frame, path: Path, packet: Outgoing): boolean
  /** A router has said what fits on the way there. Answers whether that was news. */
  learnMtu(destination: Ip, mtu: number, by: 'streams' | 'datagrams'): boolean
  /** What was sent to there has arrived: the next hop is alive. */
  confirm(destination: Ip): void
  /** Tells the sender of a packet what became of it, where that is allowed. */
  complain(what: Complaint, packet: Arrived): void
  /** Names who is given the packets of a protocol. */
  handle(protocol: number, handler: ProtocolHandler): void
}

/** The layers of a stack, by the family of an address. */
export class Layers {
  readonly four: NetworkLayer
  readonly six: NetworkLayer | null

  constructor(four: NetworkLayer, six: NetworkLayer | null = null) {
    this.four = four
    this.six = six
  }

  /** Null for an address of a family that the stack does not have. */
  of(address: Ip): NetworkLayer | null {
    return typeof address === 'number' ? this.four : this.six
  }

  handle(protocol: number, handler: ProtocolHandler): void {
    this.four.handle(protocol, handler)
    this.six?.handle(protocol, handler)
  }
}
