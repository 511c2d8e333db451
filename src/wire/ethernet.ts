/** Ethernet II frames (IEEE 802.3 §3.2, without preamble and frame check sequence). */
import { Fault } from '../base/fault.ts'
import { putU16, putU48, u16, u48 } from '../base/octets.ts'

/** Where the fields of the header stand. */
export const FIELD = { destination: 0, source: 6, etherType: 12 } as const

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

/** null when the readers may be used on the `length` octets at `offset`, else what is wrong with them. */
export function check(bytes: Uint8Array, offset: number, length: number): Fault | null {
  return length < HEADER_LENGTH || offset + length > bytes.length
    ? new Fault(`Ethernet frame of ${length} octets, ${HEADER_LENGTH} needed`, offset)
    : null
}

export const destination = (bytes: Uint8Array, offset: number): Mac => u48(bytes, offset + FIELD.destination)
export const source = (bytes: Uint8Array, offset: number): Mac => u48(bytes, offset + FIELD.source)
export const etherType = (bytes: Uint8Array, offset: number): number => u16(bytes, offset + FIELD.etherType)

/** Writes the header alone; the payload follows at `offset + HEADER_LENGTH`. */
export function emitHeader(bytes: Uint8Array, offset: number, to: Mac, from: Mac, type: number): void {
  putU48(bytes, offset + FIELD.destination, to)
  putU48(bytes, offset + FIELD.source, from)
  putU16(bytes, offset + FIELD.etherType, type)
}

/** Reads a frame; the payload is a view of `bytes`. */
export function parse(bytes: Uint8Array, offset: number, length: number): EthernetFrame | Fault {
  const fault = check(bytes, offset, length)
  if (fault !== null) return fault
  return {
    destination: destination(bytes, offset),
    source: source(bytes, offset),
    etherType: etherType(bytes, offset),
    payload: bytes.subarray(offset + HEADER_LENGTH, offset + length),
  }
}

/** Octets that `emit` writes. */
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
