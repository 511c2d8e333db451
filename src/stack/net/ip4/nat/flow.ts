/** Which flow a packet belongs to, and the same packet with another address and port in it. */
import type { Ip4 } from '../../../../base/ip.ts'
import { putU16, u16 } from '../../../../base/octets.ts'
import { update, update32 } from '../../../../wire/checksum.ts'
import * as icmp from '../../../../wire/icmp.ts'
import * as ipv4 from '../../../../wire/ipv4.ts'
import * as tcp from '../../../../wire/tcp.ts'
import * as udp from '../../../../wire/udp.ts'

/** Which end of a packet is translated. */
export type Side = 'source' | 'destination'

/** A packet as a translator sees it. For ICMP echoes both ports are the identifier. */
export interface Flow {
  readonly protocol: number
  /** The end that is translated. */
  readonly address: Ip4
  readonly port: number
  /** The other end. */
  readonly remote: Ip4
  readonly remotePort: number
  /** Of a whole TCP segment; else 0. */
  readonly flags: number
  readonly seq: number
  readonly ack: number
  /** The number after the segment's last: what acknowledges all of it. */
  readonly next: number
}

/** Where the port of a side stands, from the transport header's beginning. TCP and UDP agree. */
const PORT_AT: { readonly [side in Side]: number } = {
  source: udp.FIELD.sourcePort,
  destination: udp.FIELD.destinationPort,
}

/** Where the checksum of a transport stands, from its header's beginning. */
function checksumAt(protocol: number): number {
  if (protocol === ipv4.PROTOCOL_TCP) return tcp.FIELD.checksum
  return protocol === ipv4.PROTOCOL_UDP ? udp.FIELD.checksum : icmp.FIELD.checksum
}

/**
 * The flow of the packet at `offset`; null for a packet that cannot be translated.
 * @param end where the bytes stop, when the packet was cut short inside an ICMP error
 */
export function readFlow(bytes: Uint8Array, offset: number, side: Side, end?: number): Flow | null {
  if (ipv4.isFragment(bytes, offset)) return null
  const protocol = ipv4.protocol(bytes, offset)
  const at = offset + ipv4.headerLength(bytes, offset)
  const length = (end ?? offset + ipv4.totalLength(bytes, offset)) - at
  const [source, destination] = [ipv4.source(bytes, offset), ipv4.destination(bytes, offset)]
  const [address, remote] = side === 'source' ? [source, destination] : [destination, source]
  if (protocol === ipv4.PROTOCOL_ICMP) {
    const echo = side === 'source' ? icmp.ECHO_REQUEST : icmp.ECHO_REPLY
    if (length < icmp.HEADER_LENGTH || icmp.type(bytes, at) !== echo) return null
    const port = icmp.identifier(bytes, at)
    return { protocol, address, port, remote, remotePort: port, flags: 0, seq: 0, ack: 0, next: 0 }
  }
  const whole = end === undefined
  const isTcp = protocol === ipv4.PROTOCOL_TCP
  if (!isTcp && protocol !== ipv4.PROTOCOL_UDP) return null
  if (length < (whole && isTcp ? tcp.HEADER_LENGTH : udp.HEADER_LENGTH)) return null
  const port = u16(bytes, at + PORT_AT[side])
  const remotePort = u16(bytes, at + PORT_AT[side === 'source' ? 'destination' : 'source'])
  const common = { protocol, address, port, remote, remotePort }
  if (!whole || !isTcp) return { ...common, flags: 0, seq: 0, ack: 0, next: 0 }
  const [flags, seq] = [tcp.flags(bytes, at), tcp.seq(bytes, at)]
  const data = Math.max(0, length - tcp.headerLength(bytes, at))
  const next = (seq + data + (flags & tcp.FIN ? 1 : 0)) >>> 0
  return { ...common, flags, seq, ack: tcp.ack(bytes, at), next }
}

/** The flow that an ICMP error is about, when that quotes a packet from `source`; else null. */
export function quotedFlow(bytes: Uint8Array, offset: number, source: Ip4): Flow | null {
  if (ipv4.protocol(bytes, offset) !== ipv4.PROTOCOL_ICMP) return null
  const at = offset + ipv4.headerLength(bytes, offset)
  const end = offset + ipv4.totalLength(bytes, offset)
  if (icmp.check(bytes, at, end - at) !== null || !icmp.isError(icmp.type(bytes, at))) return null
  const inner = at + icmp.HEADER_LENGTH
  if (end - inner < ipv4.HEADER_LENGTH || bytes[inner]! >>> 4 !== 4) return null
  const header = ipv4.headerLength(bytes, inner)
  if (header < ipv4.HEADER_LENGTH || end - inner < header + 8) return null
  return ipv4.source(bytes, inner) === source ? readFlow(bytes, inner, 'source', end) : null
}

/** Puts another address and port in, and every checksum right by the difference (RFC 1624, RFC 3022 §4.1). */
export function rewrite(bytes: Uint8Array, offset: number, side: Side, address: Ip4, port: number): void {
  const before = side === 'source' ? ipv4.source(bytes, offset) : ipv4.destination(bytes, offset)
  if (side === 'source') ipv4.putSource(bytes, offset, address)
  else ipv4.putDestination(bytes, offset, address)
  const protocol = ipv4.protocol(bytes, offset)
  const at = offset + ipv4.headerLength(bytes, offset)
  const isIcmp = protocol === ipv4.PROTOCOL_ICMP
  const portAt = at + (isIcmp ? icmp.FIELD.identifier : PORT_AT[side])
  const portBefore = u16(bytes, portAt)
  putU16(bytes, portAt, port)
  const sumAt = at + checksumAt(protocol)
  const sum = u16(bytes, sumAt)
  // RFC 3022 §4.1: a UDP checksum of zero means that the sender made none, and stays so.
  if (protocol === ipv4.PROTOCOL_UDP && sum === 0) return
  const withPort = update(sum, portBefore, port)
  const corrected = isIcmp ? withPort : update32(withPort, before, address)
  putU16(bytes, sumAt, protocol === ipv4.PROTOCOL_UDP && corrected === 0 ? 0xffff : corrected)
}

/** RFC 5508 REQ-4: in an ICMP error both the packet and the one it quotes are translated. */
export function rewriteQuoted(bytes: Uint8Array, offset: number, inside: Ip4, insidePort: number): void {
  const at = offset + ipv4.headerLength(bytes, offset)
  const inner = at + icmp.HEADER_LENGTH
  ipv4.putSource(bytes, inner, inside)
  const isEcho = ipv4.protocol(bytes, inner) === ipv4.PROTOCOL_ICMP
  const portAt = inner + ipv4.headerLength(bytes, inner) + (isEcho ? icmp.FIELD.identifier : PORT_AT.source)
  putU16(bytes, portAt, insidePort)
  ipv4.putDestination(bytes, offset, inside)
  icmp.seal(bytes, at, offset + ipv4.totalLength(bytes, offset) - at)
}
