/** TCP of one stack: which connection or listener a segment is for, and the packet around what a connection sends. */

import { Fault } from '../../base/fault.ts'
import { type Ip4, isLoopback4 } from '../../base/ip.ts'
import {
  InitialSequence,
  type ListenQueue,
  resetFor,
  type SegmentMeta,
  sequence,
  type TcpSettings,
} from '../../tcp/index.ts'
import { pseudoSum4 } from '../../wire/checksum.ts'
import * as ipv4 from '../../wire/ipv4.ts'
import * as tcp from '../../wire/tcp.ts'
import type { NetworkError } from '../ip/errors.ts'
import type { Arrived } from '../ip/input.ts'
import { PAYLOAD } from '../ip/output.ts'
import { TTL } from '../limits.ts'
import type { Stack } from '../stack.ts'
import { ephemeralPort } from './ports.ts'
import { type Tuple, TupleTable } from './tuples.ts'

/** A connection, as far as demultiplexing goes. */
export interface TcpEndpoint extends Tuple<TcpEndpoint> {
  segmentArrived(segment: tcp.TcpSegment, meta: SegmentMeta): void
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

/** A listening socket, as far as demultiplexing goes. The address is 0 where it does not matter. */
export interface TcpListenEndpoint {
  readonly localAddress: Ip4
  readonly localPort: number
  /** SO_REUSEPORT: others that have it too may share the port. */
  readonly shares: boolean
  readonly queue: ListenQueue
  /** Makes the connection that answers a SYN. @param least its least initial number; null: any */
  open(syn: tcp.TcpSegment, packet: Arrived, least: sequence.Seq | null): void
}

export class Tcp {
  readonly #stack: Stack
  readonly #connections: TupleTable<TcpEndpoint>
  readonly #listeners = new Map<number, TcpListenEndpoint[]>()
  readonly #initialSequence: InitialSequence
  /** What connections begin with, unless their sockets say otherwise. */
  readonly settings: TcpSettings
  /** Of the segment that is being dealt with. */
  readonly #meta: { -readonly [name in keyof SegmentMeta]: SegmentMeta[name] } = { at: 0, ecn: 0, segments: 1 }
  /** Connections that their programs have closed, and that still have something to send. */
  readonly #orphans = new Set<TcpEndpoint>()

  constructor(stack: Stack, settings: TcpSettings) {
    this.#stack = stack
    this.settings = settings
    this.#connections = new TupleTable(stack.random.fork('tcp connections').u32())
    this.#initialSequence = new InitialSequence(stack.random.fork('tcp initial sequence'))
  }

  get connectionCount(): number {
    return this.#connections.size
  }

  /** RFC 6528, and not below `least`. */
  initialSequence(
    local: Ip4,
    localPort: number,
    remote: Ip4,
    remotePort: number,
    least: sequence.Seq | null,
  ): sequence.Seq {
    const now = this.#stack.clock.now()
    const next = this.#initialSequence.next(octets(local), localPort, octets(remote), remotePort, now)
    return least === null ? next : sequence.latest(next, least)
  }

  /** RFC 7323 §7.1. */
  timestampOffset(local: Ip4, remote: Ip4): number {
    return this.#initialSequence.timestampOffset(octets(local), octets(remote))
  }

  /** The MSS to announce on the way to a destination: what one packet takes less both headers (RFC 9293 §3.7.1). */
  mssTo(remote: Ip4): number {
    return (this.#stack.output.path(remote)?.mtu ?? 576) - ipv4.HEADER_LENGTH - tcp.HEADER_LENGTH
  }

  /** A local port for a connection to there, or 0 when all are taken. */
  freePort(local: Ip4, remote: Ip4, remotePort: number): number {
    return ephemeralPort(
      this.#stack.random,
      this.#stack.limits,
      (port) => !this.#listeners.has(port) && this.#connections.get(local, port, remote, remotePort) === null,
    )
  }

  /** A port for a listener, or 0. */
  freeListenPort(): number {
    return ephemeralPort(this.#stack.random, this.#stack.limits, (port) => !this.#listeners.has(port))
  }

  find(local: Ip4, localPort: number, remote: Ip4, remotePort: number): TcpEndpoint | null {
    return this.#connections.get(local, localPort, remote, remotePort)
  }

  enter(connection: TcpEndpoint): void {
    this.#connections.add(connection)
  }

  leave(connection: TcpEndpoint): void {
    this.#connections.remove(connection)
    this.#orphans.delete(connection)
  }

  /**
   * A program has closed a connection. False: too many others wait for their peers to take the rest; it is to be reset, as
   * Linux does (tcp_max_orphans).
   */
  mayOrphan(connection: TcpEndpoint): boolean {
    if (this.#orphans.size >= this.#stack.limits.orphans) return false
    this.#orphans.add(connection)
    return true
  }

  /** Its peer has taken the rest. */
  settled(connection: TcpEndpoint): void {
    this.#orphans.delete(connection)
  }

  /** Whether a listener with that address may have the port. Connections that are left of an earlier one do not matter. */
  mayBind(address: Ip4, port: number, shares: boolean): boolean {
    return (this.#listeners.get(port) ?? []).every(
      (other) =>
        (shares && other.shares) || (address !== 0 && other.localAddress !== 0 && other.localAddress !== address),
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
    const { clock, counters } = this.#stack
    const { bytes, payload: at, length, source, destination } = packet
    counters.tcpReceived++
    const segment = tcp.parse(bytes, at, length)
    // RFC 1122 §4.2.3.10: what comes to or from a group's address is no segment.
    if (segment instanceof Fault || packet.group || !this.#verify(packet)) {
      counters.tcpMalformed++
      return
    }
    const meta = this.#meta
    meta.at = clock.now()
    const connection = this.#connections.get(destination, segment.destinationPort, source, segment.sourcePort)
    if (connection === null) this.#unknown(segment, packet)
    else if (!this.#replaces(connection, segment, packet, meta)) connection.segmentArrived(segment, meta)
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

  #verify({ bytes, payload, length, source, destination }: Arrived): boolean {
    return tcp.verify(bytes, payload, length, pseudoSum4(source, destination, ipv4.PROTOCOL_TCP, length))
  }

  /** A segment for no connection: a listener's, or nobody's. */
  #unknown(segment: tcp.TcpSegment, packet: Arrived): void {
    const { counters } = this.#stack
    const { source, destination } = packet
    const listener = this.#listener(segment, packet)
    const verdict = listener === null ? 'reset' : listener.queue.judge(segment)
    if (verdict === 'open') listener!.open(segment, packet, null)
    if (listener === null) counters.tcpNoConnection++
    const reset = verdict === 'reset' ? resetFor(segment) : null
    if (reset === null) return
    counters.tcpResetsSent++
    this.emit(destination, source, reset)
  }

  #listener(segment: tcp.TcpSegment, { source, destination }: Arrived): TcpListenEndpoint | null {
    const all = this.#listeners.get(segment.destinationPort)
    if (all === undefined) return null
    const named = all.filter((each) => each.localAddress === destination)
    const suitable = named.length > 0 ? named : all.filter((each) => each.localAddress === 0)
    // Among listeners that share the port the peer's address and port decide, so a retransmitted SYN meets the same one.
    return suitable[((source ^ segment.sourcePort) >>> 0) % suitable.length] ?? null
  }

  /** RFC 5927 §4.1: an ICMP error counts only when it is about a segment that may be under way. */
  complained(
    error: NetworkError,
    mtu: number,
    local: Ip4,
    localPort: number,
    remote: Ip4,
    port: number,
    seq: number,
  ): void {
    const connection = this.#connections.get(local, localPort, remote, port)
    if (connection === null) return
    const [from, to] = connection.outstanding
    if (!sequence.within(sequence.seq(seq), from, to)) return
    if (error === 'fragmentation needed') this.#stack.output.learnMtu(remote, mtu)
    else connection.complained(error)
  }

  /** The path to there takes less than before: all connections hear of it, whoever ran into it (RFC 1191 §6.3). */
  pathNarrowed(remote: Ip4): void {
    const mss = this.mssTo(remote)
    for (const each of this.#connections) if (each.remoteAddress === remote) each.narrowed(mss)
  }

  /** Sends a segment. False when there is no way to the destination. One that a learnt MTU has made too long goes in pieces. */
  emit(source: Ip4, destination: Ip4, segment: tcp.TcpSegment, ttl = TTL): boolean {
    const { output, counters } = this.#stack
    const path = output.path(destination, source)
    const length = tcp.length(segment)
    if (path === null || path.group) return false
    // Traffic within the host keeps within it, whatever addresses it bears.
    if (isLoopback4(source) && path.interface !== this.#stack.loopback) return false
    const frame = output.frame(length)
    tcp.emit(segment, frame, PAYLOAD, pseudoSum4(source, destination, ipv4.PROTOCOL_TCP, length))
    counters.tcpSent++
    output.send(frame, path, { source, destination, protocol: ipv4.PROTOCOL_TCP, ttl })
    return true
  }
}

function octets(address: Ip4): Uint8Array {
  return Uint8Array.of(address >>> 24, address >>> 16, address >>> 8, address)
}
