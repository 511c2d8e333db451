/** What remote hosts may cost a stack at most, and why. Each can be set where a stack is made (`StackLimits`). */
import { MILLISECOND, type Nanos, SECOND } from '../base/clock.ts'

/** Neighbours kept per interface (Linux: gc_thresh3). Past it the one longest unused goes. */
export const NEIGHBOURS = 1024
/** Packets that wait for one neighbour's address: RFC 1122 §2.3.2.2 asks for at least one, Linux keeps about 90. */
export const NEIGHBOUR_QUEUE = 64
/** How long a neighbour counts as reachable after it was heard (Linux: base_reachable_time). */
export const NEIGHBOUR_REACHABLE: Nanos = 30 * SECOND
/** RFC 4861 §10, DELAY_FIRST_PROBE_TIME: use of a stale entry is given so long to prove itself. */
export const NEIGHBOUR_DELAY: Nanos = 5 * SECOND
/** Between requests: RFC 1122 §2.3.2.1 allows one a second for the same address. */
export const NEIGHBOUR_RETRY: Nanos = 1 * SECOND
/** Requests before a neighbour counts as unreachable (Linux: mcast_solicit, ucast_solicit). */
export const NEIGHBOUR_TRIES = 3
/** A failed neighbour is not asked for again at once by every packet. */
export const NEIGHBOUR_FAILED: Nanos = 1 * SECOND

/** Ways to a destination that are remembered. Past it the memory starts afresh: an address scan must not fill it. */
export const PATHS = 4096

/** The default time to live (RFC 1700; Linux). */
export const TTL = 64
/** RFC 1112 §6.1: multicasts stay on this network unless the program asks for more. */
export const MULTICAST_TTL = 1

/** ICMP errors sent a second, and how many at once (RFC 1812 §4.3.2.8; Linux: icmp_msgs_per_sec, icmp_msgs_burst). */
export const ICMP_ERRORS_PER_SECOND = 1000
export const ICMP_ERRORS_BURST = 50
/** RFC 1812 §4.3.2.3: an error carries as much of the original as fits in 576 octets. */
export const ICMP_ERROR_LENGTH = 576

/** Packets that are being put together at once, pieces of one, and for how long (Linux: ipfrag_time; RFC 1122 §3.3.2 asks for 60 to 120 s, which only helps an attacker today). A flood of first pieces stops here: 64 packets of 64 KB. */
export const REASSEMBLIES = 64
export const REASSEMBLY_PIECES = 128
export const REASSEMBLY_TIME: Nanos = 30 * SECOND

/** Bytes of datagrams that wait for one socket (Linux: net.core.rmem_default), and each counts at least this much. */
export const DATAGRAM_BUFFER = 212_992
export const DATAGRAM_OVERHEAD = 128
/** Multicast groups of one socket (Linux: igmp_max_memberships). */
export const MEMBERSHIPS = 20

/** RFC 6335 §6: ports that a host may hand out by itself. */
export const EPHEMERAL_FIRST = 49_152
export const EPHEMERAL_LAST = 65_535

/** Bytes that a connection queues above the TCP send buffer before `write` answers false, and below which it drains. */
export const WRITE_HIGH_WATER = 64 * 1024
export const WRITE_LOW_WATER = 16 * 1024

/** Translations of one NAT: a port scan from inside must not eat the router (Linux on a home router: 16k). */
export const NAT_ENTRIES = 16_384
/** RFC 4787 REQ-5: at least two minutes. */
export const NAT_UDP: Nanos = 120 * SECOND
/** RFC 5382 REQ-5: two hours and four minutes for an established connection, four minutes for one that opens or closes. */
export const NAT_TCP: Nanos = 7440 * SECOND
export const NAT_TCP_TRANSITORY: Nanos = 240 * SECOND
/** RFC 5508 REQ-2: at least 60 s. */
export const NAT_ICMP: Nanos = 60 * SECOND

/** How long `ping` waits for an answer when it is not told. */
export const PING_TIMEOUT: Nanos = 1000 * MILLISECOND
