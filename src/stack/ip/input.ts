/** Frames on the way in: filtered, read, and handed to ARP, to a transport, or to the next hop. */
import { Fault } from '../../base/fault.ts'
import { IP4_ANY, type Ip4, isLoopback4, isMulticast4 } from '../../base/ip.ts'
import * as arp from '../../wire/arp.ts'
import * as ethernet from '../../wire/ethernet.ts'
import * as icmp from '../../wire/icmp.ts'
import * as ipv4 from '../../wire/ipv4.ts'
import { LINK_HEADROOM } from '../frames.ts'
import type { Stack } from '../stack.ts'
import type { Interface } from './interface.ts'

/** An IPv4 packet for this host, checked, with what the transports ask of it. */
export interface Arrived {
  readonly bytes: Uint8Array
  /** Where the IP header begins, where the payload does, and how long that is. */
  readonly offset: number
  readonly payload: number
  readonly length: number
  readonly source: Ip4
  readonly destination: Ip4
  readonly interface: Interface
  /** Sent to a broadcast or multicast address, of IP or of the link. */
  readonly group: boolean
}

export class IpInput {
  readonly #stack: Stack

  constructor(stack: Stack) {
    this.#stack = stack
  }

  frame(through: Interface, frame: Uint8Array): void {
    const { counters } = this.#stack
    counters.framesReceived++
    if (through.device.medium === 'ip') {
      this.#packet(through, frame, 0, false)
      return
    }
    if (ethernet.check(frame, 0, frame.length) !== null) {
      counters.framesMalformed++
      return
    }
    const to = ethernet.destination(frame, 0)
    if (to !== through.device.mac && !ethernet.isGroup(to)) {
      counters.framesNotForUs++
      return
    }
    const type = ethernet.etherType(frame, 0)
    if (type === ethernet.ETHERTYPE_IPV4) this.#packet(through, frame, LINK_HEADROOM, ethernet.isGroup(to))
    else if (type === ethernet.ETHERTYPE_ARP) this.#arp(through, frame)
    else counters.framesUnknownType++
  }

  #arp(through: Interface, frame: Uint8Array): void {
    const packet = arp.parse(frame, LINK_HEADROOM, frame.length - LINK_HEADROOM)
    if (packet instanceof Fault) this.#stack.counters.arpMalformed++
    else through.neighbours?.arrived(packet)
  }

  #packet(through: Interface, bytes: Uint8Array, offset: number, linkGroup: boolean): void {
    const stack = this.#stack
    stack.counters.ipReceived++
    if (ipv4.check(bytes, offset, bytes.length - offset) !== null) {
      stack.counters.ipMalformed++
      return
    }
    const source = ipv4.source(bytes, offset)
    const destination = ipv4.destination(bytes, offset)
    if (this.#isMartian(through, source, destination)) {
      stack.counters.ipMartian++
      return
    }
    if (stack.nat !== null && ipv4.isFragment(bytes, offset)) {
      // Only a whole packet shows its ports: a translator puts it together first, as Linux does.
      this.#reassemble(through, bytes, offset, linkGroup)
      return
    }
    if (stack.nat?.inbound(through, bytes, offset)) return
    if (stack.isOwn(destination) || isLoopback4(destination)) this.deliver(through, bytes, offset, linkGroup)
    else if (isMulticast4(destination) || through.isBroadcast(destination)) {
      if (isMulticast4(destination) && !through.groups.has(destination)) stack.counters.ipNotForUs++
      else this.deliver(through, bytes, offset, true)
    } else if (stack.forwarding && !linkGroup) this.forward(through, bytes, offset)
    else stack.counters.ipNotForUs++
  }

  /** RFC 1122 §3.2.1.3: addresses that must not appear there outside a host. */
  #isMartian(through: Interface, source: Ip4, destination: Ip4): boolean {
    if (isMulticast4(source) || through.isBroadcast(source)) return true
    return (isLoopback4(source) || isLoopback4(destination)) && through !== this.#stack.loopback
  }

  /** A piece of a packet; when it was the last one missing, the packet comes in again, whole. */
  #reassemble(through: Interface, bytes: Uint8Array, offset: number, linkGroup: boolean): void {
    const stack = this.#stack
    stack.counters.ipFragmentsReceived++
    const whole = stack.reassembler.arrived(bytes, offset)
    if (whole === null) return
    stack.counters.ipReassembled++
    this.#packet(through, whole, 0, linkGroup)
  }

  /** A packet for this host. */
  deliver(through: Interface, bytes: Uint8Array, offset: number, group: boolean): void {
    const stack = this.#stack
    if (ipv4.isFragment(bytes, offset)) {
      this.#reassemble(through, bytes, offset, group)
      return
    }
    // RFC 1122 §3.2.1.8: options that are not understood are skipped; source routes are never followed.
    const header = ipv4.headerLength(bytes, offset)
    const arrived: Arrived = {
      bytes,
      offset,
      payload: offset + header,
      length: ipv4.totalLength(bytes, offset) - header,
      source: ipv4.source(bytes, offset),
      destination: ipv4.destination(bytes, offset),
      interface: through,
      group,
    }
    stack.counters.ipDelivered++
    switch (ipv4.protocol(bytes, offset)) {
      case ipv4.PROTOCOL_TCP:
        stack.tcp.arrived(arrived)
        return
      case ipv4.PROTOCOL_UDP:
        stack.udp.arrived(arrived)
        return
      case ipv4.PROTOCOL_ICMP:
        stack.icmp.arrived(arrived)
        return
      default:
        stack.counters.ipUnknownProtocol++
        if (!group) stack.icmp.complain(icmp.DESTINATION_UNREACHABLE, icmp.PROTOCOL_UNREACHABLE, 0, bytes, offset)
    }
  }

  /** A packet for somebody else (RFC 1812 §5). */
  forward(through: Interface, bytes: Uint8Array, offset: number): void {
    const stack = this.#stack
    const source = ipv4.source(bytes, offset)
    const destination = ipv4.destination(bytes, offset)
    if (source === IP4_ANY) {
      stack.counters.ipMartian++
      return
    }
    // RFC 1812 §5.3.1: a time to live that reaches zero ends here, and the sender is told.
    if (ipv4.ttl(bytes, offset) <= 1) {
      stack.counters.ipTtlExceeded++
      stack.icmp.complain(icmp.TIME_EXCEEDED, 0, 0, bytes, offset)
      return
    }
    const path = stack.output.path(destination)
    // RFC 1812 §4.2.2.11, §5.3.5: broadcasts of other networks are not forwarded (RFC 2644), nor anything to nowhere.
    if (path?.group) {
      stack.counters.ipNotForUs++
      return
    }
    if (path === null) {
      stack.counters.ipNoRoute++
      stack.icmp.complain(icmp.DESTINATION_UNREACHABLE, icmp.NET_UNREACHABLE, 0, bytes, offset)
      return
    }
    const total = ipv4.totalLength(bytes, offset)
    if (total > path.interface.device.mtu && ipv4.dontFragment(bytes, offset)) {
      // RFC 1191 §4: the sender is told what fits.
      stack.counters.ipTooBig++
      const { mtu } = path.interface.device
      stack.icmp.complain(icmp.DESTINATION_UNREACHABLE, icmp.FRAGMENTATION_NEEDED, mtu, bytes, offset)
      return
    }
    const frame = stack.frames.take(LINK_HEADROOM + total)
    frame.set(bytes.subarray(offset, offset + total), LINK_HEADROOM)
    if (stack.nat !== null && !stack.nat.outbound(through, path.interface, frame)) return
    ipv4.decrementTtl(frame, LINK_HEADROOM)
    stack.counters.ipForwarded++
    stack.output.transmit(frame, path, destination, path.interface.device.mtu)
  }
}
