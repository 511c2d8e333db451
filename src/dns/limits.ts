/** The limits of the DNS floor, with the reason beside each. Functions that obey one take another as an option. */

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
