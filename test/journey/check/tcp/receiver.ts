/** The receiving half of one end: what it acknowledges, what it offers, and how soon. */
import { MILLISECOND, type Nanos } from '../../../../src/base/clock.ts'
import { ACK, FIN, RST, type Segment, SYN } from '../../wire.ts'

type Say = (rule: string, at: Nanos, what: string) => void

/** RFC 9293 §3.8.6.3, MUST-40. */
const DELAYED_ACK_AT_MOST = 500 * MILLISECOND

export class Receiver {
  readonly #say: Say
  /** The peer's initial number; numbers below count from it. */
  irs: number | null = null
  rcvNxt = 0
  /** The right edge that has been offered. */
  edge = 0
  scale = 0
  /** The peer's FIN has been taken in. */
  finished = false
  #finAt: number | null = null
  /** Out of order, disjoint, ascending. */
  #pieces: [number, number][] = []
  #latest: [number, number] | null = null
  /** Since when an ACK has been due at once. */
  #due: Nanos | null = null
  #owed = 0
  #owedSince: Nanos | null = null
  #full = 0
  #offered = new Set<number>()
  #lastStamp = -1
  /** When how much had come in order. */
  readonly progress: { readonly length: number; readonly at: Nanos }[] = []
  #sacking = false

  constructor(say: Say) {
    this.#say = say
  }

  got(segment: Segment, at: Nanos): void {
    this.#punctual(at)
    if (segment.stamps !== null) this.#offered.add(segment.stamps[0])
    if (segment.flags & SYN) {
      if (this.irs !== null) return void (this.#due ??= at)
      this.irs = segment.seq
      this.rcvNxt = 1
      this.#due = at
      return
    }
    if (this.irs === null || segment.flags & RST) return
    const start = (segment.seq - this.irs) | 0
    const end = start + segment.payload.length
    if (segment.flags & FIN) this.#finAt = end
    if (end === start && !(segment.flags & FIN)) return
    if (start > this.rcvNxt || end < this.rcvNxt || (end === this.rcvNxt && !(segment.flags & FIN))) {
      // RFC 5681 §4.2: out of order, or had already: at once.
      this.#due ??= at
      if (start > this.rcvNxt) this.#keep(start, end)
      return
    }
    const gap = this.#pieces.length > 0
    this.#full = Math.max(this.#full, segment.payload.length)
    this.rcvNxt = Math.max(this.rcvNxt, end)
    this.#join()
    this.progress.push({ length: this.rcvNxt - 1, at })
    if (this.#finAt === this.rcvNxt && !this.finished) {
      this.rcvNxt++
      this.finished = true
      this.#due ??= at
    }
    if (gap) this.#due ??= at
    this.#owed++
    this.#owedSince ??= at
    // RFC 9293 §3.8.6.3, SHLD-19: at least every second full segment.
    if (this.#owed >= 2 && segment.payload.length === this.#full) this.#due ??= at
  }

  #keep(start: number, end: number): void {
    this.#latest = [start, end]
    this.#pieces = merge([...this.#pieces, [start, end]])
  }

  #join(): void {
    const first = this.#pieces[0]
    if (first === undefined || first[0] > this.rcvNxt) return
    this.rcvNxt = Math.max(this.rcvNxt, first[1])
    this.#pieces.shift()
    this.#latest = null
  }

  /** Whether an ACK was owed for what had come before, and this is that one: it does not know what comes next. */
  owes({ ack, sack }: Segment, { seq, payload }: Segment): boolean {
    if (this.#owedSince === null || this.irs === null || payload.length === 0) return false
    const told = sack.some(([start, end]) => ((seq - start) | 0) >= 0 && ((end - seq) | 0) > 0)
    return ((ack - this.irs) | 0) === this.rcvNxt && ((seq - ack) | 0) >= 0 && !told
  }

  /** This end has sent a segment. */
  sent(segment: Segment, at: Nanos): void {
    this.#punctual(at)
    if (segment.flags & RST || !(segment.flags & ACK) || this.irs === null) return
    const ack = (segment.ack - this.irs) | 0
    if (ack !== this.rcvNxt) this.#say('RFC 9293 §3.4', at, `acknowledges ${ack}, has got up to ${this.rcvNxt}`)
    const edge = ack + segment.window * (segment.flags & SYN ? 1 : 2 ** this.scale)
    if (edge < this.edge) this.#say('RFC 9293 §3.8.6, SHLD-14', at, `takes back its window: ${this.edge} to ${edge}`)
    this.edge = Math.max(this.edge, edge)
    this.#checkSack(segment, at)
    this.#checkStamps(segment, at)
    this.#due = null
    this.#owed = 0
    this.#owedSince = null
  }

  /** RFC 2018 §4: what has arrived and nothing else, the latest first, and as long as there is a hole. */
  #checkSack({ sack, payload }: Segment, at: Nanos): void {
    if (this.#sacking && this.#pieces.length > 0 && sack.length === 0 && payload.length === 0)
      this.#say('RFC 2018 §4', at, 'does not say what it has got beyond the hole')
    sack.forEach(([from, to], i) => {
      const [start, end] = [(from - this.irs!) | 0, (to - this.irs!) | 0]
      const held = this.#pieces.some(([low, high]) => low <= start && end <= high)
      if (!held) this.#say('RFC 2018 §4', at, `claims ${start}:${end}, which it has not got beyond a hole`)
      if (i === 0 && this.#latest !== null && !(start <= this.#latest[0] && this.#latest[1] <= end))
        this.#say('RFC 2018 §4 (1)', at, 'the first block is not the latest arrival')
    })
  }

  /** Both SYNs have permitted it. */
  set sacking(on: boolean) {
    this.#sacking = on
  }

  /** RFC 7323 §3.2, §4.3: what is echoed has been heard; the own clock does not go back. */
  #checkStamps({ stamps, flags }: Segment, at: Nanos): void {
    if (stamps === null) return
    const [value, echo] = stamps
    if (this.#lastStamp >= 0 && ((value - this.#lastStamp) | 0) < 0)
      this.#say('RFC 7323 §5.4', at, 'its clock goes back')
    this.#lastStamp = value
    if ((flags & ACK) !== 0 && !this.#offered.has(echo))
      this.#say('RFC 7323 §3.2', at, `echoes ${echo}, which it never heard`)
  }

  #punctual(at: Nanos): void {
    if (this.#due !== null && at > this.#due) {
      this.#say('RFC 5681 §4.2', this.#due, 'does not acknowledge at once')
      this.#due = null
    }
    if (this.#owedSince !== null && at - this.#owedSince > DELAYED_ACK_AT_MOST) {
      this.#say('RFC 9293 §3.8.6.3, MUST-40', at, 'acknowledges later than after half a second')
      this.#owedSince = null
    }
  }

  /** Nothing more will come. */
  end(at: Nanos): void {
    this.#punctual(at)
  }
}

function merge(pieces: [number, number][]): [number, number][] {
  const sorted = pieces.sort((a, b) => a[0] - b[0])
  const merged: [number, number][] = []
  for (const [start, end] of sorted) {
    const last = merged[merged.length - 1]
    if (last !== undefined && start <= last[1]) last[1] = Math.max(last[1], end)
    else merged.push([start, end])
  }
  return merged
}
