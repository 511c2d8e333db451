/** A whole frame in one line, as tcpdump prints it: for logs, failing tests and fault rules. */
import { Fault } from '../base/fault.ts'
import { formatIp4 } from '../base/ip.ts'
import * as arp from './arp.ts'
import * as ethernet from './ethernet.ts'
import * as icmp from './icmp.ts'
import * as ipv4 from './ipv4.ts'
import * as tcp from './tcp.ts'
import * as udp from './udp.ts'

/** `IP 192.0.2.1 > 192.0.2.2: UDP 5353 > 53, length 28`; what cannot be read is said in words. */
export function printFrame(frame: Uint8Array): string {
  const parsed = ethernet.parse(frame, 0, frame.length)
  if (parsed instanceof Fault) return `[${parsed.why}]`
  const { payload } = parsed
  if (parsed.etherType === ethernet.ETHERTYPE_ARP) return said(arp.parse(payload, 0, payload.length), arp.print)
  if (parsed.etherType !== ethernet.ETHERTYPE_IPV4) return ethernet.print(parsed)
  const packet = ipv4.parse(payload, 0, payload.length)
  if (packet instanceof Fault) return `[${packet.why}]`
  if (packet.fragmentOffset > 0) return ipv4.print(packet)
  return `IP ${formatIp4(packet.source)} > ${formatIp4(packet.destination)}: ${printTransport(packet)}`
}

function printTransport({ protocol, payload, ...packet }: ipv4.Ipv4Packet): string {
  if (protocol === ipv4.PROTOCOL_TCP) return said(tcp.parse(payload, 0, payload.length), tcp.print)
  if (protocol === ipv4.PROTOCOL_UDP) return said(udp.parse(payload, 0, payload.length), udp.print)
  if (protocol === ipv4.PROTOCOL_ICMP) return said(icmp.parse(payload, 0, payload.length), icmp.print)
  return `protocol ${protocol}, ttl ${packet.ttl}, length ${payload.length}`
}

function said<T extends object>(parsed: T | Fault, print: (value: T) => string): string {
  return parsed instanceof Fault ? `[${parsed.why}]` : print(parsed)
}
