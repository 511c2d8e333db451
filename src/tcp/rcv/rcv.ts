/** The receive sequence space (RFC 9293 §3.3.1): what has arrived, what may arrive, and what of it is to be acknowledged. */
import type { Nanos } from '../../base/clock.ts'
import { add, diff, earliest, gt, latest, leq, lt, type Seq, seq } from '../../wire/sequence.ts'
import { TIMER, type Timers } from '../timers.ts'
import { Inbox } from './inbox.ts'
import { Reassembly } from './reassembly.ts'
import { Stamps } from './stamps.ts'

/** RFC 7323 §2.3: a shift count above this is taken as this. */
export const MAX_WINDOW_SCALE = 14

/** Shared by all connections that nothing overtakes: most of them, always. Nothing is ever put into it. */
const NOTHING_AHEAD = new Reassembly(0)

export class Rcv {
  readonly inbox = new Inbox()
  #reassembly = NOTHING_AHEAD
  readonly #runs: number
  readonly stamps: Stamps
  readonly #timers: Timers
  #irs: Seq = seq(0)
  #nxt: Seq = seq(0)
  #adv: Seq = seq(0)
  #scale = 0
  /** What the window field counts in: 2^scale. */
  #unit = 1
  #buffer: number
  /** Eff.snd.MSS, which stands for what the peer sends (RFC 9293 §3.8.6.2.2). */
  #mss: number
  #finAt: Seq | null = null
  #finished = false
  #ackNow = false
  #unacked = 0
  #lastAckSent: Seq = seq(0)
  #delayedAck: Nanos
  #bytes = 0
  #outOfOrder = 0
  #largest = 0
  #lastDataAt: Nanos = -1

  constructor(mss: number, buffer: number, runs: number, stampOffset: number, delayedAck: Nanos, timers: Timers) {
    this.#mss = mss
    this.#buffer = buffer
    this.#delayedAck = delayedAck
    this.#timers = timers
    this.#runs = runs
    this.stamps = new Stamps(stampOffset)
  }

  /** Segments that have arrived ahead of a gap. */
  get reassembly(): Reassembly {
    return this.#reassembly
  }

  get irs(): Seq {
    return this.#irs
  }

  get nxt(): Seq {
    return this.#nxt
  }

  /** The right edge that was advertised: RCV.NXT + RCV.WND. It never moves back. */
  get adv(): Seq {
    return this.#adv
  }

  get wnd(): number {
    return diff(this.#adv, this.#nxt)
  }

  get scale(): number {
    return this.#scale
  }

  /** The peer's FIN has arrived, and everything before it. */
  get finished(): boolean {
    return this.#finished
  }

  /** An ACK is due now. */
  get ackNow(): boolean {
    return this.#ackNow
  }

  /** Last.ACK.sent of RFC 7323 §4.3. */
  get lastAckSent(): Seq {
    return this.#lastAckSent
  }

  /** Bytes that have arrived in order. */
  get bytes(): number {
    return this.#bytes
  }

  /** Segments that have arrived ahead of a gap. */
  get outOfOrder(): number {
    return this.#outOfOrder
  }

  /** The longest segment text that has arrived. */
  get largest(): number {
    return this.#largest
  }

  /** When data has arrived last; −1: none has. */
  get lastDataAt(): Nanos {
    return this.#lastDataAt
  }

  // ——— the handshake ———

  /** The peer's SYN. @param offered the window that our own SYN offers, or has offered */
  begin(irs: Seq, offered: number): void {
    this.#irs = irs
    this.#nxt = this.#lastAckSent = add(irs, 1)
    this.#adv = add(this.#nxt, offered)
  }

  agree(mss: number, scale: number): void {
    this.#mss = mss
    this.#scale = scale
    this.#unit = 2 ** scale
  }

  // ——— what is acceptable ———

  /** RFC 9293 §3.4, Table 6: whether any of the segment lies in the window; `length` counts SYN and FIN. */
  accepts(start: Seq, length: number): boolean {
    const window = this.wnd
    if (length === 0) return window === 0 ? start === this.#nxt : leq(this.#nxt, start) && lt(start, this.#adv)
    if (window === 0) return false
    return lt(start, this.#adv) && leq(this.#nxt, add(start, length - 1))
  }

  // ——— what arrives ———

  /** Whether any of so many bytes there is new, and was offered. */
  isNews(at: Seq, length: number): boolean {
    return gt(add(at, length), this.#nxt) && lt(latest(at, this.#nxt), this.#limit)
  }

  /** What is beyond this is not taken: the peer's FIN, or the edge of the window. */
  get #limit(): Seq {
    return this.#finAt === null ? this.#adv : earliest(this.#finAt, this.#adv)
  }

  /**
   * Text that overlaps the window: what is new is taken in, and acknowledged now or later.
   * @param segments how many segments it was on the wire
   */
  text(at: Seq, text: Uint8Array, segments: number, now: Nanos): void {
    const start = latest(at, this.#nxt)
    const old = Math.min(diff(start, at), text.length)
    const end = Math.min(text.length, Math.max(old, diff(this.#limit, at)))
    // Nothing new, or more than was offered: the sender has to hear where this side stands.
    if (end === old || end < text.length) this.#ackNow = true
    if (end === old) return
    const bytes = end - old === text.length ? text : text.subarray(old, end)
    this.#lastDataAt = now
    if (text.length > this.#largest) this.#largest = text.length
    if (start === this.#nxt) this.#inOrder(bytes, segments, now)
    else {
      this.#ackNow = true // RFC 5681 §4.2: at once, it is the sender's fast retransmit that waits for it
      this.#outOfOrder++
      if (this.#reassembly === NOTHING_AHEAD) this.#reassembly = new Reassembly(this.#runs)
      this.#reassembly.insert(start, bytes)
    }
  }

  #inOrder(bytes: Uint8Array, segments: number, now: Nanos): void {
    const before = this.#nxt
    this.inbox.lend(bytes)
    this.#nxt = add(before, bytes.length)
    if (this.#reassembly.size > 0) {
      // RFC 5681 §4.2: a segment that fills a gap, or part of one, is acknowledged at once.
      this.#ackNow = true
      this.#nxt = this.#reassembly.take(this.#nxt, this.inbox)
    } else {
      // RFC 9293 §3.8.6.3, SHLD-19: at least every second segment; MUST-40: within half a second.
      this.#unacked += segments
      if (this.#unacked >= 2 || this.#delayedAck === 0) this.#ackNow = true
      else this.#timers.ensure(TIMER.delayedAck, now + this.#delayedAck)
    }
    this.#bytes += diff(this.#nxt, before)
  }

  /**
   * A FIN stands there. Only one inside the window counts, at the first place it came; not one before data that is here already.
   */
  fin(at: Seq): void {
    if (this.#finAt === null && leq(at, this.#adv) && !this.#reassembly.reaches(at)) this.#finAt = at
    this.#ackNow = true
  }

  /** RFC 9293 §3.10.7.4, eighth: takes the FIN in when everything before it is here. Answers whether it did. */
  finish(): boolean {
    if (this.#finAt === null || this.#nxt !== this.#finAt) return false
    this.#nxt = add(this.#nxt, 1)
    if (gt(this.#nxt, this.#adv)) this.#adv = this.#nxt
    this.#finAt = null
    this.#finished = true
    this.#ackNow = true
    this.#reassembly = NOTHING_AHEAD
    return true
  }

  // ——— what is read ———

  /** The next bytes in order, or null: their room is free again, which the peer is told when it is worth a segment. */
  read(): Uint8Array | null {
    const bytes = this.inbox.take()
    if (bytes !== null && !this.#finished && this.#windowIsNews()) this.#ackNow = true
    return bytes
  }

  /** Nobody will read any more. */
  discard(): void {
    this.inbox.clear()
  }

  // ——— what is owed ———

  /** An ACK goes out as soon as anything may. */
  oweAck(): void {
    this.#ackNow = true
  }

  /** RCV.NXT is told by a segment that leaves: nothing is owed. */
  acknowledged(): void {
    this.#ackNow = false
    this.#unacked = 0
    this.#lastAckSent = this.#nxt
    this.#timers.stop(TIMER.delayedAck)
  }

  /**
   * The window field for the next segment, after moving RCV.ADV as far as silly-window avoidance allows.
   * RFC 9293 §3.8.6.2.2: the edge moves by half the buffer or a whole segment, or not at all; it never moves back.
   */
  advertise(): number {
    const free = this.#free
    const edge = add(this.#nxt, free)
    if (diff(edge, this.#adv) >= Math.min(this.#buffer / 2, this.#mss)) this.#adv = edge
    const window = diff(this.#adv, this.#nxt)
    const unit = this.#unit
    // Rounding down would take back what was offered. Rounding up goes over the buffer by less than one unit, once:
    // when a rounded edge is out already, the field has to round down (RFC 7323 §2.4 allows for it).
    const up = Math.ceil(window / unit)
    const field = Math.min(up * unit <= free + unit - 1 ? up : Math.floor(window / unit), 0xffff)
    const offered = add(this.#nxt, field * unit)
    if (gt(offered, this.#adv)) this.#adv = offered
    return field
  }

  /** Bytes that the buffer takes, and the window field can tell of. */
  get #free(): number {
    const largest = Math.min(this.#buffer, 0xffff * this.#unit)
    return Math.max(0, largest - this.inbox.bytes)
  }

  /**
   * Whether telling the peer of the room the program has made is worth a segment of its own: it doubles the window
   * (as Linux has it), and by enough for the peer to use. Otherwise the next ACK will tell.
   */
  #windowIsNews(): boolean {
    const free = this.#free
    const window = this.wnd
    return free >= 2 * window && free - window >= Math.min(this.#buffer / 2, 2 * this.#mss)
  }

  // ——— settings ———

  /** SO_RCVBUF. The window scale stays what the handshake agreed on; what has been offered is not taken back. */
  resize(buffer: number): void {
    this.#buffer = buffer
    if (this.#windowIsNews()) this.#ackNow = true
  }

  /** TCP_QUICKACK is 0. What is owed already goes at once. */
  delayAcks(delay: Nanos): void {
    this.#delayedAck = delay
    if (delay === 0 && this.#unacked > 0) this.#ackNow = true
  }
}
