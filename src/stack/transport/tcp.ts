/** TCP of one stack: which connection or listener a segment is for, and the packet around what a connection sends. */
import { Fault } from '../../base/fault.ts'
import { type Ip, Ip6, isUnspecified, sameIp } from '../../base/ip6.ts'
import type { Random } from '../../base/random.ts'
import {
  InitialSequence,
  type ListenQueue,
  resetFor,
  type SegmentMeta,
  sequence,
  type TcpSettings,
} from '../../tcp/index.ts'
import * as ipv4 from '../../wire/ipv4.ts'
import * as tcp from '../../wire/tcp.ts'
import type { DropReason } from '../events.ts'
import type { Journal } from '../journal.ts'
import type { StackLimits } from '../limits.ts'
import type { NetworkError } from '../net/errors.ts'
import type { Arrived, Layers, NetworkLayer, ProtocolHandler, Quoted } from '../net/layer.ts'
import { TTL } from '../net/ttl.ts'
import type { Timers } from '../timers.ts'
import { ephemeralPort } from './ports.ts'
import { type Tuple, TupleTable } from './tuples.ts'

/** IANA's number of the protocol, in both families. */
const PROTOCOL = ipv4.PROTOCOL_TCP

/** A connection, as far as demultiplexing goes. */
export interface TcpEndpoint extends Tuple<TcpEndpoint> {
  /** Takes a segment in. What follows from it waits for `settle`. */
  segmentArrived(segment: tcp.TcpSegment, meta: SegmentMeta): void
  /** Tells its owner what there is to tell, and sends what there is to send: after a segment, or a batch of them. */
  settle(): void
  /**
   * Whether a new connection that this SYN opens may take its place: the least initial number of that one. null: it may
   * not. Then `replaced` follows, when somebody listens.
   */
  yieldsTo(segment: tcp.TcpSegment, meta: SegmentMeta): sequence.Seq | null
  replaced(): void
  /** ICMP has complained of one of its segments. */
  complained(error: NetworkError): void
  /** The path takes shorter segments than was thought. */
  narrowed(mss: number): void
  /** The octets that it has sent and that were not acknowledged: from, to. */
  readonly outstanding: readonly [sequence.Seq, sequence.Seq]
}

/** A listening socket, as far as demultiplexing goes. The address is unspecified where it does not matter. */
export interface TcpListenEndpoint {
  readonly localAddress: Ip
  readonly localPort: number
  /** SO_REUSEPORT: others that have it too may share the port. */
  readonly shares: boolean
  readonly queue: ListenQueue
  /** Makes the connection that answers a SYN. @param least its least initial number; null: any */
  open(syn: tcp.TcpSegment, packet: Arrived, least: sequence.Seq | null): void
}

/** What TCP needs of its stack. */
export interface TcpHost {
  readonly random: Random
  readonly limits: StackLimits
  readonly journal: Journal
  readonly layers: Layers
  readonly timers: Timers
}

export class Tcp implements ProtocolHandler {
  readonly protocol = PROTOCOL
  readonly #host: TcpHost
  readonly #connections: TupleTable<TcpEndpoint>
  readonly #listeners = new Map<number, TcpListenEndpoint[]>()
  readonly #initialSequence: InitialSequence
  /** What connections begin with, unless their sockets say otherwise. */
  readonly settings: TcpSettings
  /** Of the segment that is being dealt with. */
  readonly #meta: { -readonly [name in keyof SegmentMeta]: SegmentMeta[name] } = { at: 0, ecn: 0, segments: 1 }
  /** Connections that their programs have closed, and that still have something to send. */
  readonly #orphans = new Set<TcpEndpoint>()

  /** Endpoints with segments of the batch that is coming in. */
  #batch = new Set<TcpEndpoint>()

  constructor(host: TcpHost, settings: TcpSettings) {
    this.#host = host
    this.settings = settings
    this.#connections = new TupleTable(host.random.fork('tcp connections').u32())
    this.#initialSequence = new InitialSequence(host.random.fork('tcp initial sequence'))
    host.layers.handle(PROTOCOL, this)
  }

  get connectionCount(): number {
    return this.#connections.size
  }

  /** RFC 6528, and not below `least`. */
  initialSequence(
    local: Ip,
    localPort: number,
    remote: Ip,
    remotePort: number,
    least: sequence.Seq | null,
  ): sequence.Seq {
    const now = this.#host.timers.now()
    const next = this.#initialSequence.next(octets(local), localPort, octets(remote), remotePort, now)
    return least === null ? next : sequence.latest(next, least)
  }

  /** RFC 7323 §7.1. */
  timestampOffset(local: Ip, remote: Ip): number {
    return this.#initialSequence.timestampOffset(octets(local), octets(remote))
  }

  /** The MSS to announce on the way to a destination: what one packet takes less both headers (RFC 9293 §3.7.1). */
  mssTo(remote: Ip): number {
    const layer = this.#host.layers.of(remote)!
    const mtu = layer.path(remote, layer.any)?.streams.mtu ?? layer.leastMtu
    return mtu - layer.headerLength - tcp.HEADER_LENGTH
  }

  /** A local port for a connection to there, or 0 when all are taken. */
  freePort(local: Ip, remote: Ip, remotePort: number): number {
    return ephemeralPort(
      this.#host.random,
      this.#host.limits,
      (port) => !this.#listeners.has(port) && this.#connections.get(local, port, remote, remotePort) === null,
    )
  }

  /** A port for a listener, or 0. */
  freeListenPort(): number {
    return ephemeralPort(this.#host.random, this.#host.limits, (port) => !this.#listeners.has(port))
  }

  find(local: Ip, localPort: number, remote: Ip, remotePort: number): TcpEndpoint | null {
    return this.#connections.get(local, localPort, remote, remotePort)
  }

  enter(connection: TcpEndpoint): void {
    this.#connections.add(connection)
  }

  leave(connection: TcpEndpoint): void {
    this.#connections.remove(connection)
    this.#batch.delete(connection)
    this.#orphans.delete(connection)
  }

  /**
   * A program has closed a connection. False: too many others wait for their peers to take the rest; it is to be reset, as
   * Linux does (tcp_max_orphans).
   */
  mayOrphan(connection: TcpEndpoint): boolean {
    if (this.#orphans.size >= this.#host.limits.orphans) return false
    this.#orphans.add(connection)
    return true
  }

  /** Its peer has taken the rest. */
  settled(connection: TcpEndpoint): void {
    this.#orphans.delete(connection)
  }

  /** Whether a listener with that address may have the port. Connections that are left of an earlier one do not matter. */
  mayBind(address: Ip, port: number, shares: boolean): boolean {
    return (this.#listeners.get(port) ?? []).every(
      (other) =>
        (shares && other.shares) ||
        (!isUnspecified(address) && !isUnspecified(other.localAddress) && !sameIp(other.localAddress, address)),
    )
  }

  bind(listener: TcpListenEndpoint): void {
    const others = this.#listeners.get(listener.localPort)
    if (others === undefined) this.#listeners.set(listener.localPort, [listener])
    else others.push(listener)
  }

  release(listener: TcpListenEndpoint): void {
    const left = (this.#listeners.get(listener.localPort) ?? []).filter((other) => other !== listener)
    if (left.length === 0) this.#listeners.delete(listener.localPort)
    else this.#listeners.set(listener.localPort, left)
  }

  arrived(packet: Arrived): void {
    this.#host.journal.counters.tcpReceived++
    const { bytes, payload: at, length, source, destination } = packet
    const segment = tcp.parse(bytes, at, length)
    // RFC 1122 §4.2.3.10: what comes to or from a group's address is no segment.
    if (segment instanceof Fault || packet.group || !this.#verify(packet)) {
      this.#drop('TCP malformed', packet)
      return
    }
    const meta = this.#meta
    meta.at = packet.at
    meta.ecn = packet.ecn
    meta.segments = packet.gsoSize === 0 ? 1 : Math.max(1, Math.ceil(segment.payload.length / packet.gsoSize))
    const connection = this.#connections.get(destination, segment.destinationPort, source, segment.sourcePort)
    if (connection === null) this.#unknown(segment, packet)
    else if (!this.#replaces(connection, segment, packet, meta)) {
      connection.segmentArrived(segment, meta)
      if (packet.interface.device.capabilities.batches) this.#batch.add(connection)
      else connection.settle()
    }
  }

  /** A device's batch of packets is in: one acknowledgment can answer all of its segments. */
  batchEnd(): void {
    if (this.#batch.size === 0) return
    const batch = this.#batch
    this.#batch = new Set()
    for (const connection of batch) connection.settle()
  }

  #drop(reason: DropReason, { bytes, offset, payload, length, interface: through, frame }: Arrived): void {
    this.#host.journal.dropped(reason, through, frame, bytes, offset, payload + length)
  }

  /** RFC 9293 §3.10.7.4, fourth: a SYN may take the place of a connection in TIME-WAIT, where somebody listens for it. */
  #replaces(connection: TcpEndpoint, segment: tcp.TcpSegment, packet: Arrived, meta: SegmentMeta): boolean {
    const least = connection.yieldsTo(segment, meta)
    if (least === null) return false
    const listener = this.#listener(segment, packet)
    if (listener === null || listener.queue.judge(segment) !== 'open') return false
    connection.replaced()
    listener.open(segment, packet, least)
    return true
  }

  #verify({ layer, bytes, payload, length, source, destination, verified }: Arrived): boolean {
    return verified || tcp.verify(bytes, payload, length, layer.pseudoSum(source, destination, PROTOCOL, length))
  }

  /** A segment for no connection: a listener's, or nobody's. */
  #unknown(segment: tcp.TcpSegment, packet: Arrived): void {
    const { source, destination } = packet
    const listener = this.#listener(segment, packet)
    const verdict = listener === null ? 'reset' : listener.queue.judge(segment)
    if (verdict === 'open') listener!.open(segment, packet, null)
    else
      this.#drop(
        isOpening(segment) && verdict === 'drop' ? 'TCP listener full' : 'no connection for the TCP segment',
        packet,
      )
    const reset = verdict === 'reset' ? resetFor(segment) : null
    if (reset === null) return
    this.#host.journal.counters.tcpResetsSent++
    this.emit(destination, source, reset)
  }

  #listener(segment: tcp.TcpSegment, { source, destination }: Arrived): TcpListenEndpoint | null {
    const all = this.#listeners.get(segment.destinationPort)
    if (all === undefined) return null
    const named = all.filter((each) => sameIp(each.localAddress, destination))
    const suitable = named.length > 0 ? named : all.filter((each) => isUnspecified(each.localAddress))
    // Among listeners that share the port the peer's address and port decide, so a retransmitted SYN meets the same one.
    const peer = typeof source === 'number' ? source : source.hash
    return suitable[((peer ^ segment.sourcePort) >>> 0) % suitable.length] ?? null
  }

  /** RFC 5927 §4.1: an ICMP error counts only when it is about a segment that may be under way. */
  complained({ layer, error, source, destination, bytes, at, mtu }: Quoted): void {
    const connection = this.#connections.get(
      source,
      tcp.sourcePort(bytes, at),
      destination,
      tcp.destinationPort(bytes, at),
    )
    if (connection === null) return
    const [from, to] = connection.outstanding
    if (!sequence.within(tcp.seq(bytes, at), from, to)) return
    if (error !== 'fragmentation needed') connection.complained(error)
    else if (layer.learnMtu(destination, mtu, 'streams')) this.#pathNarrowed(destination)
  }

  /** The path to there takes less than before: all connections hear of it, whoever ran into it (RFC 1191 §6.3). */
  #pathNarrowed(remote: Ip): void {
    const mss = this.mssTo(remote)
    for (const each of this.#connections) if (sameIp(each.remoteAddress, remote)) each.narrowed(mss)
  }

  /** Sends a segment. False when there is no way to the destination. One that a learnt MTU has made too long goes in pieces. */
  emit(source: Ip, destination: Ip, segment: tcp.TcpSegment, ttl = TTL): boolean {
    const layer: NetworkLayer = this.#host.layers.of(destination)!
    const path = layer.path(destination, source)
    if (path === null || path.group) {
      this.#host.journal.dropped('no route', path?.interface ?? null, null, NOTHING)
      return false
    }
    const length = tcp.length(segment)
    const frame = layer.frame(length)
    const at = frame.start
    const pseudo = layer.pseudoSum(source, destination, PROTOCOL, length)
    const leaves = path.interface.device.capabilities.checksums
    tcp.emit(segment, frame.bytes, at, pseudo, leaves ? 'pseudo-header' : 'whole')
    if (leaves) frame.leaveChecksum(at, at + tcp.FIELD.checksum)
    this.#host.journal.counters.tcpSent++
    return layer.send(frame, path, {
      source,
      destination,
      protocol: PROTOCOL,
      ttl,
      trafficClass: 0,
      fits: path.streams,
      dontFragment: true,
      loop: false,
    })
  }
}

/** What no connection has been made of yet. */
const NOTHING = new Uint8Array(0)

/** A SYN alone: what a listener may open a connection for. */
function isOpening({ flags }: tcp.TcpSegment): boolean {
  return (flags & (tcp.SYN | tcp.ACK | tcp.RST | tcp.FIN)) === tcp.SYN
}

function octets(address: Ip): Uint8Array {
  if (!(address instanceof Ip6)) return Uint8Array.of(address >>> 24, address >>> 16, address >>> 8, address)
  const bytes = new Uint8Array(16)
  address.write(bytes, 0)
  return bytes
}
