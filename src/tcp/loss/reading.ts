/** One ACK while it is read: what the records that it delivers add up to, and then the report. */
import type { Nanos } from '../../base/clock.ts'
import { type Seq, seq } from '../../wire/sequence.ts'
import type { Timestamps } from '../../wire/tcp.ts'
import type { Stamps } from '../rcv/stamps.ts'
import { Delivery } from './delivery.ts'
import type { RecoveryPhase } from './episode.ts'
import type { AckReport } from './report.ts'
import type { Sent, Taker } from './scoreboard.ts'

export class Reading implements AckReport, Taker {
  at: Nanos = 0
  una: Seq = seq(0)
  mss = 0
  acked = 0
  sacked = 0
  duplicate = false
  dsack = false
  ece = false
  newestSentAt: Nanos = -1
  rtt: Nanos = -1
  priorFlight = 0
  phase: RecoveryPhase = 'open'
  delivered = 0
  deliveredInInterval = 0
  interval: Nanos = 0
  appLimited = false
  cwndLimited = false
  #delivery = new Delivery()
  /** When the oldest was sent that moves SND.UNA. */
  #oldestSentAt: Nanos = -1
  /** Some of that was sent more than once. */
  #ambiguous = false
  // Of the record that was sent last: P of draft-ietf-ccwg-bbr §4.1.2.
  #priorDelivered = -1
  #priorAt: Nanos = 0
  #sendElapsed: Nanos = 0

  /** The next ACK. */
  begin(
    delivery: Delivery,
    at: Nanos,
    una: Seq,
    mss: number,
    priorFlight: number,
    phase: RecoveryPhase,
    ece: boolean,
    duplicate: boolean,
    cwndLimited: boolean,
  ): this {
    this.#delivery = delivery
    this.at = at
    this.una = una
    this.mss = mss
    this.priorFlight = priorFlight
    this.phase = phase
    this.ece = ece
    this.duplicate = duplicate
    this.cwndLimited = cwndLimited
    this.acked = this.sacked = this.deliveredInInterval = this.interval = 0
    this.newestSentAt = this.rtt = this.#oldestSentAt = this.#priorDelivered = -1
    this.dsack = this.appLimited = this.#ambiguous = false
    return this
  }

  take(record: Sent, bytes: number, whole: boolean): void {
    if (whole) {
      if (record.transmissions > 1) this.#ambiguous = true
      else if (this.#oldestSentAt < 0) this.#oldestSentAt = record.sentAt
    }
    if (bytes === 0) return
    this.#delivery.took(bytes, this.at)
    if (record.sentAt > this.newestSentAt) this.newestSentAt = record.sentAt
    if (record.delivered < this.#priorDelivered) return
    this.#priorDelivered = record.delivered
    this.#priorAt = record.deliveredAt
    this.#sendElapsed = record.sentAt - record.firstSentAt
    this.appLimited = record.appLimited
    this.#delivery.measuredFrom(record.sentAt)
  }

  /**
   * All records are taken. The time stamp is for where Karn's algorithm leaves no better way to measure.
   */
  finish(stamps: Stamps, stamp: Timestamps | null): void {
    // RFC 6298 §3, Karn: no measurement from an ACK that a retransmission may have caused.
    if (this.acked > 0)
      this.rtt =
        this.#ambiguous || this.#oldestSentAt < 0 ? stamps.echoedRtt(stamp, this.at) : this.at - this.#oldestSentAt
    this.delivered = this.#delivery.total
    if (this.#priorDelivered < 0) return
    // ACKs may be compressed, so the longer of the two: what was sent in that time, or what was acknowledged in it.
    this.interval = Math.max(this.#sendElapsed, this.at - this.#priorAt)
    this.deliveredInInterval = this.delivered - this.#priorDelivered
  }
}
