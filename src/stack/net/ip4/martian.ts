/** Addresses that cannot be meant where they appear (RFC 1122 §3.2.1.3, RFC 1812 §5.3.7). */
import { IP4_ANY, IP4_BROADCAST, type Ip4, isMulticast4 } from '../../../base/ip.ts'
import * as ipv4 from '../../../wire/ipv4.ts'
import type { DropReason } from '../../events.ts'
import type { Interface } from '../../link/interface.ts'
import type { OwnAddresses } from './own.ts'

/** First octets: of 127.0.0.0/8, of the first group and of the first reserved address. */
const LOOPBACK = 127
const MULTICAST = 224
const RESERVED = 240

/** 0.0.0.0/8: this host on this network. */
const isThisNetwork = (address: Ip4): boolean => address >>> 24 === 0

/** 240.0.0.0/4, reserved; the limited broadcast is no address of a host either. */
const isReserved = (address: Ip4): boolean => address >>> 28 === 15

/** What is wrong with the addresses of the packet at `offset`, which an interface has brought; null: nothing. */
export function martian(bytes: Uint8Array, offset: number, own: OwnAddresses, through: Interface): DropReason | null {
  const first = bytes[offset + ipv4.FIELD.destination]!
  if (first === 0 || first === LOOPBACK) return 'destination address impossible here'
  const limited = first >= RESERVED && ipv4.destination(bytes, offset) === IP4_BROADCAST
  if (first >= RESERVED && !limited) return 'destination address impossible here'
  const from = bytes[offset + ipv4.FIELD.source]!
  if (from === 0 || from === LOOPBACK || from >= MULTICAST)
    // A host that does not know its address yet asks everybody, as BOOTP and DHCP do (RFC 1122 §3.2.1.3 (a)).
    return limited && ipv4.source(bytes, offset) === IP4_ANY ? null : 'source address impossible here'
  const source = ipv4.source(bytes, offset)
  // Who claims this host's own address would be trusted by its own rules.
  return own.has(source) || through.isBroadcast(source) ? 'source address impossible here' : null
}

/** Whether an address stands for one host, to which an answer can be sent. */
export function isHost(address: Ip4): boolean {
  return !isThisNetwork(address) && !isMulticast4(address) && !isReserved(address)
}
