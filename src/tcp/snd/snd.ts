/** The send sequence space (RFC 9293 §3.3.1): what is sent, what may be sent, and what waits for it. */
import type { Nanos } from '../../base/clock.ts'
import { add, diff, earliest, gt, leq, lt, type Seq, seq } from '../../wire/sequence.ts'
import { SendBuffer } from './send-buffer.ts'

/** A partial segment is not held back for as long as it takes to fill it. */
const NO_CORK: Nanos = 0

export class Snd {
  readonly iss: Seq
  readonly buffer: SendBuffer
  #una: Seq
  #nxt: Seq
  #wnd = 0
  #wl1: Seq = seq(0)
  #wl2: Seq = seq(0)
  #maxWnd = 0
  #scale = 0
  /** What the peer's window field counts in: 2^scale. */
  #unit = 1
  #mss: number
  /** SO_SNDBUF. */
  #most: number
  #noDelay: boolean
  #finished = false
  #cork: Nanos = NO_CORK
  #override = false
  #probing = false
  #probes = 0
  #backoff = 0
  #bytes = 0
  #acked = 0
  #lastDataAt: Nanos = -1

  constructor(iss: Seq, mss: number, most: number, noDelay: boolean) {
    this.iss = iss
    this.#una = this.#nxt = iss
    this.#mss = mss
    this.#most = most
    this.#noDelay = noDelay
    this.buffer = new SendBuffer(add(iss, 1))
  }

  get una(): Seq {
    return this.#una
  }

  get nxt(): Seq {
    return this.#nxt
  }

  /** The peer's window in bytes. */
  get wnd(): number {
    return this.#wnd
  }

  /** The largest window the peer has offered: Max(SND.WND) of §3.8.6.2.1. */
  get maxWnd(): number {
    return this.#maxWnd
  }

  get scale(): number {
    return this.#scale
  }

  /** Eff.snd.MSS of §3.7.1: what the peer and the path take, less the options that every segment carries. */
  get mss(): number {
    return this.#mss
  }

  /** One past the last number that the peer lets be sent. */
  get edge(): Seq {
    return add(this.#una, this.#wnd)
  }

  /** The program has said its last: a FIN follows what is buffered. */
  get finished(): boolean {
    return this.#finished
  }

  /** Bytes written and not yet sent. */
  get unsent(): number {
    return Math.max(0, this.buffer.after(this.#nxt))
  }

  /** The FIN is still to be sent. */
  get finWaits(): boolean {
    return this.#finished && this.buffer.after(this.#nxt) >= 0
  }

  /** The FIN has been sent and acknowledged. */
  get finAcked(): boolean {
    return this.#finished && this.buffer.length === 0 && this.#una === add(this.buffer.end, 1)
  }

  /** A window probe or a keepalive is due. */
  get probing(): boolean {
    return this.#probing
  }

  /** Window probes since anything was heard. */
  get probes(): number {
    return this.#probes
  }

  /** How many times the interval of the probes has doubled. */
  get backoff(): number {
    return this.#backoff
  }

  /** How long a partial segment is held back while the program is about to write more; 0: it is not. */
  get cork(): Nanos {
    return this.#cork
  }

  /** Bytes sent, once each, and of those acknowledged. */
  get bytes(): number {
    return this.#bytes
  }

  get acked(): number {
    return this.#acked
  }

  /** When data was sent last; −1: none was. */
  get lastDataAt(): Nanos {
    return this.#lastDataAt
  }

  // ——— the handshake ———

  /** The SYN is sent, for the first time. */
  sentSyn(): void {
    this.#nxt = add(this.iss, 1)
  }

  /** What the peer's SYN says; its window is never scaled (RFC 7323 §2.2). */
  agree(mss: number, scale: number, window: number, wl1: Seq, wl2: Seq): void {
    this.#mss = mss
    this.#scale = scale
    this.#unit = 2 ** scale
    this.#wnd = this.#maxWnd = window
    this.#wl1 = wl1
    this.#wl2 = wl2
  }

  // ——— what the program does ———

  /** Copies the bytes. */
  write(bytes: Uint8Array): void {
    this.buffer.write(bytes)
  }

  finish(): void {
    this.#finished = true
    this.#cork = NO_CORK
  }

  hold(cork: Nanos): void {
    this.#cork = cork
  }

  set noDelay(on: boolean) {
    this.#noDelay = on
  }

  /** SO_SNDBUF: how many bytes may be out at once. */
  get most(): number {
    return this.#most
  }

  set most(bytes: number) {
    this.#most = bytes
  }

  // ——— what may be sent ———

  /** How many bytes the next new segment can carry: as many as there are, one segment, what the peer's window lets through. */
  sendable(unsent: number): number {
    return Math.min(unsent, this.#mss, diff(this.edge, this.#nxt))
  }

  /** Whether the FIN rides on a new segment of so many bytes: it is the last, and the window has a number for it. */
  finRides(length: number, unsent: number): boolean {
    return this.#finished && length === unsent && diff(this.edge, this.#nxt) > length
  }

  /** Silly-window avoidance of the sender (RFC 9293 §3.8.6.2.1) and Nagle's algorithm (§3.7.4). */
  worthwhile(length: number, unsent: number): boolean {
    if (length >= this.#mss || this.#override) return true // (1), (4)
    if (length < unsent) return length >= this.#maxWnd / 2 // (3), with Fs = 1/2
    if (this.#finished) return true // a FIN ends all waiting
    return this.#cork === NO_CORK && (this.#noDelay || this.#nxt === this.#una) // (2)
  }

  // ——— what happens to it ———

  sent(length: number, fin: boolean, now: Nanos): void {
    this.#nxt = add(this.#nxt, length + (fin ? 1 : 0))
    this.#bytes += length
    this.#override = false
    this.#lastDataAt = now
  }

  sentAgain(now: Nanos): void {
    this.#lastDataAt = now
  }

  /** RFC 5961 §5.2: an ACK of something never sent, or older than the largest window, is not believed. */
  believes(ack: Seq): boolean {
    return leq(ack, this.#nxt) && diff(this.#una, ack) <= this.#maxWnd
  }

  /** SND.UNA moves: what is acknowledged is let go. */
  acknowledge(ack: Seq): void {
    this.#una = ack
    const written = earliest(ack, this.buffer.end) // a FIN takes a number, but no byte
    if (!gt(written, this.buffer.start)) return
    this.#acked += diff(written, this.buffer.start)
    this.buffer.acknowledge(written)
  }

  /**
   * RFC 9293 §3.10.7.4, fifth: SND.WL1 and SND.WL2 keep an old segment from setting the window.
   * @param field as it stands in the header
   * @returns whether it was closed and is open now
   */
  update(at: Seq, ack: Seq, field: number): boolean {
    if (lt(ack, this.#una) || !(lt(this.#wl1, at) || (this.#wl1 === at && leq(this.#wl2, ack)))) return false
    const window = field * this.#unit
    const reopened = this.#wnd === 0 && window > 0
    this.#wnd = window
    this.#wl1 = at
    this.#wl2 = ack
    if (window > this.#maxWnd) this.#maxWnd = window
    if (reopened) this.#backoff = 0
    return reopened
  }

  /** The path takes shorter segments. */
  narrow(mss: number): void {
    this.#mss = mss
  }

  // ——— a window that is closed or too small ———

  /** The peer has been heard. */
  heard(): void {
    this.#probes = 0
  }

  /** Nothing waits for the window any more. */
  calm(): void {
    this.#probes = 0
    this.#backoff = 0
  }

  /** It is time to ask, or to send what there is: the override of §3.8.6.2.1. */
  insist(): void {
    if (this.#wnd > 0) this.#override = true
    else this.#probing = true
    this.#probes++
    this.#backoff++
  }

  /** A keepalive. */
  probe(): void {
    this.#probing = true
  }

  probed(): void {
    this.#probing = false
  }
}
