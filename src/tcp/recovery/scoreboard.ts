/**
 * What is in flight: one record for every segment sent and not yet acknowledged, in order. Loss recovery marks
 * records, output sends marked ones again. `pipe` is RFC 6675's estimate of what is still in the network.
 */
import type { Nanos } from '../../base/clock.ts'
import { diff, gt, leq, lt, type Seq } from '../sequence.ts'

export interface Sent {
  seq: Seq
  /** One past the last; SYN and FIN count. */
  end: Seq
  /** Of the latest transmission. */
  sentAt: Nanos
  transmissions: number
  /** Believed lost: not counted in the pipe, to be sent again. */
  lost: boolean
  /** Sent again since it was marked lost. */
  resent: boolean
  /** The peer holds it (RFC 2018), though it may still drop it. */
  sacked: boolean
}

export class Scoreboard {
  /** Sequence space sent and not acknowledged. */
  outstanding = 0
  sackedBytes = 0
  lostBytes = 0
  /** Of those, sent again. */
  resentBytes = 0
  /** Without SACK: what duplicate ACKs say has left the network. */
  departed = 0
  /** The round trip of what the last `acknowledge` removed, or −1 when Karn's algorithm forbids to take it. */
  sample: Nanos = -1
  #records: Sent[] = []
  #head = 0
  /** No record before this index is waiting to be sent again. */
  #hint = 0

  get empty(): boolean {
    return this.#head === this.#records.length
  }

  get count(): number {
    return this.#records.length - this.#head
  }

  get first(): Sent | undefined {
    return this.#records[this.#head]
  }

  /** Bytes believed to be in the network. */
  get pipe(): number {
    return Math.max(0, this.outstanding - this.sackedBytes - this.departed - this.lostBytes + this.resentBytes)
  }

  /** The records from the oldest on. */
  *[Symbol.iterator](): Generator<Sent> {
    for (let i = this.#head; i < this.#records.length; i++) yield this.#records[i]!
  }

  /** Visits the records from the newest to the oldest. */
  backwards(visit: (record: Sent) => void): void {
    for (let i = this.#records.length - 1; i >= this.#head; i--) visit(this.#records[i]!)
  }

  /** How many records satisfy. */
  tally(test: (record: Sent) => boolean): number {
    let count = 0
    for (const record of this) if (test(record)) count++
    return count
  }

  /** A new segment has gone out. */
  sent(seq: Seq, end: Seq, now: Nanos): void {
    this.#records.push({ seq, end, sentAt: now, transmissions: 1, lost: false, resent: false, sacked: false })
    this.outstanding += diff(end, seq)
  }

  /** A marked record has gone out again. */
  resent(record: Sent, now: Nanos): void {
    record.sentAt = now
    record.transmissions++
    if (!record.lost || record.resent) return
    record.resent = true
    this.resentBytes += diff(record.end, record.seq)
  }

  /** Removes what lies before `una`, a partly acknowledged record's head too. Answers how much that was. */
  acknowledge(una: Seq, now: Nanos): number {
    let bytes = 0
    let oldest: Nanos = -1
    let again = false
    while (this.#head < this.#records.length) {
      const record = this.#records[this.#head]!
      if (!lt(record.seq, una)) break
      const cut = leq(record.end, una) ? record.end : una
      bytes += this.#forget(record, diff(cut, record.seq))
      if (record.transmissions > 1) again = true
      else if (oldest < 0) oldest = record.sentAt
      if (cut === record.end) this.#head++
      else record.seq = cut
    }
    // RFC 6298 §3, Karn: no measurement from an ACK that a retransmission may have caused.
    this.sample = again || oldest < 0 ? -1 : now - oldest
    if (this.#hint < this.#head) this.#hint = this.#head
    this.#compact()
    return bytes
  }

  #forget(record: Sent, length: number): number {
    this.outstanding -= length
    if (record.sacked) this.sackedBytes -= length
    if (record.lost) this.lostBytes -= length
    if (record.resent) this.resentBytes -= length
    return length
  }

  #compact(): void {
    if (this.#head === this.#records.length) this.#records.length = this.#head = this.#hint = 0
    else if (this.#head >= 1024 && this.#head * 2 > this.#records.length) {
      this.#records.splice(0, this.#head)
      this.#hint -= this.#head
      this.#head = 0
    }
  }

  /** Marks one record lost; if its retransmission was in flight, that is lost too. */
  lose(record: Sent): void {
    if (record.sacked) return
    const length = diff(record.end, record.seq)
    if (!record.lost) this.lostBytes += length
    if (record.resent) this.resentBytes -= length
    record.lost = true
    record.resent = false
    this.#hint = this.#head
  }

  /** RFC 6298 §5.4 and RFC 5681 §3.1: after a time-out all that is not known to have arrived counts as lost. */
  loseAll(): void {
    for (const record of this) this.lose(record)
    this.departed = 0
  }

  /** The first record that is marked and waits to be sent again. */
  nextLost(): Sent | undefined {
    for (; this.#hint < this.#records.length; this.#hint++) {
      const record = this.#records[this.#hint]!
      if (record.lost && !record.resent) return record
    }
    return undefined
  }

  /** Cuts a record in two after `length`, so that its head can be sent alone. */
  split(record: Sent, length: number): void {
    const at = this.#records.indexOf(record, this.#head)
    if (at < 0 || length <= 0 || length >= diff(record.end, record.seq)) return
    const middle = (record.seq + length) >>> 0
    this.#records.splice(at + 1, 0, { ...record, seq: middle as Seq })
    record.end = middle as Seq
  }

  /**
   * The peer says it holds start … end (RFC 2018). Answers how many bytes that is news about.
   * A record is marked when the block covers it whole.
   */
  sack(start: Seq, end: Seq): number {
    let news = 0
    for (let i = this.#head; i < this.#records.length; i++) {
      const record = this.#records[i]!
      if (gt(record.end, end)) break
      if (record.sacked || lt(record.seq, start)) continue
      const length = diff(record.end, record.seq)
      if (record.lost) this.lostBytes -= length
      if (record.resent) this.resentBytes -= length
      record.lost = false
      record.resent = false
      record.sacked = true
      this.sackedBytes += length
      news += length
    }
    return news
  }

  /** RFC 2018 §8: after a time-out the peer may have dropped what it said it held. */
  forgetSacks(): void {
    for (const record of this) record.sacked = false
    this.sackedBytes = 0
  }
}
