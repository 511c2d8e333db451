/** The time stamp option (RFC 7323): round trips of what was sent again (§4), and protection against old segments (§5). */
import { MILLISECOND, type Nanos, SECOND } from '../../base/clock.ts'
import { leq, type Seq } from '../../wire/sequence.ts'
import type { Timestamps } from '../../wire/tcp.ts'

/** RFC 7323 §5.4: between 1 ms and 1 s; like Linux the finest. */
const TICK: Nanos = MILLISECOND
/** RFC 7323 §5.5: after so long without a segment TS.Recent says nothing, the peer's clock may have gone half round. */
const MAX_AGE: Nanos = 24 * 24 * 3600 * SECOND

/** Bytes that the option takes of every segment, with its padding. */
export const TIMESTAMPS_LENGTH = 12

export class Stamps {
  /** Where the clock begins: anywhere, so that it does not tell how long the host has been up (RFC 7323 §7.1). */
  readonly offset: number
  #on = false
  /** TS.Recent, and when it was taken in. */
  #recent = 0
  #recentAt: Nanos = 0
  /** What the next ACK echoes instead; −1: nothing. */
  #once = -1

  constructor(offset: number) {
    this.offset = offset
  }

  /** Both sides send them. */
  get on(): boolean {
    return this.#on
  }

  get recent(): number {
    return this.#recent
  }

  /** What the peer's SYN has said. */
  begin(on: boolean, stamps: Timestamps | null, now: Nanos): void {
    this.#on = on
    this.#recent = stamps?.value ?? 0
    this.#recentAt = now
  }

  /** TSval. */
  #clock(now: Nanos): number {
    return (Math.floor(now / TICK) + this.offset) >>> 0
  }

  /** For a segment that leaves. */
  stamp(now: Nanos): Timestamps {
    const echo = this.#once < 0 ? this.#recent : this.#once
    this.#once = -1
    return { value: this.#clock(now), echo }
  }

  /** RFC 7323 §5.3, R1: an older stamp than the newest taken in: a segment of the past, however right its number. */
  outdates(stamps: Timestamps | null, now: Nanos): boolean {
    if (!this.#on || stamps === null) return false
    return ((stamps.value - this.#recent) | 0) < 0 && now - this.#recentAt < MAX_AGE
  }

  /** Whether it is later than the newest taken in. */
  isLater(stamps: Timestamps | null): boolean {
    return this.#on && stamps !== null && ((stamps.value - this.#recent) | 0) > 0
  }

  /**
   * RFC 7323 §4.3 (2): the stamp to echo is that of the segment that moved the window's left edge, the oldest that is
   * not acknowledged: so delayed ACKs measure their delay too. A segment without one is taken as it is, as Linux does;
   * RFC 7323 §3.2 would drop it, and with it connections through devices that remove options.
   * @param lastAckSent Last.ACK.sent
   */
  remember(stamps: Timestamps | null, start: Seq, lastAckSent: Seq, now: Nanos): void {
    if (!this.#on || stamps === null || this.outdates(stamps, now) || !leq(start, lastAckSent)) return
    this.#recent = stamps.value
    this.#recentAt = now
  }

  /**
   * The next ACK answers a segment that had been got and acknowledged before: it echoes that sending of it. With the stamp of
   * the first one the peer would take its whole time-out for a round trip. TS.Recent stays: RFC 7323 §5.3, R3 takes it from
   * acceptable segments only, or one blind shot with a stamp of the future would make all true segments look old.
   */
  echoOnce(stamps: Timestamps | null): void {
    if (this.#on && stamps !== null) this.#once = stamps.value
  }

  /** The round trip that the echo tells, or −1. Only a tick exact: for where Karn's algorithm leaves no better one. */
  echoedRtt(stamps: Timestamps | null, now: Nanos): Nanos {
    if (!this.#on || stamps === null) return -1
    const ticks = (this.#clock(now) - stamps.echo) | 0
    return ticks < 0 ? -1 : Math.max(ticks, 1) * TICK
  }

  /** Whether the peer answers something that was sent before `sentAt`, as far as the clock's ticks tell. */
  answersBefore(stamps: Timestamps | null, sentAt: Nanos): boolean {
    return this.#on && stamps !== null && ((stamps.echo - this.#clock(sentAt)) | 0) < 0
  }
}
