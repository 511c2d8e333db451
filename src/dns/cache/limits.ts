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
