/** Ethernet II frames (IEEE 802.3 §3.2, without preamble and frame check sequence). */
import { putU16, putU48, u16, u48 } from '../base/octets.ts'

/** A MAC address as a 48-bit integer. */
export type Mac = number

export const MAC_BROADCAST: Mac = 0xffff_ffff_ffff
export const HEADER_LENGTH = 14

export const ETHERTYPE_IPV4 = 0x0800
export const ETHERTYPE_ARP = 0x0806
export const ETHERTYPE_IPV6 = 0x86dd

export interface EthernetFrame {
  readonly destination: Mac
  readonly source: Mac
  readonly etherType: number
  readonly payload: Uint8Array
}

/** null when a header stands there, else what is wrong. */
export function check(bytes: Uint8Array, offset: number, size: number): string | null {
  return size < HEADER_LENGTH || offset + size > bytes.length
    ? `Ethernet frame of ${size} octets, ${HEADER_LENGTH} needed`
    : null
}

export const destination = (bytes: Uint8Array, offset: number): Mac => u48(bytes, offset)
export const source = (bytes: Uint8Array, offset: number): Mac => u48(bytes, offset + 6)
export const etherType = (bytes: Uint8Array, offset: number): number => u16(bytes, offset + 12)

/** Writes the header alone; the payload follows at `offset + HEADER_LENGTH`. */
export function emitHeader(bytes: Uint8Array, offset: number, to: Mac, from: Mac, type: number): void {
  putU48(bytes, offset, to)
  putU48(bytes, offset + 6, from)
  putU16(bytes, offset + 12, type)
}

export function parse(bytes: Uint8Array, offset: number, size: number): EthernetFrame | string {
  const why = check(bytes, offset, size)
  if (why !== null) return why
  return {
    destination: destination(bytes, offset),
    source: source(bytes, offset),
    etherType: etherType(bytes, offset),
    payload: bytes.subarray(offset + HEADER_LENGTH, offset + size),
  }
}

export function length(frame: EthernetFrame): number {
  return HEADER_LENGTH + frame.payload.length
}

/** Writes the frame at `offset` and answers how many octets that took. */
export function emit(frame: EthernetFrame, bytes: Uint8Array, offset = 0): number {
  emitHeader(bytes, offset, frame.destination, frame.source, frame.etherType)
  bytes.set(frame.payload, offset + HEADER_LENGTH)
  return length(frame)
}

/** `02:00:00:00:00:01`. */
export function formatMac(mac: Mac): string {
  return mac
    .toString(16)
    .padStart(12, '0')
    .replace(/..(?!$)/g, '$&:')
}

/** The group address that carries an IPv4 multicast group (RFC 1112 §6.4): its low 23 bits. */
export function multicastMac(group: number): Mac {
  return 0x0100_5e00_0000 + (group & 0x7fffff)
}

/** The low bit of the first octet marks a group address. */
export function isGroup(mac: Mac): boolean {
  return (Math.floor(mac / 0x100_0000_0000) & 1) === 1
}

/** `02:…:01 > 02:…:02, ethertype IPv4, length 60`. */
export function print(frame: EthernetFrame): string {
  const type =
    { [ETHERTYPE_IPV4]: 'IPv4', [ETHERTYPE_ARP]: 'ARP', [ETHERTYPE_IPV6]: 'IPv6' }[frame.etherType] ??
    `0x${frame.etherType.toString(16).padStart(4, '0')}`
  return `${formatMac(frame.source)} > ${formatMac(frame.destination)}, ethertype ${type}, length ${length(frame)}`
}
