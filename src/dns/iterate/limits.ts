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
