/**
 * TIME-WAIT (RFC 9293 §3.6.1): all that is left of a connection that both sides have ended. It acknowledges what its peer
 * sends again, until 2 MSL have passed in silence, and knows when a new connection may take its place.
 */
import { type Nanos, SECOND } from '../../base/clock.ts'
import { add, diff, gt, leq, lt, type Seq } from '../../wire/sequence.ts'
import { ACK, FIN, NO_OPTIONS, NOTHING, RST, SYN, type TcpSegment } from '../../wire/tcp.ts'
import type { TcpSegmentEvent } from '../events.ts'
import type { Stamps } from '../rcv/stamps.ts'
import type { Label, SenderVariables } from '../report.ts'

/** What a connection leaves behind. */
export interface Remains {
  readonly localPort: number
  readonly remotePort: number
  /** SND.NXT, one past this side's FIN. */
  readonly sndNxt: Seq
  /** The largest window that the peer has offered. */
  readonly maxWnd: number
  /** RCV.NXT, one past the peer's FIN, and the window that was advertised last. */
  readonly rcvNxt: Seq
  readonly rcvWnd: number
  readonly rcvScale: number
  readonly stamps: Stamps
  /** 2 MSL, and when they are over. */
  readonly timeWait: Nanos
  readonly until: Nanos
  readonly challengeAcksPerSecond: number
  /** What events tell beside a segment; null: nobody listens. */
  readonly sender: SenderVariables | null
}

/** Linux's distance: a new connection begins so far beyond the old one's numbers. */
const BEYOND = 65_537

/** The record of one connection in TIME-WAIT. */
export class TimeWait {
  readonly localPort: number
  readonly remotePort: number
  readonly #sndNxt: Seq
  readonly #maxWnd: number
  readonly #rcvNxt: Seq
  readonly #rcvWnd: number
  readonly #rcvScale: number
  /** null: the peer sends no time stamps. */
  readonly #stamps: Stamps | null
  readonly #wait: Nanos
  readonly #challenges: number
  readonly #sender: SenderVariables | null
  #until: Nanos
  #challenged = 0
  #challengedSince: Nanos = Number.NEGATIVE_INFINITY

  constructor(remains: Remains) {
    this.localPort = remains.localPort
    this.remotePort = remains.remotePort
    this.#sndNxt = remains.sndNxt
    this.#maxWnd = remains.maxWnd
    this.#rcvNxt = remains.rcvNxt
    this.#rcvWnd = remains.rcvWnd
    this.#rcvScale = remains.rcvScale
    this.#stamps = remains.stamps.on ? remains.stamps : null
    this.#wait = remains.timeWait
    this.#challenges = remains.challengeAcksPerSecond
    this.#sender = remains.sender
    this.#until = remains.until
  }

  /** When it is over. */
  get until(): Nanos {
    return this.#until
  }

  /** The least initial number of a connection between the same ports: RFC 9293 §3.6.1 (1), larger than the largest used. */
  get nextIss(): Seq {
    return add(this.#sndNxt, BEYOND)
  }

  /** RFC 9293 §3.10.7.4, what is left of it in TIME-WAIT. Answers the segment to send, or null. */
  segmentArrived(segment: TcpSegment, now: Nanos): TcpSegment | null {
    const { flags } = segment
    const stamps = segment.options.timestamps
    const length = segment.payload.length + (flags & SYN ? 1 : 0) + (flags & FIN ? 1 : 0)
    const old = !(flags & RST) && (this.#stamps?.outdates(stamps, now) ?? false)
    if (old || !this.#accepts(segment.seq, length)) {
      if (flags & RST) return null
      // The peer has not heard our ACK of its FIN. §3.10.7.4, eighth: acknowledge it, restart 2 MSL.
      if (flags & FIN) this.#until = now + this.#wait
      return length > 0 && !(flags & SYN) ? this.#acknowledge(now) : this.#challenge(now)
    }
    if (flags & RST && segment.seq === this.#rcvNxt) {
      this.#until = now
      return null
    }
    if (flags & (RST | SYN)) return this.#challenge(now)
    if (!(flags & ACK)) return null
    // RFC 5961 §5.2.
    if (!leq(segment.ack, this.#sndNxt) || diff(this.#sndNxt, segment.ack) > this.#maxWnd) return this.#challenge(now)
    this.#stamps?.remember(stamps, segment.seq, this.#rcvNxt, now)
    return length > 0 ? this.#acknowledge(now) : null
  }

  /** The event of an answer that is sent. */
  report({ log, host, connection }: Label, answer: TcpSegment, at: Nanos): void {
    if (!log.on || this.#sender === null) return
    const { seq, ack, flags } = answer
    const window = answer.window * 2 ** this.#rcvScale
    const segment = { host, connection, seq, ack, flags, length: 0, window, retransmission: '' } as const
    const event: TcpSegmentEvent = { type: 'tcp.segment', at, ...segment, ...this.#sender }
    log.emit(event)
  }

  #accepts(start: Seq, length: number): boolean {
    if (length === 0 && start === this.#rcvNxt) return true
    const edge = add(this.#rcvNxt, this.#rcvWnd)
    return lt(start, edge) && leq(this.#rcvNxt, length === 0 ? start : add(start, length - 1))
  }

  #challenge(now: Nanos): TcpSegment | null {
    if (now - this.#challengedSince >= SECOND) {
      this.#challengedSince = now
      this.#challenged = 0
    }
    return this.#challenged++ < this.#challenges ? this.#acknowledge(now) : null
  }

  #acknowledge(now: Nanos): TcpSegment {
    return {
      sourcePort: this.localPort,
      destinationPort: this.remotePort,
      seq: this.#sndNxt,
      ack: this.#rcvNxt,
      flags: ACK,
      window: Math.min(Math.ceil(this.#rcvWnd / 2 ** this.#rcvScale), 0xffff),
      urgent: 0,
      options: this.#stamps === null ? NO_OPTIONS : { ...NO_OPTIONS, timestamps: this.#stamps.stamp(now) },
      payload: NOTHING,
    }
  }

  /**
   * Whether a SYN opens a new connection in its place (RFC 9293 §3.10.7.4, fourth, and RFC 6191 §2): its number lies beyond
   * everything of the old one, or its time stamp is later, so no old segment can be mistaken.
   */
  yieldsTo({ flags, seq: start, options }: TcpSegment, now: Nanos): boolean {
    if ((flags & (SYN | ACK | RST)) !== SYN || this.#stamps?.outdates(options.timestamps, now)) return false
    return gt(start, this.#rcvNxt) || (this.#stamps?.isLater(options.timestamps) ?? false)
  }
}
