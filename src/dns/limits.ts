/**
 * The limits of the DNS floor, with the reason beside each: of messages, zone files, servers, then the defaults of
 * `CacheLimits`, `ExchangeLimits` and `ResolverLimits`. All can be set: functions that obey one take another as an
 * option, and each has a test that crosses it.
 */
import { type Nanos, SECOND } from '../base/clock.ts'

/** Jumps in one compressed name: a name has at most 127 labels, and a jump that adds none leads nowhere new. */
export const MAX_POINTER_JUMPS = 126

/** Octets of a message: the 16-bit length before it on TCP (RFC 1035 §4.2.2). */
export const MAX_MESSAGE = 65535

/** UDP without EDNS (RFC 1035 §4.2.1). */
export const PLAIN_UDP_SIZE = 512

/** UDP with EDNS: fits an IPv6 path of 1280 octets, so it is never fragmented (DNS flag day 2020, RFC 9715). */
export const EDNS_UDP_SIZE = 1232

/**
 * Suffixes of names that one message remembers as targets for compression. Names past them are written whole, so a
 * message of nothing but different names costs no more than its length (CVE-2024-8508).
 */
export const MAX_COMPRESSION_TARGETS = 1024

/** Suffixes with the same place in the table that are looked at: collisions made on purpose stay cheap. */
export const MAX_COMPRESSION_PROBES = 8

/** Options in one OPT record: what a message with more could want is not known to anybody (CVE-2026-41292). */
export const MAX_EDNS_OPTIONS = 64

/** Files inside files by `$INCLUDE`: real zones nest one or two deep, a file that includes itself never ends. */
export const MAX_INCLUDE_DEPTH = 8

/** Files that one zone file includes in all: depth alone lets a file that includes itself twice grow as 2^depth. */
export const MAX_INCLUDED_FILES = 256

/** Records that the `$GENERATE` lines of one zone file make: one line could make 2^31. A /16 of addresses fits. */
export const MAX_GENERATED = 65_536

/** Faults reported of one zone file; after that the file is something else than a zone file. */
export const MAX_ZONE_FAULTS = 50

/** Characters of one fault's text: two names of full length fit, a binary file's "word" of a megabyte does not. */
export const MAX_FAULT_TEXT = 640

/** CNAME and DNAME records that one authoritative answer follows within our own zones. */
export const MAX_ALIASES = 16

/** Names whose addresses are added to an answer: more cost more than they help (CVE-2024-11187). */
export const MAX_ADDITIONAL_NAMES = 13

/** TCP connections that one server holds at a time; one more is closed at once. */
export const MAX_TCP_CONNECTIONS = 512

/** Queries on one TCP connection, then it is closed: nobody keeps a place for ever. */
export const MAX_TCP_QUERIES = 10_000

/** Queries of one TCP connection that are being answered; reading waits while there are so many (RFC 7766 §6.2.1.1). */
export const MAX_TCP_PENDING = 100

/** UDP queries that are being answered; one more is dropped, as a full socket buffer would drop it. */
export const MAX_UDP_PENDING = 10_000

/** Nanoseconds that a TCP connection may take from one whole query to the next: octets alone keep nothing alive. */
export const TCP_IDLE = 10_000_000_000

/** What a cache holds at most, and how long it believes what it was told. Seconds, unless the name says otherwise. */
export interface CacheLimits {
  /** Sets of records: at about 400 octets each, 40 MB. */
  readonly rrsets: number
  /** Remembered answers; each only points at sets. */
  readonly answers: number
  /** Servers whose speed and lameness are known. */
  readonly servers: number
  /** Questions that could lately not be answered. */
  readonly failures: number
  /** Records of one set that are kept; a set that is larger is not cached (CVE-2024-1737 class: sets of thousands). */
  readonly rdatasPerSet: number
  /** A record is kept for a day at most, however long it is promised (Unbound's and BIND's figure). */
  readonly maxTtl: number
  readonly minTtl: number
  /** RFC 2308 §5: a negative answer is kept for one to three hours at most. */
  readonly maxNegativeTtl: number
  readonly minNegativeTtl: number
  /** RFC 9520 §3.2: a failure is remembered for at least 1 s and at most 5 min, longer with each in a row. */
  readonly failureTtl: number
  readonly maxFailureTtl: number
}

export const defaultCacheLimits: CacheLimits = {
  rrsets: 100_000,
  answers: 50_000,
  servers: 20_000,
  failures: 10_000,
  rdatasPerSet: 100,
  maxTtl: 86_400,
  minTtl: 0,
  maxNegativeTtl: 3_600,
  minNegativeTtl: 0,
  failureTtl: 1,
  maxFailureTtl: 300,
}

/** What a program or a host keeps: a page's worth of names, not a provider's. */
export const smallCacheLimits: CacheLimits = { ...defaultCacheLimits, rrsets: 2_000, answers: 2_000, failures: 500 }

/** What one exchange may cost. */
export interface ExchangeLimits {
  /** Datagrams on the question's own socket that are not its reply before TCP is used: somebody is guessing. */
  readonly mismatches: number
  /** Time for a TCP exchange, connecting included: a server that answers by the octet holds nobody up. */
  readonly tcpTimeout: Nanos
  /** Tries for a random source port before the host chooses. */
  readonly portTries: number
  /** Servers remembered as without EDNS, or as changing the case of names. */
  readonly oddServers: number
  /** How long they are. */
  readonly oddMemory: Nanos
  /** Exchanges under way at once; more wait for nothing and fail. */
  readonly exchanges: number
}

export const defaultExchangeLimits: ExchangeLimits = {
  mismatches: 10,
  tcpTimeout: 5 * SECOND,
  portTries: 3,
  oddServers: 5_000,
  oddMemory: 900 * SECOND,
  exchanges: 5_000,
}

/**
 * What one client's question may cost. The figures are the ones that Unbound, BIND and Knot ship after two decades of
 * amplification attacks; each has a test that crosses it.
 */
export interface ResolverLimits {
  /** Questions to servers for one client's question, all sub-questions together (Unbound max-global-quota). */
  readonly upstreamQueries: number
  /** Of them, for one name on the way (Unbound max-sent-count). */
  readonly queriesPerName: number
  /** Aliases followed for one name (Unbound MAX_RESTART_COUNT). */
  readonly aliases: number
  /** Referrals followed for one name (Unbound MAX_REFERRAL_COUNT: an ip6.arpa name alone may have 32). */
  readonly referrals: number
  /** A name server's address needs another's address needs another's … (BIND max-recursion-depth). */
  readonly depth: number
  /** Addresses of name servers looked for (Unbound MAX_TARGET_COUNT; NXNSAttack, CVE-2020-12662). */
  readonly targets: number
  /** Of them, in vain (Unbound MAX_TARGET_NX). */
  readonly vainTargets: number
  /** Name servers of a zone that are used (Unbound iter-scrub-ns). */
  readonly nameServers: number
  /** Addresses of one name server that are used (BIND, CVE-2026-3592). */
  readonly addressesPerName: number
  /** Minimised questions for one name, RFC 9156 §2.3 MAX_MINIMISE_COUNT. */
  readonly minimisedQueries: number
  /** Of them, how many add one label only, RFC 9156 §2.3 MINIMISE_ONE_LAB. */
  readonly minimiseOneLabel: number
  /** Failures of minimised questions after which the whole name is asked for. */
  readonly minimisedFailures: number
  /** Times that a server that stays silent is asked one question (Unbound outbound-msg-retry); others come first. */
  readonly triesPerServer: number
  /** Replies without data and without SOA that are not believed while other servers may know better. */
  readonly emptyReplies: number
  /** Clients' questions under way at once; more are refused with SERVFAIL. */
  readonly plans: number
  /** Clients that may wait for the same answer. */
  readonly waitersPerPlan: number
}

export const defaultResolverLimits: ResolverLimits = {
  upstreamQueries: 200,
  queriesPerName: 32,
  aliases: 11,
  referrals: 130,
  depth: 7,
  targets: 64,
  vainTargets: 5,
  nameServers: 20,
  addressesPerName: 6,
  minimisedQueries: 10,
  minimiseOneLabel: 4,
  minimisedFailures: 3,
  triesPerServer: 5,
  emptyReplies: 2,
  plans: 10_000,
  waitersPerPlan: 1_000,
}
