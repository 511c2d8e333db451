/** ARP for IPv4 over Ethernet (RFC 826). */
import { formatIp4, type Ip4 } from '../base/ip.ts'
import { putU16, putU32, putU48, u16, u32, u48 } from '../base/octets.ts'
import { formatMac, type Mac } from './ethernet.ts'

export const REQUEST = 1
export const REPLY = 2

const HARDWARE_ETHERNET = 1
const PROTOCOL_IPV4 = 0x0800
const PACKET_LENGTH = 28

export interface ArpPacket {
  readonly operation: number
  readonly senderMac: Mac
  readonly senderIp: Ip4
  readonly targetMac: Mac
  readonly targetIp: Ip4
}

export function parse(bytes: Uint8Array, offset: number, size: number): ArpPacket | string {
  if (size < PACKET_LENGTH || offset + size > bytes.length)
    return `ARP packet of ${size} octets, ${PACKET_LENGTH} needed`
  const hardware = u16(bytes, offset)
  const protocol = u16(bytes, offset + 2)
  if (
    hardware !== HARDWARE_ETHERNET ||
    protocol !== PROTOCOL_IPV4 ||
    bytes[offset + 4] !== 6 ||
    bytes[offset + 5] !== 4
  )
    return `ARP for hardware ${hardware}, protocol 0x${protocol.toString(16)}: not IPv4 over Ethernet`
  return {
    operation: u16(bytes, offset + 6),
    senderMac: u48(bytes, offset + 8),
    senderIp: u32(bytes, offset + 14),
    targetMac: u48(bytes, offset + 18),
    targetIp: u32(bytes, offset + 24),
  }
}

export function length(_packet: ArpPacket): number {
  return PACKET_LENGTH
}

export function emit(packet: ArpPacket, bytes: Uint8Array, offset = 0): number {
  putU16(bytes, offset, HARDWARE_ETHERNET)
  putU16(bytes, offset + 2, PROTOCOL_IPV4)
  bytes[offset + 4] = 6
  bytes[offset + 5] = 4
  putU16(bytes, offset + 6, packet.operation)
  putU48(bytes, offset + 8, packet.senderMac)
  putU32(bytes, offset + 14, packet.senderIp)
  putU48(bytes, offset + 18, packet.targetMac)
  putU32(bytes, offset + 24, packet.targetIp)
  return PACKET_LENGTH
}

/** `ARP, Request who-has 192.0.2.2 tell 192.0.2.1` / `ARP, Reply 192.0.2.2 is-at 02:…`. */
export function print(packet: ArpPacket): string {
  if (packet.operation === REQUEST)
    return `ARP, Request who-has ${formatIp4(packet.targetIp)} tell ${formatIp4(packet.senderIp)}`
  if (packet.operation === REPLY) return `ARP, Reply ${formatIp4(packet.senderIp)} is-at ${formatMac(packet.senderMac)}`
  return `ARP, operation ${packet.operation}`
}
