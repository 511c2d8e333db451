/**
 * How much has been delivered, and how fast: the delivery rate samples of draft-ietf-ccwg-bbr §4.1. Every record notes
 * what had been delivered when it was sent; when it is delivered itself, the difference is what the path carried meanwhile.
 */
import type { Nanos } from '../../base/clock.ts'
import type { Seq } from '../../wire/sequence.ts'
import type { Sent } from './scoreboard.ts'

export class Delivery {
  /** C.delivered, in bytes, and C.delivered_time. */
  #total = 0
  #at: Nanos = 0
  /** C.first_sent_time: when the flight began that is being measured. */
  #firstSentAt: Nanos = 0
  /** C.app_limited: until so much is delivered, samples say what the program wrote. 0: they say what the path takes. */
  #limitedUntil = 0

  get total(): number {
    return this.#total
  }

  /** The record of a segment that leaves. @param used a record to be filled; null: a new one is made */
  record(used: Sent | null, seq: Seq, end: Seq, pipeEmpty: boolean, now: Nanos): Sent {
    if (pipeEmpty) this.#firstSentAt = this.#at = now
    if (used === null) return this.#begin(seq, end, now)
    used.seq = seq
    used.end = end
    used.sentAt = now
    used.transmissions = 1
    used.lost = used.resent = used.sacked = false
    this.again(used)
    return used
  }

  #begin(seq: Seq, end: Seq, now: Nanos): Sent {
    return {
      seq,
      end,
      sentAt: now,
      transmissions: 1,
      lost: false,
      resent: false,
      sacked: false,
      delivered: this.#total,
      deliveredAt: this.#at,
      firstSentAt: this.#firstSentAt,
      appLimited: this.#limitedUntil > 0,
    }
  }

  /** It leaves once more. */
  again(record: Sent): void {
    record.delivered = this.#total
    record.deliveredAt = this.#at
    record.firstSentAt = this.#firstSentAt
    record.appLimited = this.#limitedUntil > 0
  }

  took(bytes: number, now: Nanos): void {
    this.#total += bytes
    this.#at = now
    if (this.#total > this.#limitedUntil) this.#limitedUntil = 0
  }

  /** The flight that is measured next begins with what was sent then. */
  measuredFrom(sentAt: Nanos): void {
    this.#firstSentAt = sentAt
  }

  /** The program has nothing more to send, and so much is in the network. */
  runDry(pipe: number): void {
    this.#limitedUntil = Math.max(1, this.#total + pipe)
  }
}
