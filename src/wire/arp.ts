/** ARP for IPv4 over Ethernet (RFC 826). */
import { Fault } from '../base/fault.ts'
import { formatIp4, type Ip4 } from '../base/ip.ts'
import { putU16, putU32, putU48, u16, u32, u48 } from '../base/octets.ts'
import { formatMac, type Mac } from './ethernet.ts'

export const REQUEST = 1
export const REPLY = 2

/** Where the fields stand, for IPv4 over Ethernet. */
const FIELD = {
  hardware: 0,
  protocol: 2,
  hardwareLength: 4,
  protocolLength: 5,
  operation: 6,
  senderMac: 8,
  senderIp: 14,
  targetMac: 18,
  targetIp: 24,
} as const

const HARDWARE_ETHERNET = 1
const PROTOCOL_IPV4 = 0x0800
const MAC_LENGTH = 6
const IP_LENGTH = 4
const PACKET_LENGTH = 28

export interface ArpPacket {
  readonly operation: number
  readonly senderMac: Mac
  readonly senderIp: Ip4
  readonly targetMac: Mac
  readonly targetIp: Ip4
}

/** null when a packet for IPv4 over Ethernet stands there, else what is wrong. */
export function check(bytes: Uint8Array, offset: number, length: number): Fault | null {
  if (length < PACKET_LENGTH || offset + length > bytes.length)
    return new Fault(`ARP packet of ${length} octets, ${PACKET_LENGTH} needed`, offset)
  const hardware = u16(bytes, offset + FIELD.hardware)
  const protocol = u16(bytes, offset + FIELD.protocol)
  if (
    hardware === HARDWARE_ETHERNET &&
    protocol === PROTOCOL_IPV4 &&
    bytes[offset + FIELD.hardwareLength] === MAC_LENGTH &&
    bytes[offset + FIELD.protocolLength] === IP_LENGTH
  )
    return null
  return new Fault(`ARP for hardware ${hardware}, protocol 0x${protocol.toString(16)}: not IPv4 over Ethernet`, offset)
}

export function parse(bytes: Uint8Array, offset: number, length: number): ArpPacket | Fault {
  const fault = check(bytes, offset, length)
  if (fault !== null) return fault
  return {
    operation: u16(bytes, offset + FIELD.operation),
    senderMac: u48(bytes, offset + FIELD.senderMac),
    senderIp: u32(bytes, offset + FIELD.senderIp),
    targetMac: u48(bytes, offset + FIELD.targetMac),
    targetIp: u32(bytes, offset + FIELD.targetIp),
  }
}

/** Octets that `emit` writes. */
export function length(_packet: ArpPacket): number {
  return PACKET_LENGTH
}

export function emit(packet: ArpPacket, bytes: Uint8Array, offset = 0): number {
  putU16(bytes, offset + FIELD.hardware, HARDWARE_ETHERNET)
  putU16(bytes, offset + FIELD.protocol, PROTOCOL_IPV4)
  bytes[offset + FIELD.hardwareLength] = MAC_LENGTH
  bytes[offset + FIELD.protocolLength] = IP_LENGTH
  putU16(bytes, offset + FIELD.operation, packet.operation)
  putU48(bytes, offset + FIELD.senderMac, packet.senderMac)
  putU32(bytes, offset + FIELD.senderIp, packet.senderIp)
  putU48(bytes, offset + FIELD.targetMac, packet.targetMac)
  putU32(bytes, offset + FIELD.targetIp, packet.targetIp)
  return PACKET_LENGTH
}

/** `ARP, Request who-has 192.0.2.2 tell 192.0.2.1` / `ARP, Reply 192.0.2.2 is-at 02:…`. */
export function print(packet: ArpPacket): string {
  if (packet.operation === REQUEST)
    return `ARP, Request who-has ${formatIp4(packet.targetIp)} tell ${formatIp4(packet.senderIp)}`
  if (packet.operation === REPLY) return `ARP, Reply ${formatIp4(packet.senderIp)} is-at ${formatMac(packet.senderMac)}`
  return `ARP, operation ${packet.operation}`
}
