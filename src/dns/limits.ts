/**
 * The limits of the DNS floor, in groups by the part that obeys them, with the reason beside each. Every public
 * function that obeys one takes `limits: { group: { name: value } }`, and each has a test that crosses it.
 */
import { MILLISECOND } from '../base/clock.ts'
import { type Duration, ms, requireDuration, seconds } from '../base/duration.ts'
import { DnsError } from './errors.ts'

/** What one message may cost to read and to write. */
export interface MessageLimits {
  /** Jumps in one compressed name: a name has at most 127 labels, and a jump that adds none leads nowhere new. */
  readonly pointerJumps: number
  /**
   * Suffixes of names that one message remembers as targets for compression. Names past them are written whole, so a
   * message of nothing but different names costs no more than its length (CVE-2024-8508).
   */
  readonly compressionTargets: number
  /** Suffixes with the same place in the table that are looked at: collisions made on purpose stay cheap. */
  readonly compressionProbes: number
  /** Options in one OPT record: what a message with more could want is not known to anybody (CVE-2026-41292). */
  readonly ednsOptions: number
}

/** What reading one zone file may cost. */
export interface ZoneLimits {
  /** Files inside files by `$INCLUDE`: real zones nest one or two deep, a file that includes itself never ends. */
  readonly includeDepth: number
  /** Files that one zone file includes in all: depth alone lets a file that includes itself twice grow as 2^depth. */
  readonly includedFiles: number
  /** Records that the `$GENERATE` lines of one zone file make: one line could make 2^31. A /16 of addresses fits. */
  readonly generated: number
  /** Faults reported of one zone file; after that the file is something else than a zone file. */
  readonly faults: number
  /** Characters of one fault's text: two names of full length fit, a binary file's "word" of a megabyte does not. */
  readonly faultText: number
}

/** What one answer may be made of, whoever makes it: zones, a cache, a walk from server to server. */
export interface AnswerLimits {
  /** CNAME and DNAME records that are followed from one question (Unbound's MAX_RESTART_COUNT). */
  readonly aliases: number
  /** Names whose addresses are added to an answer: more cost more than they help (CVE-2024-11187). */
  readonly additionalNames: number
  /** NSEC and NSEC3 sets that are kept of one answer: a chain of aliases needs a few at each end. */
  readonly proofs: number
  /** Signatures that are kept of one set: each may have to be verified (KeyTrap, CVE-2023-50387; Unbound: 8). */
  readonly signatures: number
}

/** What the clients of one server may cost it. */
export interface FrontLimits {
  /**
   * Octets of a reply over UDP, whatever the client takes: 1232 fits an IPv6 path of 1280 octets, so that the reply is
   * never fragmented (DNS flag day 2020, RFC 9715).
   */
  readonly udpSize: number
  /** UDP queries that are being answered; one more is dropped, as a full socket buffer would drop it. */
  readonly udpPending: number
  /** TCP connections that one server holds at a time; for one more the one that is idle longest is closed. */
  readonly streams: number
  /**
   * TCP connections of one client (one IPv4 address, one IPv6 /64): an eighth of all, so that it takes eight to fill
   * the table (RFC 7766 §6.2.2).
   */
  readonly streamsPerClient: number
  /** Queries on one TCP connection, then it is closed: nobody keeps a place for ever. */
  readonly streamQueries: number
  /** Queries of one TCP connection that are being answered; reading waits while there are so many (RFC 7766 §6.2.1.1). */
  readonly streamPending: number
  /** How long a TCP connection may take from one whole query to the next: octets alone keep nothing alive. */
  readonly streamIdle: Duration
}

/** What a cache holds at most, and how long it believes what it was told. Times to live are in seconds. */
export interface CacheLimits {
  /** Sets of records: at about 400 octets each, 40 MB. */
  readonly rrsets: number
  /** Remembered answers; each only points at sets. */
  readonly answers: number
  /** Questions that could lately not be answered. */
  readonly failures: number
  /** Records of one set that are kept; a set that is larger is not cached (CVE-2024-1737 class: sets of thousands). */
  readonly rdatasPerSet: number
  /** A record is kept for a day at most, however long it is promised (Unbound's and BIND's figure). */
  readonly maxTtl: number
  /** Records are kept for at least so long, even where their zone says less. */
  readonly minTtl: number
  /** RFC 2308 §5: a negative answer is kept for one to three hours at most. */
  readonly maxNegativeTtl: number
  readonly minNegativeTtl: number
  /** RFC 2308 §5: a negative answer without a SOA says not how long it holds; it is kept just long enough to help. */
  readonly unstatedNegativeTtl: number
  /** RFC 9520 §3.2: a failure is remembered for at least 1 s and at most 5 min, longer with each in a row. */
  readonly failureTtl: number
  readonly maxFailureTtl: number
}

/** What is known of other servers, and for how long. */
export interface BookLimits {
  /** Servers that are known. */
  readonly servers: number
  /** Zones of which one server is known to be lame. */
  readonly zonesPerServer: number
  /** What is known is forgotten after a quarter of an hour, so that who was dead or old is asked anew (Unbound: 900 s). */
  readonly memory: Duration
  /** A server to which no connection could be made is not tried over TCP for so long. */
  readonly streamMemory: Duration
  /** Time-outs in a row after which a server is let alone for a while, and then asked once to see. */
  readonly silentAfter: number
  /** Doublings of the expected time after time-outs in a row: 2^8 × 376 ms is near Unbound's top of two minutes. */
  readonly doublings: number
}

/** What one exchange with a server may cost. */
export interface ExchangeLimits {
  /** Octets of a UDP reply that is asked for: see `FrontLimits.udpSize`. */
  readonly udpSize: number
  /** Datagrams on the question's own socket that are not its reply before TCP is used: somebody is guessing. */
  readonly mismatches: number
  /** Time for a question over TCP, connecting included: a server that answers by the octet holds nobody up. */
  readonly streamTime: Duration
  /** How long a connection to a server is kept without a question (RFC 7766 §6.2.3: a few seconds). */
  readonly streamIdle: Duration
  /** Connections to servers that are kept without a question. */
  readonly idleStreams: number
  /** Questions on one connection, then another is opened: an ID must stay hard to guess and easy to find. */
  readonly streamQuestions: number
  /** Tries for a random source port before the host chooses. */
  readonly portTries: number
  /** Exchanges under way at once; one more fails at once. */
  readonly exchanges: number
  /** How long after its time-out a reply is still listened for: it teaches how fast the server is, and may be used. */
  readonly lateReply: Duration
  /** Exchanges past their time-out that still listen; the oldest is given up for one more. */
  readonly lateReplies: number
}

/**
 * What one client's question may cost. The figures are the ones that Unbound, BIND and Knot ship after two decades of
 * amplification attacks.
 */
export interface ResolverLimits {
  /** Questions to servers for one client's question, all sub-questions together (Unbound max-global-quota). */
  readonly upstreamQueries: number
  /** Of them, for one name on the way (Unbound max-sent-count). */
  readonly queriesPerName: number
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
  /**
   * Clients' questions under way at once. Half of the places are kept until the question is answered. In the other half
   * a question that takes longer than `hurry` gives way to a new one, so that questions that nobody can answer do not
   * keep out all others (Unbound: num-queries-per-thread, jostle-timeout).
   */
  readonly plans: number
  /** How long a question in that other half is safe; see `plans`. */
  readonly hurry: Duration
  /** Clients that may wait for the same answer. */
  readonly waitersPerPlan: number
}

/** All limits of the floor. */
export interface DnsLimits {
  readonly message: MessageLimits
  readonly zone: ZoneLimits
  readonly answer: AnswerLimits
  readonly front: FrontLimits
  readonly cache: CacheLimits
  readonly book: BookLimits
  readonly exchange: ExchangeLimits
  readonly resolver: ResolverLimits
}

/** Some limits of some groups, as programs give them; the others are those of `DNS_LIMITS`. */
export type DnsLimitChanges = { readonly [group in keyof DnsLimits]?: Partial<DnsLimits[group]> }

/** The limits that hold where nothing else is said. */
export const DNS_LIMITS: DnsLimits = Object.freeze({
  message: Object.freeze({ pointerJumps: 126, compressionTargets: 1024, compressionProbes: 8, ednsOptions: 64 }),
  zone: Object.freeze({ includeDepth: 8, includedFiles: 256, generated: 65_536, faults: 50, faultText: 640 }),
  answer: Object.freeze({ aliases: 11, additionalNames: 13, proofs: 16, signatures: 8 }),
  front: Object.freeze({
    udpSize: 1232,
    udpPending: 10_000,
    streams: 512,
    streamsPerClient: 64,
    streamQueries: 10_000,
    streamPending: 100,
    streamIdle: seconds(10),
  }),
  cache: Object.freeze({
    rrsets: 100_000,
    answers: 50_000,
    failures: 10_000,
    rdatasPerSet: 100,
    maxTtl: 86_400,
    minTtl: 0,
    maxNegativeTtl: 3_600,
    minNegativeTtl: 0,
    unstatedNegativeTtl: 5,
    failureTtl: 1,
    maxFailureTtl: 300,
  }),
  book: Object.freeze({
    servers: 20_000,
    zonesPerServer: 50,
    memory: seconds(900),
    streamMemory: seconds(60),
    silentAfter: 6,
    doublings: 8,
  }),
  exchange: Object.freeze({
    udpSize: 1232,
    mismatches: 10,
    streamTime: seconds(5),
    streamIdle: seconds(4),
    idleStreams: 100,
    streamQuestions: 1_000,
    portTries: 3,
    exchanges: 5_000,
    lateReply: seconds(3),
    lateReplies: 1_000,
  }),
  resolver: Object.freeze({
    upstreamQueries: 200,
    queriesPerName: 32,
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
    hurry: ms(200),
    waitersPerPlan: 1_000,
  }),
})

/** The names of the limits that are times; a compiler error says which one is missing here. */
const TIMES: Readonly<Record<TimeLimit, true>> = {
  streamIdle: true,
  memory: true,
  streamMemory: true,
  streamTime: true,
  lateReply: true,
  hurry: true,
}

type TimeLimit = { [Group in keyof DnsLimits]: TimesOf<DnsLimits[Group]> }[keyof DnsLimits]
type TimesOf<Group> = { [Name in keyof Group]: Group[Name] extends Duration ? Name : never }[keyof Group]

/**
 * All limits, those given in the place of the others of `base`.
 * @throws DnsError `DNS_SETTING` for a limit that does not exist or is no number from 0
 * @throws RangeError for a time that was meant in milliseconds
 */
export function dnsLimits(changes: DnsLimitChanges = {}, base: DnsLimits = DNS_LIMITS): DnsLimits {
  return {
    message: limitGroup('message', changes.message, base),
    zone: limitGroup('zone', changes.zone, base),
    answer: limitGroup('answer', changes.answer, base),
    front: limitGroup('front', changes.front, base),
    cache: limitGroup('cache', changes.cache, base),
    book: limitGroup('book', changes.book, base),
    exchange: limitGroup('exchange', changes.exchange, base),
    resolver: limitGroup('resolver', changes.resolver, base),
  }
}

/** The limits of one group. Throws as `dnsLimits` does. */
export function limitGroup<Group extends keyof DnsLimits>(
  group: Group,
  changes: Partial<DnsLimits[Group]> = {},
  base: DnsLimits = DNS_LIMITS,
): DnsLimits[Group] {
  for (const [name, value] of Object.entries<unknown>(changes)) {
    const what = `limits.${group}.${name}`
    if (!Object.hasOwn(base[group], name)) {
      const known = Object.keys(base[group]).join(', ')
      throw new DnsError('DNS_SETTING', `${what} does not exist: limits.${group} has ${known}`)
    }
    if (typeof value !== 'number' || !(value >= 0))
      throw new DnsError('DNS_SETTING', `${what} must be a number from 0, not ${String(value)}`)
    if (Object.hasOwn(TIMES, name)) requireDuration(what, value, MILLISECOND)
  }
  return { ...base[group], ...changes }
}
