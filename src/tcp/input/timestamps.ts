/** The time stamp option (RFC 7323): round trips of what was sent again (§4), and protection against old segments (§5). */
import { MILLISECOND, type Nanos, SECOND } from '../../base/clock.ts'
import type { TcpSegment, Timestamps } from '../../wire/tcp.ts'
import { leq, type Seq } from '../sequence.ts'
import type { Tcb } from '../tcb.ts'

/** RFC 7323 §5.4: between 1 ms and 1 s; like Linux the finest. */
const TICK: Nanos = MILLISECOND
/** RFC 7323 §5.5: after so long without a segment TS.Recent says nothing, the peer's clock may have gone half round. */
const MAX_AGE: Nanos = 24 * 24 * 3600 * SECOND

/** Bytes that the option takes of every segment, with its padding. */
export const TIMESTAMPS_LENGTH = 12

/** TSval: our clock, begun anywhere, so that it does not tell how long the host has been up (RFC 7323 §7.1). */
function clock(tcb: Tcb, now: Nanos): number {
  return (Math.floor(now / TICK) + tcb.timestampOffset) >>> 0
}

export function stamp(tcb: Tcb, now: Nanos): Timestamps {
  return { value: clock(tcb, now), echo: tcb.tsRecent }
}

/** RFC 7323 §5.3, R1: an older stamp than the newest taken in: a segment of the past, however right its number. */
export function outdated(tcb: Tcb, segment: TcpSegment, now: Nanos): boolean {
  const stamps = segment.options.timestamps
  if (!tcb.timestamps || stamps === null) return false
  return ((stamps.value - tcb.tsRecent) | 0) < 0 && now - tcb.tsRecentAt < MAX_AGE
}

/**
 * RFC 7323 §4.3 (2): the stamp to echo is that of the segment that moved the window's left edge, the oldest that is
 * not acknowledged: so delayed ACKs measure their delay too. A segment without one is taken as it is, as Linux does;
 * RFC 7323 §3.2 would drop it, and with it connections through devices that remove options.
 */
export function remember(tcb: Tcb, segment: TcpSegment, start: Seq, now: Nanos): void {
  const stamps = segment.options.timestamps
  if (!tcb.timestamps || stamps === null) return
  if (((stamps.value - tcb.tsRecent) | 0) < 0 && now - tcb.tsRecentAt < MAX_AGE) return
  if (!leq(start, tcb.lastAckSent)) return
  tcb.tsRecent = stamps.value
  tcb.tsRecentAt = now
}

/** The round trip that the echo tells, or −1. Only a tick exact: for where Karn's algorithm leaves no better one. */
export function echoedRtt(tcb: Tcb, segment: TcpSegment, now: Nanos): Nanos {
  const stamps = segment.options.timestamps
  if (!tcb.timestamps || stamps === null) return -1
  const ticks = (clock(tcb, now) - stamps.echo) | 0
  return ticks < 0 ? -1 : Math.max(ticks, 1) * TICK
}
