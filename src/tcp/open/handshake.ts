/** What the two SYNs agree on. */
import type { Nanos } from '../../base/clock.ts'
import { NO_OPTIONS, type TcpOptions, type TcpSegment } from '../../wire/tcp.ts'
import type { ControlBlock } from '../block.ts'
import { MAX_WINDOW_SCALE } from '../rcv/rcv.ts'
import { TIMESTAMPS_LENGTH } from '../rcv/stamps.ts'
import { TIMER } from '../timers.ts'

/** RFC 9293 §3.7.1, MUST-15: what to assume when the peer's SYN carries no MSS option, over IPv4. */
const DEFAULT_MSS = 536

/** RFC 7323 §2.2: the least shift that lets the whole receive buffer be advertised. */
export function scaleFor(receiveBuffer: number): number {
  let shift = 0
  while (shift < MAX_WINDOW_SCALE && receiveBuffer > 0xffff * 2 ** shift) shift++
  return shift
}

/** The options of this side's SYN, or of its SYN-ACK, which may only take up what the SYN offered. */
export function synOptions(tcb: ControlBlock, now: Nanos): TcpOptions {
  const { settings, rcv } = tcb
  const answering = tcb.life.state === 'SYN-RECEIVED'
  const scaling = answering ? tcb.scaling : settings.windowScaling
  const timestamps = answering ? rcv.stamps.on : settings.timestamps
  return {
    ...NO_OPTIONS,
    mss: tcb.ownMss,
    windowScale: scaling ? scaleFor(settings.receiveBuffer) : null,
    sackPermitted: answering ? tcb.sack : settings.sack,
    timestamps: timestamps ? rcv.stamps.stamp(now) : null,
  }
}

/** The window of this side's SYN, which is never scaled (RFC 7323 §2.2). */
export function synWindow(tcb: ControlBlock): number {
  return Math.min(tcb.settings.receiveBuffer, 0xffff)
}

/** Takes in the peer's SYN: IRS, the options, the window. */
export function takeSyn(tcb: ControlBlock, segment: TcpSegment, now: Nanos): void {
  const { settings, rcv, snd, loss } = tcb
  const { options } = segment
  // RFC 7323 §2.2: only when both SYNs carry the option does either direction scale.
  const scaling = options.windowScale !== null && settings.windowScaling
  const sack = options.sackPermitted && settings.sack
  tcb.agree(scaling, sack)
  rcv.begin(segment.seq, synWindow(tcb))
  rcv.stamps.begin(options.timestamps !== null && settings.timestamps, options.timestamps, now)
  const mss = effectiveMss(tcb, options.mss ?? DEFAULT_MSS)
  rcv.agree(mss, scaling ? scaleFor(settings.receiveBuffer) : 0)
  const scale = scaling ? Math.min(options.windowScale ?? 0, MAX_WINDOW_SCALE) : 0
  snd.agree(mss, scale, segment.window, segment.seq, segment.ack)
  loss.agree(mss, sack, settings)
  tcb.traffic.heard(now)
}

/**
 * RFC 6691 §2: the MSS counts no options; what every segment carries comes off what it can hold. What the peer announces is
 * not believed when it is absurdly small, but the own interface is.
 */
export function effectiveMss(tcb: ControlBlock, announced: number): number {
  const { ownMss, pathMss, settings, rcv } = tcb
  const most = Math.min(ownMss, pathMss)
  const overhead = rcv.stamps.on ? TIMESTAMPS_LENGTH : 0
  return Math.max(1, Math.min(Math.max(announced, settings.leastMss), most) - overhead)
}

/**
 * The handshake is complete.
 * @param segment the one that acknowledges our SYN
 */
export function establish(tcb: ControlBlock, segment: TcpSegment, at: Nanos, now: Nanos): void {
  const { life, loss, rcv, settings, snd, timers, traffic } = tcb
  const stamps = segment.options.timestamps
  const syn = loss.board.first
  // A SYN that came late was not lost: the peer answers the first one, as its time stamp proves (RFC 3522 §3).
  const wasLost = loss.timeouts > 0 && !(syn !== undefined && rcv.stamps.answersBefore(stamps, syn.sentAt))
  // Where Karn's algorithm forbids to measure, the stamp tells; not in a SYN-ACK, since many echo the first SYN in all of them.
  loss.synAcknowledged(segment.ack, at, rcv.stamps, life.state === 'SYN-SENT' ? null : stamps)
  snd.acknowledge(segment.ack)
  loss.opened(snd.mss, settings, wasLost)
  life.move('ack', now)
  traffic.heard(at)
  if (settings.keepAlive) timers.start(TIMER.keepAlive, at + settings.keepAliveIdle)
  if (snd.finished) life.move('close', now)
}
