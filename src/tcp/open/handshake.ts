/** What the two SYNs agree on. */
import type { Nanos } from '../../base/clock.ts'
import { NO_OPTIONS, type TcpOptions } from '../../wire/tcp.ts'
import { stamp, TIMESTAMPS_LENGTH } from '../input/timestamps.ts'
import { DEFAULT_MSS, MAX_WINDOW_SCALE, MIN_MSS } from '../limits.ts'
import { sackRecovery } from '../recovery/sack.ts'
import type { Tcb } from '../tcb.ts'

/** RFC 7323 §2.2: the least shift that lets the whole receive buffer be advertised. */
export function scaleFor(receiveBuffer: number): number {
  let shift = 0
  while (shift < MAX_WINDOW_SCALE && receiveBuffer > 0xffff * 2 ** shift) shift++
  return shift
}

/** The options of this side's SYN, or of its SYN-ACK, which may only take up what the SYN offered. */
export function synOptions(tcb: Tcb, now: Nanos): TcpOptions {
  const answering = tcb.state === 'SYN-RECEIVED'
  const scaling = answering ? tcb.scaling : tcb.settings.windowScaling
  const sack = answering ? tcb.sackPermitted : tcb.settings.sack
  const timestamps = answering ? tcb.timestamps : tcb.settings.timestamps
  return {
    ...NO_OPTIONS,
    mss: tcb.ownMss,
    windowScale: scaling ? scaleFor(tcb.settings.receiveBuffer) : null,
    sackPermitted: sack,
    timestamps: timestamps ? stamp(tcb, now) : null,
  }
}

/** The window of this side's SYN, which is never scaled (RFC 7323 §2.2). */
export function synWindow(tcb: Tcb): number {
  return Math.min(tcb.settings.receiveBuffer, 0xffff)
}

/** Takes in the peer's SYN. */
export function learn(tcb: Tcb, options: TcpOptions, now: Nanos): void {
  const announced = options.mss ?? DEFAULT_MSS
  tcb.timestamps = options.timestamps !== null && tcb.settings.timestamps
  tcb.tsRecent = options.timestamps?.value ?? 0
  tcb.tsRecentAt = now
  // RFC 6691 §2: the MSS counts no options; what every segment carries comes off what it can hold.
  const overhead = tcb.timestamps ? TIMESTAMPS_LENGTH : 0
  tcb.mss = Math.max(MIN_MSS, Math.min(announced, tcb.ownMss, tcb.pathMss)) - overhead
  // RFC 7323 §2.2: only when both SYNs carry the option does either direction scale.
  tcb.scaling = options.windowScale !== null && tcb.settings.windowScaling
  if (tcb.scaling) {
    tcb.sndScale = Math.min(options.windowScale ?? 0, MAX_WINDOW_SCALE)
    tcb.rcvScale = scaleFor(tcb.settings.receiveBuffer)
  }
  tcb.sackPermitted = options.sackPermitted && tcb.settings.sack
  if (tcb.sackPermitted) tcb.recovery = sackRecovery
  tcb.congestion.resize(tcb.mss, initialWindow(tcb.mss, tcb.settings.initialWindow))
}

/** RFC 6928 §2: min (10·MSS, max (2·MSS, 14600)), 14600 being ten segments of an Ethernet. */
export function initialWindow(mss: number, segments: number): number {
  return Math.min(segments * mss, Math.max(2 * mss, segments * 1460))
}
