/** What remote hosts may cost a stack at most, and why. `StackOptions.limits` sets them. */
import { type Nanos, SECOND } from '../base/clock.ts'

/** Each can be set where a stack is made. */
export interface StackLimits {
  /** Neighbours kept per interface (Linux: gc_thresh3). Past it the oldest goes. */
  readonly neighbours: number
  /** Packets that wait for one neighbour's address: RFC 1122 §2.3.2.2 asks for at least one, Linux keeps about 90. */
  readonly neighbourQueue: number
  /** How long a neighbour counts as reachable after it was heard (Linux: base_reachable_time). */
  readonly neighbourReachable: Nanos
  /** RFC 4861 §10, DELAY_FIRST_PROBE_TIME: use of a stale entry is given so long to prove itself. */
  readonly neighbourDelay: Nanos
  /** Between requests: RFC 1122 §2.3.2.1 allows one a second for the same address. */
  readonly neighbourRetry: Nanos
  /** Requests before a neighbour counts as unreachable (Linux: mcast_solicit, ucast_solicit). */
  readonly neighbourTries: number
  /** A failed neighbour is not asked for again at once by every packet. */
  readonly neighbourFailed: Nanos
  /** Ways to a destination that are remembered. Past it the memory starts afresh: an address scan must not fill it. */
  readonly paths: number
  /** ICMP errors sent a second, and how many at once (RFC 1812 §4.3.2.8; Linux: icmp_msgs_per_sec, icmp_msgs_burst). */
  readonly icmpErrorsPerSecond: number
  readonly icmpErrorsBurst: number
  /**
   * What ICMP says of a path is not believed below this (Linux: min_pmtu; RFC 5927 §7.2): headers would be most of the
   * traffic. Where it is true, routers cut the packets.
   */
  readonly leastPathMtu: number
  /**
   * Packets that are being put together at once, and for how long (Linux: ipfrag_time; the 60 to 120 s of RFC 1122 §3.3.2
   * only help an attacker today). A flood of first pieces stops here: 64 packets of 64 KB.
   */
  readonly reassemblies: number
  readonly reassemblyTime: Nanos
  /**
   * Stretches of one packet that have come with gaps between them. Pieces in order make one, whatever their size; the
   * longest packet over the smallest MTU (68) makes 683 in the worst order.
   */
  readonly reassemblyGaps: number
  /** Bytes of datagrams that wait for one socket (Linux: net.core.rmem_default). */
  readonly datagramBuffer: number
  /** A datagram that waits counts for so many bytes at least: empty ones are not free. */
  readonly datagramOverhead: number
  /** Multicast groups of one socket (Linux: igmp_max_memberships). */
  readonly memberships: number
  /** RFC 6335 §6: ports that a host may hand out by itself. */
  readonly ephemeralFirst: number
  readonly ephemeralLast: number
  /** Bytes that wait to be sent on a connection before `write` answers false, and below which it drains. */
  readonly writeHighWater: number
  readonly writeLowWater: number
  /** Connections that programs have closed and whose peers have not taken the rest; one more is reset (Linux: tcp_max_orphans). */
  readonly orphans: number
  /** Translations of one NAT: a port scan from inside must not eat the router (Linux on a home router: 16k). */
  readonly natEntries: number
  /** TCP connections through it, whose states it follows (Linux: nf_conntrack_max on a small machine). */
  readonly natSessions: number
  /** Ports outside that it hands out: the router's own sockets do not choose them for themselves, so the two never meet. */
  readonly natPortFirst: number
  readonly natPortLast: number
  /** RFC 4787 REQ-5: at least two minutes. */
  readonly natUdp: Nanos
  /** RFC 5382 REQ-5: two hours and four minutes for an established connection, four minutes for one that opens or closes. */
  readonly natTcp: Nanos
  readonly natTcpTransitory: Nanos
  /** RFC 5508 REQ-2: at least 60 s. */
  readonly natIcmp: Nanos
}

/** The limits of a stack where `StackOptions.limits` says nothing else. */
export const STACK_LIMITS: StackLimits = Object.freeze({
  neighbours: 1024,
  neighbourQueue: 64,
  neighbourReachable: 30 * SECOND,
  neighbourDelay: 5 * SECOND,
  neighbourRetry: 1 * SECOND,
  neighbourTries: 3,
  neighbourFailed: 1 * SECOND,
  paths: 4096,
  icmpErrorsPerSecond: 1000,
  icmpErrorsBurst: 50,
  leastPathMtu: 552,
  reassemblies: 64,
  reassemblyTime: 30 * SECOND,
  reassemblyGaps: 1024,
  datagramBuffer: 212_992,
  datagramOverhead: 128,
  memberships: 20,
  ephemeralFirst: 49_152,
  ephemeralLast: 65_535,
  writeHighWater: 64 * 1024,
  writeLowWater: 16 * 1024,
  orphans: 4096,
  natEntries: 16_384,
  natSessions: 65_536,
  natPortFirst: 16_384,
  natPortLast: 49_151,
  natUdp: 120 * SECOND,
  natTcp: 7440 * SECOND,
  natTcpTransitory: 240 * SECOND,
  natIcmp: 60 * SECOND,
})
