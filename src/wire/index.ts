/** Packet formats. Every format has the same four: `parse`, `emit`, `length`, `print`; and readers over (bytes, offset). */
export * as arp from './arp.ts'
export * as checksum from './checksum.ts'
export * as ethernet from './ethernet.ts'
export * as icmp from './icmp.ts'
export * as ipv4 from './ipv4.ts'
export { printFrame } from './packet.ts'
export * as tcp from './tcp.ts'
export * as udp from './udp.ts'
