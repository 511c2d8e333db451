/**
 * What is in flight: one record for every segment sent and not yet acknowledged, in order. Loss recovery marks
 * records, output sends marked ones again. `pipe` is RFC 6675's estimate of what is still in the network.
 *
 * No ACK costs more than what it brings to light: blocks that were reported before are stepped over as whole runs, and
 * what is known to be lost is not looked at again.
 */
import type { Nanos } from '../../base/clock.ts'
import { add, diff, gt, leq, lt, type Seq } from '../../wire/sequence.ts'
import { Runs } from '../runs.ts'

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
  // What the latest transmission saw of the delivery, for the rate: see `Delivery`.
  delivered: number
  deliveredAt: Nanos
  firstSentAt: Nanos
  appLimited: boolean
}

/** Is told of every record, or part of one, that an ACK delivers: acknowledges, or reports for the first time. */
export interface Taker {
  /** @param bytes of it that were not known to have arrived @param whole SND.UNA has moved over it */
  take(record: Sent, bytes: number, whole: boolean): void
}

/** Shared by all connections without losses. Nothing is ever put into it. */
const NO_RUNS = new Runs()
/** Nor into this one: most connections have nothing out most of the time. */
const NO_RECORDS: Sent[] = []

export class Scoreboard {
  /** Sequence space sent and not acknowledged. */
  #outstanding = 0
  #sackedBytes = 0
  #lostBytes = 0
  #resentBytes = 0
  #departed = 0
  #urgent = false
  #records = NO_RECORDS
  #head = 0
  /** Records from this index up to the head are over, and can be used again. */
  #over = 0
  /** No record before this index is waiting to be sent again. */
  #hint = 0
  /** What the peer says it holds. */
  #runs = NO_RUNS
  /** Everything before here that the peer does not hold has been marked lost for what it holds beyond; null: nothing has. */
  #judged: Seq | null = null

  get empty(): boolean {
    return this.#head === this.#records.length
  }

  get count(): number {
    return this.#records.length - this.#head
  }

  get outstanding(): number {
    return this.#outstanding
  }

  get sackedBytes(): number {
    return this.#sackedBytes
  }

  get lostBytes(): number {
    return this.#lostBytes
  }

  /** Without SACK: what duplicate ACKs say has left the network. */
  get departed(): number {
    return this.#departed
  }

  get first(): Sent | undefined {
    return this.#records[this.#head]
  }

  /** One past the newest record: SND.NXT while anything is out. */
  get end(): Seq | undefined {
    return this.#records[this.#records.length - 1]?.end
  }

  /** The first record goes again whatever the congestion window says (RFC 5681 §3.2 (3)). */
  get urgent(): boolean {
    return this.#urgent
  }

  /** Bytes believed to be in the network. */
  get pipe(): number {
    return Math.max(0, this.#outstanding - this.#sackedBytes - this.#departed - this.#lostBytes + this.#resentBytes)
  }

  /** The records from the oldest on. */
  *[Symbol.iterator](): Generator<Readonly<Sent>> {
    for (let i = this.#head; i < this.#records.length; i++) yield this.#records[i]!
  }

  /** How many records satisfy. */
  tally(test: (record: Readonly<Sent>) => boolean): number {
    let count = 0
    for (const record of this) if (test(record)) count++
    return count
  }

  /**
   * A record that is over, to be filled anew; null: there is none. Hundreds live for a round trip each, which is what
   * garbage collection is worst at.
   */
  reuse(): Sent | null {
    return this.#over < this.#head ? this.#records[this.#over++]! : null
  }

  /** A new segment has gone out. */
  sent(record: Sent): void {
    if (this.#records === NO_RECORDS) this.#records = [record]
    else this.#records.push(record)
    this.#outstanding += diff(record.end, record.seq)
  }

  /** A marked record has gone out again. */
  resent(record: Sent, now: Nanos): void {
    record.sentAt = now
    record.transmissions++
    this.#urgent = false
    if (!record.lost || record.resent) return
    record.resent = true
    this.#resentBytes += diff(record.end, record.seq)
  }

  /** Removes what lies before `una`, a partly acknowledged record's head too. Answers how much that was. */
  acknowledge(una: Seq, taker: Taker): number {
    let bytes = 0
    while (this.#head < this.#records.length) {
      const record = this.#records[this.#head]!
      if (!lt(record.seq, una)) break
      const cut = leq(record.end, una) ? record.end : una
      const length = diff(cut, record.seq)
      bytes += length
      this.#forget(record, length)
      taker.take(record, record.sacked ? 0 : length, true)
      if (record.sacked) this.#runs.shorten(cut, cut === record.end)
      if (cut === record.end) this.#head++
      else record.seq = cut
    }
    if (this.#judged !== null && leq(this.#judged, una)) this.#judged = null
    this.#urgent = false
    if (this.#hint < this.#head) this.#hint = this.#head
    this.#compact()
    return bytes
  }

  #forget(record: Sent, length: number): void {
    this.#outstanding -= length
    if (record.sacked) this.#sackedBytes -= length
    if (record.lost) this.#lostBytes -= length
    if (record.resent) this.#resentBytes -= length
  }

  #compact(): void {
    if (this.#head === this.#records.length) {
      this.#records = NO_RECORDS
      this.#head = this.#hint = this.#over = 0
    } else if (this.#head >= 1024 && this.#head * 2 > this.#records.length) {
      this.#records.splice(0, this.#head)
      this.#hint -= this.#head
      this.#head = this.#over = 0
    }
  }

  /** The first index whose record does not begin before there. */
  #indexOf(seq: Seq): number {
    let low = this.#head
    let high = this.#records.length
    while (low < high) {
      const middle = (low + high) >>> 1
      if (lt(this.#records[middle]!.seq, seq)) low = middle + 1
      else high = middle
    }
    return low
  }

  /** Marks one record lost; if its retransmission was in flight, that is lost too. */
  #lose(at: number): void {
    const record = this.#records[at]!
    if (record.sacked) return
    const length = diff(record.end, record.seq)
    if (!record.lost) this.#lostBytes += length
    if (record.resent) this.#resentBytes -= length
    record.lost = true
    record.resent = false
    if (at < this.#hint) this.#hint = at
  }

  /** The first record is lost, and goes again whatever the congestion window says. */
  loseFirst(): void {
    if (this.empty) return
    this.#lose(this.#head)
    this.#urgent = true
  }

  /** The first record is lost, if nothing is known of it yet: it goes again when the congestion window lets it. */
  doubtFirst(): void {
    const head = this.first
    if (head !== undefined && !head.lost) this.#lose(this.#head)
  }

  /** What the path does not take any more is lost: every record longer than that, its retransmission too. */
  loseLonger(length: number): void {
    for (let i = this.#head; i < this.#records.length; i++) {
      const record = this.#records[i]!
      if (diff(record.end, record.seq) > length && !(record.lost && !record.resent)) this.#lose(i)
    }
  }

  /** RFC 6298 §5.4 and RFC 5681 §3.1: after a time-out all that is not known to have arrived counts as lost. */
  loseAll(): void {
    for (let i = this.#head; i < this.#records.length; i++) this.#lose(i)
    this.#departed = 0
  }

  /**
   * RFC 6675 §4, IsLost: what the peer does not hold is lost when it holds so many records beyond, or more than so many bytes.
   * @returns whether the first record is among the lost
   */
  loseBehind(records: number, bytes: number): boolean {
    const edge = this.#edge(records, bytes)
    if (edge !== null && (this.#judged === null || lt(this.#judged, edge))) {
      for (let i = this.#judged === null ? this.#head : this.#indexOf(this.#judged); i < this.#records.length; i++) {
        const record = this.#records[i]!
        if (!lt(record.seq, edge)) break
        if (!record.lost) this.#lose(i)
      }
      this.#judged = edge
    }
    return this.first?.lost ?? false
  }

  /** Where the lowest run begins beyond which the peer holds that much, itself counted. */
  #edge(records: number, bytes: number): Seq | null {
    let count = 0
    let size = 0
    for (let at = this.#runs.count - 1; at >= 0; at--) {
      const run = this.#runs.at(at)!
      count += run.count
      size += diff(run.end, run.start)
      if (count >= records || size > bytes) return run.start
    }
    return null
  }

  /** The first record that is marked and waits to be sent again. */
  nextLost(): Sent | undefined {
    if (this.#lostBytes === this.#resentBytes) return undefined
    for (; this.#hint < this.#records.length; this.#hint++) {
      const record = this.#records[this.#hint]!
      if (record.lost && !record.resent) return record
    }
    return undefined
  }

  /** Cuts a record in two after `length`, so that its head can be sent alone. */
  split(record: Sent, length: number): void {
    if (length <= 0 || length >= diff(record.end, record.seq)) return
    const middle = add(record.seq, length)
    this.#records.splice(this.#indexOf(record.seq) + 1, 0, { ...record, seq: middle })
    record.end = middle
  }

  /**
   * The peer says it holds start … end (RFC 2018), which lies within what is out. Answers how many bytes that is news
   * about. A record is marked when the block covers it whole.
   */
  sack(start: Seq, end: Seq, taker: Taker): number {
    let news = 0
    for (let i = this.#indexOf(start); i < this.#records.length; ) {
      const record = this.#records[i]!
      if (gt(record.end, end)) break
      if (record.sacked) {
        i = this.#indexOf(this.#runs.at(this.#runs.before(record.seq))!.end)
        continue
      }
      news += this.#mark(record, taker)
      i++
    }
    return news
  }

  #mark(record: Sent, taker: Taker): number {
    const length = diff(record.end, record.seq)
    if (record.lost) this.#lostBytes -= length
    if (record.resent) this.#resentBytes -= length
    record.lost = false
    record.resent = false
    record.sacked = true
    this.#sackedBytes += length
    taker.take(record, length, false)
    if (this.#runs === NO_RUNS) this.#runs = new Runs()
    this.#runs.add(record.seq, record.end)
    return length
  }

  /** RFC 2018 §8: after a time-out the peer may have dropped what it said it held. */
  forgetSacks(): void {
    for (let i = this.#head; i < this.#records.length; i++) this.#records[i]!.sacked = false
    this.#sackedBytes = 0
    this.#runs = NO_RUNS
    this.#judged = null
  }

  /** Without SACK: a duplicate ACK says that so much has left the network. */
  depart(bytes: number): void {
    this.#departed = Math.max(0, Math.min(this.#departed + bytes, this.#outstanding - this.#lostBytes))
  }

  /** Without SACK: what duplicate ACKs have said is settled. */
  forgetDeparted(): void {
    this.#departed = 0
  }
}
