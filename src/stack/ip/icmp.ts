/** ICMP of one stack: it answers echoes, complains to senders, hands complaints to transports, and pings. */
import { SECOND } from '../../base/clock.ts'
import { Fault } from '../../base/fault.ts'
import { IP4_ANY, type Ip4, isMulticast4 } from '../../base/ip.ts'
import { u16, u32 } from '../../base/octets.ts'
import * as icmp from '../../wire/icmp.ts'
import * as ipv4 from '../../wire/ipv4.ts'
import { ICMP_ERROR_LENGTH, TTL } from '../limits.ts'
import type { Stack } from '../stack.ts'
import { type NetworkError, networkError } from './errors.ts'
import type { Arrived } from './input.ts'
import { PAYLOAD } from './output.ts'

/** Who waits for echo replies. */
export interface EchoListener {
  replied(from: Ip4, message: icmp.IcmpEcho): void
  /** The network could not deliver the request with that sequence number. */
  failed(from: Ip4, sequence: number, error: NetworkError): void
}

export class Icmp {
  readonly #stack: Stack
  /** By the identifier of their requests. */
  readonly echoListeners = new Map<number, EchoListener>()
  #tokens: number
  #refilled = 0

  constructor(stack: Stack) {
    this.#stack = stack
    this.#tokens = stack.limits.icmpErrorsBurst
  }

  arrived(packet: Arrived): void {
    const { counters } = this.#stack
    counters.icmpReceived++
    const message = icmp.parse(packet.bytes, packet.payload, packet.length)
    if (message instanceof Fault) {
      counters.icmpMalformed++
      return
    }
    switch (message.kind) {
      case 'echo request':
        // RFC 1122 §3.2.2.6: a request to a group may be discarded silently; it makes an amplifier.
        if (!packet.group) this.#send(packet.source, packet.destination, { ...message, kind: 'echo reply' })
        return
      case 'echo reply':
        this.echoListeners.get(message.identifier)?.replied(packet.source, message)
        return
      case 'other':
        return
      default:
        this.#complained(packet.source, message)
    }
  }

  /** RFC 1122 §3.2.2: the packet complained of says whom it concerns. */
  #complained(from: Ip4, message: icmp.IcmpError): void {
    const stack = this.#stack
    const bytes = message.payload
    if (bytes.length < ipv4.HEADER_LENGTH || bytes[0]! >>> 4 !== 4) return
    const at = ipv4.headerLength(bytes, 0)
    if (at < ipv4.HEADER_LENGTH || bytes.length < at + 8) return
    const error = networkError(message)
    const local = ipv4.source(bytes, 0)
    const remote = ipv4.destination(bytes, 0)
    if (!stack.isOwn(local)) return
    switch (ipv4.protocol(bytes, 0)) {
      case ipv4.PROTOCOL_UDP:
        if (stack.udp.complained(error, local, u16(bytes, at), remote, u16(bytes, at + 2)))
          if (error === 'fragmentation needed') stack.output.learnMtu(remote, message.mtu)
        return
      case ipv4.PROTOCOL_TCP:
        stack.tcp.complained(error, message.mtu, local, u16(bytes, at), remote, u16(bytes, at + 2), u32(bytes, at + 4))
        return
      case ipv4.PROTOCOL_ICMP:
        this.#echoFailed(from, bytes, at, remote, error, message.mtu)
    }
  }

  #echoFailed(from: Ip4, bytes: Uint8Array, at: number, remote: Ip4, error: NetworkError, mtu: number): void {
    if (icmp.type(bytes, at) !== icmp.ECHO_REQUEST) return
    const listener = this.echoListeners.get(icmp.identifier(bytes, at))
    if (listener === undefined) return
    if (error === 'fragmentation needed') this.#stack.output.learnMtu(remote, mtu)
    listener.failed(from, u16(bytes, at + 6), error)
  }

  /** Sends an echo request. False when there is no route. */
  echo(to: Ip4, message: icmp.IcmpEcho, ttl = TTL): boolean {
    return this.#send(to, IP4_ANY, message, ttl)
  }

  /** Tells the sender of the packet at `offset` what became of it, where RFC 1122 §3.2.2 allows that. */
  complain(type: number, code: number, mtu: number, bytes: Uint8Array, offset: number): void {
    if (!this.#mayComplain(bytes, offset)) return
    const length = Math.min(
      ipv4.totalLength(bytes, offset),
      ICMP_ERROR_LENGTH - ipv4.HEADER_LENGTH - icmp.HEADER_LENGTH,
    )
    const kind = type === icmp.TIME_EXCEEDED ? 'time exceeded' : 'unreachable'
    const payload = bytes.subarray(offset, offset + length)
    const destination = ipv4.destination(bytes, offset)
    const from = this.#stack.isOwn(destination) ? destination : IP4_ANY
    if (this.#send(ipv4.source(bytes, offset), from, { kind, code, mtu, payload }))
      this.#stack.counters.icmpErrorsSent++
  }

  #mayComplain(bytes: Uint8Array, offset: number): boolean {
    const source = ipv4.source(bytes, offset)
    const destination = ipv4.destination(bytes, offset)
    if (source === IP4_ANY || isMulticast4(source) || isMulticast4(destination)) return false
    if (ipv4.fragmentOffset(bytes, offset) > 0) return false
    const at = offset + ipv4.headerLength(bytes, offset)
    if (ipv4.protocol(bytes, offset) === ipv4.PROTOCOL_ICMP && icmp.isError(icmp.type(bytes, at))) return false
    const now = this.#stack.clock.now()
    const earned = ((now - this.#refilled) / SECOND) * this.#stack.limits.icmpErrorsPerSecond
    this.#tokens = Math.min(this.#stack.limits.icmpErrorsBurst, this.#tokens + earned)
    this.#refilled = now
    if (this.#tokens < 1) {
      this.#stack.counters.icmpErrorsSuppressed++
      return false
    }
    this.#tokens--
    return true
  }

  #send(to: Ip4, from: Ip4, message: icmp.IcmpMessage, ttl = TTL): boolean {
    const { output } = this.#stack
    const path = output.path(to, from)
    const length = icmp.length(message)
    if (path === null || ipv4.HEADER_LENGTH + length > ipv4.MAX_LENGTH) return false
    const frame = output.frame(length)
    icmp.emit(message, frame, PAYLOAD)
    const fields = { source: from || path.source, destination: to, protocol: ipv4.PROTOCOL_ICMP, ttl }
    // Answers and complaints have nobody who would send them again shorter; only a request of ours is told what fits.
    output.send(frame, path, fields, message.kind === 'echo request')
    return true
  }
}
