/** IPv4 headers and packets (RFC 791). */
import { formatIp4, type Ip4 } from '../base/ip.ts'
import { putU16, putU32, u16, u32 } from '../base/octets.ts'
import { checksum } from './checksum.ts'

/** Of a header without options. */
export const HEADER_LENGTH = 20
/** The total-length field has 16 bits. */
export const MAX_LENGTH = 65_535

export const PROTOCOL_ICMP = 1
export const PROTOCOL_IGMP = 2
export const PROTOCOL_TCP = 6
export const PROTOCOL_UDP = 17

export const DONT_FRAGMENT = 0x4000
export const MORE_FRAGMENTS = 0x2000
const OFFSET_MASK = 0x1fff

export interface Ipv4Packet {
  readonly source: Ip4
  readonly destination: Ip4
  readonly protocol: number
  readonly ttl: number
  /** DSCP and ECN. */
  readonly trafficClass: number
  readonly identification: number
  readonly dontFragment: boolean
  readonly moreFragments: boolean
  /** Where this fragment's payload lies in the whole, octets. */
  readonly fragmentOffset: number
  readonly options: Uint8Array
  readonly payload: Uint8Array
}

/** null when a whole packet with a right header checksum stands there, else what is wrong. */
export function check(bytes: Uint8Array, offset: number, size: number): string | null {
  if (size < HEADER_LENGTH || offset + size > bytes.length)
    return `IPv4 packet of ${size} octets, ${HEADER_LENGTH} needed`
  const first = bytes[offset]!
  if (first >>> 4 !== 4) return `IP version ${first >>> 4}, 4 wanted`
  const header = (first & 15) * 4
  if (header < HEADER_LENGTH) return `IPv4 header length ${header}, at least ${HEADER_LENGTH} wanted`
  const total = u16(bytes, offset + 2)
  if (total < header) return `IPv4 total length ${total} below its header length ${header}`
  if (total > size) return `IPv4 total length ${total}, but ${size} octets are there`
  // RFC 1122 §3.2.1.2: a host must verify the header checksum and silently discard a bad one.
  if (checksum(bytes, offset, header) !== 0) return 'IPv4 header checksum is wrong'
  return null
}

export const headerLength = (bytes: Uint8Array, offset: number): number => (bytes[offset]! & 15) * 4
export const totalLength = (bytes: Uint8Array, offset: number): number => u16(bytes, offset + 2)
export const ttl = (bytes: Uint8Array, offset: number): number => bytes[offset + 8]!
export const protocol = (bytes: Uint8Array, offset: number): number => bytes[offset + 9]!
export const source = (bytes: Uint8Array, offset: number): Ip4 => u32(bytes, offset + 12)
export const destination = (bytes: Uint8Array, offset: number): Ip4 => u32(bytes, offset + 16)
export const dontFragment = (bytes: Uint8Array, offset: number): boolean => (bytes[offset + 6]! & 0x40) !== 0
/** Whether it is a piece of a packet: more follow, or it is not the first. */
export const isFragment = (bytes: Uint8Array, offset: number): boolean =>
  (u16(bytes, offset + 6) & (MORE_FRAGMENTS | OFFSET_MASK)) !== 0
/** Octets. */
export const fragmentOffset = (bytes: Uint8Array, offset: number): number => (u16(bytes, offset + 6) & OFFSET_MASK) * 8

/** What a header needs to be told. */
export interface HeaderFields {
  readonly source: Ip4
  readonly destination: Ip4
  readonly protocol: number
  readonly ttl: number
}

/** Writes a header without options, with its checksum, for a packet of `total` octets in all. */
export function emitHeader(
  bytes: Uint8Array,
  offset: number,
  fields: HeaderFields,
  total: number,
  identification: number,
  fragment: number,
): void {
  bytes[offset] = 0x45
  bytes[offset + 1] = 0
  putU16(bytes, offset + 2, total)
  putU16(bytes, offset + 4, identification)
  putU16(bytes, offset + 6, fragment)
  bytes[offset + 8] = fields.ttl
  bytes[offset + 9] = fields.protocol
  putU16(bytes, offset + 10, 0)
  putU32(bytes, offset + 12, fields.source)
  putU32(bytes, offset + 16, fields.destination)
  putU16(bytes, offset + 10, checksum(bytes, offset, HEADER_LENGTH))
}

/** Recomputes the checksum of a header that was changed in place. */
export function sealHeader(bytes: Uint8Array, offset: number): void {
  putU16(bytes, offset + 10, 0)
  putU16(bytes, offset + 10, checksum(bytes, offset, headerLength(bytes, offset)))
}

export function parse(bytes: Uint8Array, offset: number, size: number): Ipv4Packet | string {
  const why = check(bytes, offset, size)
  if (why !== null) return why
  const header = headerLength(bytes, offset)
  const fragment = u16(bytes, offset + 6)
  return {
    source: source(bytes, offset),
    destination: destination(bytes, offset),
    protocol: protocol(bytes, offset),
    ttl: ttl(bytes, offset),
    trafficClass: bytes[offset + 1]!,
    identification: u16(bytes, offset + 4),
    dontFragment: (fragment & DONT_FRAGMENT) !== 0,
    moreFragments: (fragment & MORE_FRAGMENTS) !== 0,
    fragmentOffset: (fragment & OFFSET_MASK) * 8,
    options: bytes.subarray(offset + HEADER_LENGTH, offset + header),
    payload: bytes.subarray(offset + header, offset + totalLength(bytes, offset)),
  }
}

export function length(packet: Ipv4Packet): number {
  return HEADER_LENGTH + optionsLength(packet) + packet.payload.length
}

/** Options are padded to a multiple of four with end-of-list (RFC 791 §3.1). */
function optionsLength(packet: Ipv4Packet): number {
  return (packet.options.length + 3) & ~3
}

export function emit(packet: Ipv4Packet, bytes: Uint8Array, offset = 0): number {
  const header = HEADER_LENGTH + optionsLength(packet)
  const flags = (packet.dontFragment ? DONT_FRAGMENT : 0) | (packet.moreFragments ? MORE_FRAGMENTS : 0)
  emitHeader(bytes, offset, packet, length(packet), packet.identification, flags | (packet.fragmentOffset >>> 3))
  bytes[offset] = 0x40 | (header >>> 2)
  bytes[offset + 1] = packet.trafficClass
  bytes.fill(0, offset + HEADER_LENGTH, offset + header)
  bytes.set(packet.options, offset + HEADER_LENGTH)
  bytes.set(packet.payload, offset + header)
  sealHeader(bytes, offset)
  return length(packet)
}

const PROTOCOL_NAMES: { readonly [number: number]: string } = {
  [PROTOCOL_ICMP]: 'ICMP',
  [PROTOCOL_IGMP]: 'IGMP',
  [PROTOCOL_TCP]: 'TCP',
  [PROTOCOL_UDP]: 'UDP',
}

/** `IP 192.0.2.1 > 192.0.2.2: UDP, ttl 64, length 48`. */
export function print(packet: Ipv4Packet): string {
  const name = PROTOCOL_NAMES[packet.protocol] ?? `proto ${packet.protocol}`
  const piece =
    packet.moreFragments || packet.fragmentOffset > 0
      ? `, frag ${packet.fragmentOffset}${packet.moreFragments ? '+' : ''}`
      : ''
  return `IP ${formatIp4(packet.source)} > ${formatIp4(packet.destination)}: ${name}, ttl ${packet.ttl}${piece}, length ${length(packet)}`
}
