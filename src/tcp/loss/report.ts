/**
 * What one ACK tells: built once, in `Loss.acknowledged`, and given to the congestion control and to the loss recovery.
 * Everything that either of them may want to know of an ACK stands here; bytes are sequence space. It is valid during the
 * call only.
 */
import type { Nanos } from '../../base/clock.ts'
import type { Seq } from '../../wire/sequence.ts'
import type { RecoveryPhase } from './episode.ts'

/** One ACK, as the congestion control and the loss recovery see it. Bytes are sequence space; valid during the call. */
export interface AckReport {
  /** When it entered the host. */
  readonly at: Nanos
  /** SND.UNA, now that it is taken in. */
  readonly una: Seq
  /** Eff.snd.MSS of the moment. */
  readonly mss: number
  /** How far SND.UNA has moved. */
  readonly acked: number
  /** What SACK blocks tell of for the first time. */
  readonly sacked: number
  /** A duplicate ACK as RFC 5681 §2 defines it. */
  readonly duplicate: boolean
  /** The first block tells of something that had been acknowledged before: it arrived twice (RFC 2883). */
  readonly dsack: boolean
  /** The flag ECE. */
  readonly ece: boolean
  /** When the newest of what it acknowledges or tells of was sent last; −1: it tells of nothing new. */
  readonly newestSentAt: Nanos
  /** One round trip, or −1 when it cannot be measured. */
  readonly rtt: Nanos
  /** Bytes outstanding before it. */
  readonly priorFlight: number
  /** Where the connection stood with its losses before it. */
  readonly phase: RecoveryPhase
  /** All that has been delivered since the connection began. */
  readonly delivered: number
  /** How much of that within `interval`: a sample of the delivery rate (draft-ietf-ccwg-bbr §4.1). 0: there is none. */
  readonly deliveredInInterval: number
  readonly interval: Nanos
  /** The sample says what the program wrote, not what the path takes. */
  readonly appLimited: boolean
  /** The congestion window holds the sender back, or, in slow start, half of it was used (RFC 7661 §4.1). */
  readonly cwndLimited: boolean
}
