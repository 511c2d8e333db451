/** The simulator's limits. Each can be set where it is used; these are what holds otherwise. */
import { type Nanos, SECOND } from '../base/clock.ts'

/** How far one `run(promise)` goes before it gives up: a keepalive in a loop must not keep a test alive for ever. */
export const RUN_LIMIT: Nanos = 3600 * SECOND

/** Events of one instant: two programs that answer each other without any latency would never let time go on. */
export const INSTANT_EVENTS = 10_000_000

/** Packets that may wait for a link with a rate: Linux's default transmit queue is 1,000. */
export const QUEUE_PACKETS = 1000

/** MAC addresses that a switch remembers (small switches have 1,024 to 8,192): made-up ones must not fill memory. */
export const SWITCH_ADDRESSES = 1024

/** What an Ethernet carries (RFC 894). */
export const MTU = 1500

/** RFC 791: every internet module must be able to forward a datagram of 68 octets without further fragmentation. */
export const MIN_MTU = 68
