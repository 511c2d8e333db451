/** IPv4 headers and packets (RFC 791). */
import { Fault } from '../base/fault.ts'
import { formatIp4, type Ip4 } from '../base/ip.ts'
import { putU16, putU32, u16, u32 } from '../base/octets.ts'
import { checksum, update, update32 } from './checksum.ts'

/** Where the fields of the header stand. */
export const FIELD = {
  /** Version and header length, four bits each. */
  version: 0,
  trafficClass: 1,
  totalLength: 2,
  identification: 4,
  /** Three flags and the fragment's offset. */
  fragment: 6,
  ttl: 8,
  protocol: 9,
  checksum: 10,
  source: 12,
  destination: 16,
  options: 20,
} as const

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
/** The low two bits of the traffic class (RFC 3168 §5). */
const ECN_MASK = 3

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
export function check(bytes: Uint8Array, offset: number, length: number): Fault | null {
  if (length < HEADER_LENGTH || offset + length > bytes.length)
    return new Fault(`IPv4 packet of ${length} octets, ${HEADER_LENGTH} needed`, offset)
  const version = bytes[offset + FIELD.version]! >>> 4
  if (version !== 4) return new Fault(`IP version ${version}, 4 wanted`, offset + FIELD.version)
  const header = headerLength(bytes, offset)
  if (header < HEADER_LENGTH)
    return new Fault(`IPv4 header length ${header}, at least ${HEADER_LENGTH} wanted`, offset + FIELD.version)
  const total = totalLength(bytes, offset)
  const at = offset + FIELD.totalLength
  if (total < header) return new Fault(`IPv4 total length ${total} below its header length ${header}`, at)
  if (total > length) return new Fault(`IPv4 total length ${total}, but ${length} octets are there`, at)
  // RFC 1122 §3.2.1.2: a host must verify the header checksum and silently discard a bad one.
  if (checksum(bytes, offset, header) !== 0) return new Fault('IPv4 header checksum is wrong', offset + FIELD.checksum)
  return null
}

export const headerLength = (bytes: Uint8Array, offset: number): number => (bytes[offset + FIELD.version]! & 15) * 4
/** DSCP and ECN. */
export const trafficClass = (bytes: Uint8Array, offset: number): number => bytes[offset + FIELD.trafficClass]!
/** 0: not ECN-capable, 1 and 2: capable, 3: congestion experienced (RFC 3168 §5). */
export const ecn = (bytes: Uint8Array, offset: number): number => trafficClass(bytes, offset) & ECN_MASK
export const totalLength = (bytes: Uint8Array, offset: number): number => u16(bytes, offset + FIELD.totalLength)
export const identification = (bytes: Uint8Array, offset: number): number => u16(bytes, offset + FIELD.identification)
export const ttl = (bytes: Uint8Array, offset: number): number => bytes[offset + FIELD.ttl]!
export const protocol = (bytes: Uint8Array, offset: number): number => bytes[offset + FIELD.protocol]!
export const source = (bytes: Uint8Array, offset: number): Ip4 => u32(bytes, offset + FIELD.source)
export const destination = (bytes: Uint8Array, offset: number): Ip4 => u32(bytes, offset + FIELD.destination)
/** Flags and offset of the fragment, as they stand in the header. */
export const fragment = (bytes: Uint8Array, offset: number): number => u16(bytes, offset + FIELD.fragment)
export const dontFragment = (bytes: Uint8Array, offset: number): boolean =>
  (fragment(bytes, offset) & DONT_FRAGMENT) !== 0
export const moreFragments = (bytes: Uint8Array, offset: number): boolean =>
  (fragment(bytes, offset) & MORE_FRAGMENTS) !== 0
/** Whether it is a piece of a packet: more follow, or it is not the first. */
export const isFragment = (bytes: Uint8Array, offset: number): boolean =>
  (fragment(bytes, offset) & (MORE_FRAGMENTS | OFFSET_MASK)) !== 0
/** Octets. */
export const fragmentOffset = (bytes: Uint8Array, offset: number): number => (fragment(bytes, offset) & OFFSET_MASK) * 8

/** What a header needs to be told. */
export interface HeaderFields {
  readonly source: Ip4
  readonly destination: Ip4
  readonly protocol: number
  readonly ttl: number
  /** DSCP and ECN; default 0. */
  readonly trafficClass?: number
}

/**
 * Writes a header without options, with its checksum, for a packet of `total` octets in all.
 * @param fragment flags and offset, as they stand in the header
 */
export function emitHeader(
  bytes: Uint8Array,
  offset: number,
  fields: HeaderFields,
  total: number,
  identification: number,
  fragment: number,
): void {
  bytes[offset + FIELD.version] = 0x45
  bytes[offset + FIELD.trafficClass] = fields.trafficClass ?? 0
  putU16(bytes, offset + FIELD.totalLength, total)
  putU16(bytes, offset + FIELD.identification, identification)
  putU16(bytes, offset + FIELD.fragment, fragment)
  bytes[offset + FIELD.ttl] = fields.ttl
  bytes[offset + FIELD.protocol] = fields.protocol
  putU16(bytes, offset + FIELD.checksum, 0)
  putU32(bytes, offset + FIELD.source, fields.source)
  putU32(bytes, offset + FIELD.destination, fields.destination)
  putU16(bytes, offset + FIELD.checksum, checksum(bytes, offset, HEADER_LENGTH))
}

/** Recomputes the checksum of a header that was changed in place. */
export function sealHeader(bytes: Uint8Array, offset: number): void {
  putU16(bytes, offset + FIELD.checksum, 0)
  putU16(bytes, offset + FIELD.checksum, checksum(bytes, offset, headerLength(bytes, offset)))
}

/** One less time to live, and the checksum put right by the difference (RFC 1624). */
export function decrementTtl(bytes: Uint8Array, offset: number): void {
  const at = offset + FIELD.ttl
  const before = u16(bytes, at)
  bytes[at] = bytes[at]! - 1
  const sum = offset + FIELD.checksum
  putU16(bytes, sum, update(u16(bytes, sum), before, u16(bytes, at)))
}

/** Puts another source in, and the header's checksum right by the difference. */
export function putSource(bytes: Uint8Array, offset: number, address: Ip4): void {
  putAddress(bytes, offset, offset + FIELD.source, address)
}

/** Puts another destination in, and the header's checksum right by the difference. */
export function putDestination(bytes: Uint8Array, offset: number, address: Ip4): void {
  putAddress(bytes, offset, offset + FIELD.destination, address)
}

function putAddress(bytes: Uint8Array, offset: number, at: number, address: Ip4): void {
  const sum = offset + FIELD.checksum
  putU16(bytes, sum, update32(u16(bytes, sum), u32(bytes, at), address))
  putU32(bytes, at, address)
}

/** Reads a packet; options and payload are views of `bytes`. */
export function parse(bytes: Uint8Array, offset: number, length: number): Ipv4Packet | Fault {
  const fault = check(bytes, offset, length)
  if (fault !== null) return fault
  const header = headerLength(bytes, offset)
  return {
    source: source(bytes, offset),
    destination: destination(bytes, offset),
    protocol: protocol(bytes, offset),
    ttl: ttl(bytes, offset),
    trafficClass: trafficClass(bytes, offset),
    identification: identification(bytes, offset),
    dontFragment: dontFragment(bytes, offset),
    moreFragments: moreFragments(bytes, offset),
    fragmentOffset: fragmentOffset(bytes, offset),
    options: bytes.subarray(offset + HEADER_LENGTH, offset + header),
    payload: bytes.subarray(offset + header, offset + totalLength(bytes, offset)),
  }
}

/** Octets that `emit` writes. */
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
  bytes[offset + FIELD.version] = 0x40 | (header >>> 2)
  bytes.fill(0, offset + FIELD.options, offset + header)
  bytes.set(packet.options, offset + FIELD.options)
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
