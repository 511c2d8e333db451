/** What a stack reports: every packet that ends in it, with the reason, and the addresses of its interfaces. */
import type { Event } from '../base/events.ts'
import type { CounterName } from './counters.ts'
import type { AddressState } from './link/interface.ts'

/** Why a packet went no further, and the counter that counts it: every drop has both. */
export const DROPS = {
  'frame malformed': 'framesMalformed',
  'frame for another machine': 'framesNotForUs',
  'ethertype unknown': 'framesUnknownType',
  'ARP malformed': 'arpMalformed',
  'too many wait for the neighbour': 'neighbourQueueOverflow',
  'neighbour does not answer': 'neighbourUnreachable',
  'packet malformed': 'ipMalformed',
  'source address impossible here': 'ipMartian',
  'destination address impossible here': 'ipMartian',
  'packet for another machine': 'ipNotForUs',
  'no route': 'ipNoRoute',
  'time to live exceeded': 'ipTtlExceeded',
  'too long for the next link': 'ipTooBig',
  'broadcast is not forwarded': 'ipBroadcastNotForwarded',
  'loopback address would leave the host': 'ipLoopbackLeaving',
  'protocol unknown': 'ipUnknownProtocol',
  'fragment malformed': 'ipFragmentsMalformed',
  'fragments contradict each other': 'ipFragmentsContradict',
  'too many packets are put together': 'ipReassemblyOverflow',
  'fragments missing': 'ipReassemblyFailed',
  'ICMP malformed': 'icmpMalformed',
  'nobody waits for the ICMP message': 'icmpIgnored',
  'UDP malformed': 'udpMalformed',
  'no socket at the UDP port': 'udpNoPort',
  'UDP socket full': 'udpBufferFull',
  'TCP malformed': 'tcpMalformed',
  'no connection for the TCP segment': 'tcpNoConnection',
  'TCP listener full': 'tcpListenFull',
  'nothing to translate it by': 'natRefused',
  'translation table full': 'natFull',
} as const satisfies { readonly [reason: string]: CounterName }

/** A key of `DROPS`: why a packet went no further, in words. */
export type DropReason = keyof typeof DROPS

/** A packet ended here. */
export interface StackDroppedEvent extends Event {
  readonly type: 'stack.dropped'
  readonly reason: DropReason
  /** Where it came in, or would have left; '' when that was not decided. */
  readonly interface: string
  /** The number of the frame that brought it, as its device calls it; null when it has none. */
  readonly frame: number | null
  /** The packet from its IP header on; a whole frame where it is not IP; empty for one that was not written yet. */
  readonly packet: Uint8Array
}

/** An address of an interface was given, has changed, or is gone. */
export interface StackAddressEvent extends Event {
  readonly type: 'stack.address'
  readonly interface: string
  /** `192.0.2.1/24`. */
  readonly address: string
  readonly state: AddressState | 'removed'
}

/** Every event of a stack, told apart by `type`. */
export type StackEvent = StackDroppedEvent | StackAddressEvent
