/**
 * How far a set of records is believed, by where it came from: RFC 2181 §5.4.1, refined as Unbound does. A set never
 * pushes out one that is believed more.
 */
export const TRUST = {
  /** The additional section of a referral, or of an answer that is not authoritative: glue. */
  additional: 1,
  /** The authority section of a referral, or of an answer that is not authoritative. */
  authority: 2,
  /** The additional section of an authoritative answer. */
  additionalAA: 3,
  /** The answer section of an answer that is not authoritative (a forwarder's upstream, for one). */
  answer: 4,
  /** The authority section of an authoritative answer. */
  authorityAA: 5,
  /** The answer section of an authoritative answer. */
  answerAA: 6,
} as const

/** A degree of `TRUST`. */
export type Trust = (typeof TRUST)[keyof typeof TRUST]

/**
 * Whether it may answer a client. RFC 2181 §5.4.1: what came in additional or non-authoritative authority data
 * "should not be cached in such a way that they would ever be returned as answers"; nor does glue answer.
 */
export function answers(trust: Trust): boolean {
  return trust === TRUST.answer || trust === TRUST.answerAA
}
