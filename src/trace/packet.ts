/**
 * Packets followed over their hops. The links report frames, one per hop; a router rewrites and forwards, a home
 * router translates addresses. Here the frames of one packet are found again by what forwarding leaves alone: the
 * IP identification and the transport's own fields.
 */

import type { Nanos } from '../base/clock.ts'
import type { Event } from '../base/events.ts'
import { Fault } from '../base/fault.ts'
import { formatIp4 } from '../base/ip.ts'
import type { LinkDroppedEvent, LinkSentEvent } from '../sim/events.ts'
import { arp, ethernet, icmp, ipv4, tcp, udp } from '../wire/index.ts'
import { isEvent } from './event.ts'

/** One frame's way over one link. */
export interface Hop {
  readonly id: number
  readonly link: string
  /** Interfaces, `laptop:eth0`. */
  readonly from: string
  readonly to: string
  readonly fromHost: string
  readonly toHost: string
  /** When the host handed it over; it may have waited in the queue until `departs`. */
  readonly handed: Nanos
  readonly departs: Nanos
  readonly arrives: Nanos
  readonly queued: number
  readonly frame: Uint8Array
  /** Why it did not arrive; null when it did. */
  dropped: string | null
}

/** What a frame says, layer by layer, as far as it can be read. */
export interface Contents {
  readonly arp: arp.ArpPacket | null
  readonly ip: ipv4.Ipv4Packet | null
  readonly tcp: tcp.TcpSegment | null
  readonly udp: udp.UdpDatagram | null
  readonly icmp: icmp.IcmpMessage | null
  /** What was wrong, when it could not be read to the end. */
  readonly fault: string | null
}

/** A packet from the host that made it to the host that took it. */
export interface Packet extends Contents {
  /** Where in the log its first frame stands: orders packets among the other events of one instant. */
  readonly index: number
  /** Hops in order; never empty. */
  readonly hops: Hop[]
  /** The host that it came to, or was meant for when it was lost. */
  to: string
  /** It came to a router that did not pass it on: nobody behind answered ARP, say. */
  stranded: boolean
  /** The host that dropped it last, and why; null when none did. */
  ended: { readonly host: string; readonly reason: string } | null
}

export const origin = (packet: Packet): string => packet.hops[0]!.fromHost
export const sent = (packet: Packet): Nanos => packet.hops[0]!.handed
export const lastHop = (packet: Packet): Hop => packet.hops[packet.hops.length - 1]!
/** When it arrived there; null when it was lost. */
export const arrived = (packet: Packet): Nanos | null => (packet.stranded ? null : rested(packet))
/** Why it never arrived, and where; null when it did. */
export const fate = (packet: Packet): string | null => {
  const { dropped, link, toHost } = lastHop(packet)
  if (dropped !== null) return `${dropped} on ${link}`
  if (!packet.stranded) return null
  return packet.ended?.host === toHost ? `${packet.ended.reason}, says ${toHost}` : `not passed on by ${toHost}`
}

/** When it came to the end of its last hop; null when it was lost there. */
const rested = (packet: Packet): Nanos | null => {
  const hop = lastHop(packet)
  return hop.dropped === null ? hop.arrives : null
}

const NOTHING: Contents = { arp: null, ip: null, tcp: null, udp: null, icmp: null, fault: null }

/** Reads a frame. Never throws: what cannot be read is null, and `fault` says why. */
export function dissect(frame: Uint8Array): Contents {
  const nothing = NOTHING
  const outer = ethernet.parse(frame, 0, frame.length)
  if (outer instanceof Fault) return { ...nothing, fault: outer.why }
  if (outer.etherType === ethernet.ETHERTYPE_ARP) {
    const packet = arp.parse(outer.payload, 0, outer.payload.length)
    return packet instanceof Fault ? { ...nothing, fault: packet.why } : { ...nothing, arp: packet }
  }
  return outer.etherType === ethernet.ETHERTYPE_IPV4 ? dissectPacket(outer.payload) : nothing
}

/** Reads an IP packet, without a frame around it. */
export function dissectPacket(packet: Uint8Array): Contents {
  const nothing = NOTHING
  const ip = ipv4.parse(packet, 0, packet.length)
  if (ip instanceof Fault) return { ...nothing, fault: ip.why }
  if (ip.fragmentOffset > 0) return { ...nothing, ip }
  const { payload } = ip
  switch (ip.protocol) {
    case ipv4.PROTOCOL_TCP: {
      const segment = tcp.parse(payload, 0, payload.length)
      return segment instanceof Fault ? { ...nothing, ip, fault: segment.why } : { ...nothing, ip, tcp: segment }
    }
    case ipv4.PROTOCOL_UDP: {
      const datagram = udp.parse(payload, 0, payload.length)
      return datagram instanceof Fault ? { ...nothing, ip, fault: datagram.why } : { ...nothing, ip, udp: datagram }
    }
    case ipv4.PROTOCOL_ICMP: {
      const message = icmp.parse(payload, 0, payload.length)
      return message instanceof Fault ? { ...nothing, ip, fault: message.why } : { ...nothing, ip, icmp: message }
    }
    default:
      return { ...nothing, ip }
  }
}

/**
 * The packets of a log, in the order in which they were sent.
 * @param addresses which host has an address: tells whom a lost packet was meant for
 */
export function packets(events: readonly Event[], addresses: ReadonlyMap<string, string> = new Map()): Packet[] {
  const all: Packet[] = []
  const byFrame = new Map<number, { packet: Packet; hop: Hop }>()
  /** Packets that have come to a host and may go on from it, by host and mark. */
  const resting = new Map<string, Packet[]>()
  events.forEach((event, index) => {
    if (isEvent(event, 'link.dropped')) {
      const known = byFrame.get(event.id)
      if (known !== undefined) {
        known.hop.dropped = event.reason
        return
      }
      byFrame.set(event.id, follow(hopOf(event, event.reason), index, all, resting))
    } else if (isEvent(event, 'link.sent')) {
      // A frame that a fault duplicated is reported once more: the first report stands.
      if (!byFrame.has(event.id)) byFrame.set(event.id, follow(hopOf(event, null), index, all, resting))
    } else if (isEvent(event, 'stack.dropped') && event.frame !== null) {
      const known = byFrame.get(event.frame)
      if (known !== undefined) known.packet.ended = { host: event.host, reason: event.reason }
    }
  })
  nameDestinations(all, addresses)
  return all
}

/**
 * A packet was for whoever got the others that were sent alike and came furthest (an address may be a translating
 * router's); when none came as far as the host of the address, for that host.
 */
function nameDestinations(all: readonly Packet[], addresses: ReadonlyMap<string, string>): void {
  const alike = (packet: Packet): string =>
    `${origin(packet)} ${packet.ip?.destination} ${(packet.tcp ?? packet.udp)?.destinationPort ?? ''}`
  const furthest = new Map<string, Packet>()
  for (const packet of all) {
    if (packet.ip === null || rested(packet) === null) continue
    const other = furthest.get(alike(packet))
    if (other === undefined || packet.hops.length > other.hops.length) furthest.set(alike(packet), packet)
  }
  for (const packet of all) {
    packet.to = lastHop(packet).toHost
    if (packet.ip === null) continue
    const best = furthest.get(alike(packet))
    const owner = addresses.get(formatIp4(packet.ip.destination))
    const reached = best !== undefined && (owner === undefined || best.hops.some(({ toHost }) => toHost === owner))
    packet.to = reached ? lastHop(best).toHost : (owner ?? packet.to)
    packet.stranded = rested(packet) !== null && packet.to !== lastHop(packet).toHost
  }
}

function hopOf(event: LinkSentEvent | LinkDroppedEvent, dropped: string | null): Hop {
  const { id, link, from, to, toHost, frame, at, host } = event
  const times =
    event.type === 'link.sent'
      ? { departs: event.departs, arrives: event.arrives, queued: event.queued }
      : { departs: at, arrives: at, queued: 0 }
  return { id, link, from, to, fromHost: host, toHost, handed: at, ...times, frame, dropped }
}

/** Puts a hop where it belongs: behind the packet that rested at its host with the same mark, or first of a new one. */
function follow(hop: Hop, index: number, all: Packet[], resting: Map<string, Packet[]>): { packet: Packet; hop: Hop } {
  const contents = dissect(hop.frame)
  const mark = markOf(contents)
  let packet: Packet | undefined
  if (mark !== null) {
    const here = resting.get(`${hop.fromHost} ${mark}`)
    const at = here?.findIndex((other) => rested(other) !== null && rested(other)! <= hop.handed) ?? -1
    if (at >= 0) packet = here!.splice(at, 1)[0]
  }
  if (packet === undefined) {
    packet = { ...contents, index, hops: [hop], to: hop.toHost, stranded: false, ended: null }
    all.push(packet)
  } else packet.hops.push(hop)
  if (mark !== null) {
    const there = `${hop.toHost} ${mark}`
    const others = resting.get(there)
    if (others === undefined) resting.set(there, [packet])
    else others.push(packet)
  }
  return { packet, hop }
}

/** What a packet keeps while it is forwarded and its addresses are translated; null for what is not forwarded. */
function markOf({ ip, tcp: segment, udp: datagram, icmp: message }: Contents): string | null {
  if (ip === null) return null
  const base = `${ip.protocol} ${ip.identification} ${ip.fragmentOffset} ${ip.payload.length}`
  if (segment !== null) return `${base} ${segment.seq} ${segment.ack} ${segment.flags}`
  if (datagram !== null) return `${base} ${digest(datagram.payload)}`
  if (message !== null && 'sequence' in message) return `${base} ${message.kind} ${message.sequence}`
  return base
}

/** A short fingerprint of a payload, to tell datagrams apart that share an identification. */
function digest(bytes: Uint8Array): number {
  let hash = 0x811c9dc5
  for (const byte of bytes) hash = Math.imul(hash ^ byte, 0x01000193)
  return hash >>> 0
}
