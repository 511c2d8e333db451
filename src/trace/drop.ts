/** What a host says of a packet that it drops, in words. */

import { formatIp4 } from '../base/ip.ts'
import type { StackDroppedEvent } from '../stack/events.ts'
import { type Contents, dissectPacket } from './packet.ts'

/** What every host on a shared link sees and leaves alone: no loss of anybody's. */
export function isRoutine({ reason }: StackDroppedEvent): boolean {
  return reason === 'frame for another machine' || reason === 'packet for another machine'
}

/** `drops UDP 5000 > 9 to 198.51.100.80: no socket at the UDP port`. */
export function dropWords({ reason, packet }: StackDroppedEvent): string {
  return `drops ${what(packet)}: ${reason}`
}

function what(packet: Uint8Array): string {
  if (packet.length === 0) return 'a packet'
  const { ip, ...contents } = dissectPacket(packet)
  if (ip === null) return `${packet.length} B that are no IP packet`
  return `${transport(contents)} to ${formatIp4(ip.destination)}`
}

function transport({ tcp, udp, icmp }: Omit<Contents, 'ip'>): string {
  if (tcp !== null) return `a TCP segment ${tcp.sourcePort} > ${tcp.destinationPort}`
  if (udp !== null) return `a UDP datagram ${udp.sourcePort} > ${udp.destinationPort}`
  return icmp === null ? 'a packet' : 'an ICMP message'
}
