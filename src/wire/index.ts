/**
 * Packet formats, one file each, with the same names and shapes: `check(bytes, offset, length)` answers null or a `Fault`,
 * and then the readers over `(bytes, offset)` may be used; `parse` answers a readonly value or a `Fault`; `emit` writes a
 * value, `length` says how many octets that takes, `print` says it in a line as tcpdump does.
 */
export * as arp from './arp.ts'
export * as checksum from './checksum.ts'
export * as ethernet from './ethernet.ts'
export * as icmp from './icmp.ts'
export * as ipv4 from './ipv4.ts'
export { printFrame } from './packet.ts'
export * as sequence from './sequence.ts'
export * as tcp from './tcp.ts'
export * as udp from './udp.ts'
