/** What has become of what was sent: records in flight, round trips, losses, and the window that follows from them. */
import type { Nanos } from '../../base/clock.ts'
import { geq, gt, leq, lt, type Seq } from '../../wire/sequence.ts'
import { ECE, type SackBlock, type TcpSegment, type Timestamps } from '../../wire/tcp.ts'
import type { CongestionControl } from '../congestion/congestion.ts'
import type { Stamps } from '../rcv/stamps.ts'
import type { TcpSettings } from '../settings.ts'
import { TIMER, type Timers } from '../timers.ts'
import { Delivery } from './delivery.ts'
import { Episode, type RecoveryPhase } from './episode.ts'
import { NewReno } from './newreno.ts'
import { Reading } from './reading.ts'
import type { Ground, LossRecovery } from './recovery.ts'
import type { AckReport } from './report.ts'
import { RttEstimator } from './rtt.ts'
import { SackRecovery } from './sack.ts'
import { Scoreboard, type Sent } from './scoreboard.ts'
import { WindowUsage } from './usage.ts'

/** Of the ACK that is being dealt with: nobody keeps it, so one serves all connections. */
const reading = new Reading()

export class Loss implements Ground {
  readonly board = new Scoreboard()
  readonly rtt: RttEstimator
  readonly delivery = new Delivery()
  readonly usage: WindowUsage
  readonly #timers: Timers
  #congestion: CongestionControl
  #recovery: LossRecovery
  #timeouts = 0
  #totalTimeouts = 0
  #resentSegments = 0
  #resentBytes = 0
  #twice = 0
  /** The last sample of the delivery rate. */
  #rate = 0
  #rateLimited = false

  constructor(iss: Seq, mss: number, settings: TcpSettings, timers: Timers) {
    this.#timers = timers
    this.rtt = new RttEstimator(settings.initialRto, settings.minRto, settings.maxRto)
    this.usage = new WindowUsage(iss)
    this.#congestion = congestionOf(settings, mss)
    this.#recovery = new NewReno(this, new Episode(iss))
  }

  get congestion(): CongestionControl {
    return this.#congestion
  }

  get recovery(): LossRecovery {
    return this.#recovery
  }

  get phase(): RecoveryPhase {
    return this.#recovery.episode.phase
  }

  /** Time-outs since SND.UNA has moved. */
  get timeouts(): number {
    return this.#timeouts
  }

  get totalTimeouts(): number {
    return this.#totalTimeouts
  }

  /** Segments sent again, and their bytes. */
  get resentSegments(): number {
    return this.#resentSegments
  }

  get resentBytes(): number {
    return this.#resentBytes
  }

  /** Segments that the peer says it got twice (RFC 2883). */
  get twice(): number {
    return this.#twice
  }

  /** The delivery rate in bytes a second; 0: not known. */
  get rate(): number {
    return this.#rate
  }

  /** The rate says what the program wrote, not what the path takes. */
  get rateLimited(): boolean {
    return this.#rateLimited
  }

  // ——— the handshake ———

  /** The peer's SYN has told what segments there will be, and whether it takes SACK. */
  agree(mss: number, sack: boolean, settings: TcpSettings): void {
    this.#congestion = congestionOf(settings, mss)
    if (sack) this.#recovery = new SackRecovery(this, this.#recovery.episode)
  }

  /** The handshake is over. @param wasLost the SYN, or its answer */
  opened(mss: number, settings: TcpSettings, wasLost: boolean): void {
    this.#timers.stop(TIMER.retransmit)
    // RFC 6298 §5.7: when the SYN was sent again, the time-out begins with three seconds, unless it could be measured.
    if (this.#timeouts > 0) this.rtt.synWasLost()
    // RFC 5681 §3.1: after a lost SYN the initial window is one segment.
    if (wasLost) this.#congestion = congestionOf(settings, mss, mss)
    this.#timeouts = 0
  }

  // ——— what is sent ———

  /** RFC 6298 §5.1: the timer runs while anything is out. */
  sent(seq: Seq, end: Seq, now: Nanos): void {
    const { board } = this
    board.sent(this.delivery.record(board.reuse(), seq, end, board.empty, now))
    this.#timers.ensure(TIMER.retransmit, now + this.rtt.rto)
  }

  resent(record: Sent, bytes: number, now: Nanos): void {
    this.delivery.again(record)
    this.board.resent(record, now)
    this.#resentSegments++
    this.#resentBytes += bytes
    this.#timers.ensure(TIMER.retransmit, now + this.rtt.rto)
  }

  /** The SYN goes again. */
  synResent(record: Sent, now: Nanos): void {
    this.board.resent(record, now)
    this.#timers.ensure(TIMER.retransmit, now + this.rtt.rto)
  }

  /** The hole that began a recovery goes again: its answer has a whole time-out to come (RFC 6675 §6; Linux). */
  restartTimer(now: Nanos): void {
    this.#timers.start(TIMER.retransmit, now + this.rtt.rto)
  }

  // ——— what is said of it ———

  /**
   * An acceptable ACK.
   * @param una SND.UNA before it
   * @param nxt SND.NXT
   * @param mss Eff.snd.MSS
   * @param stamps knows the round trip that its time stamp tells
   * @param duplicate whether it is one as RFC 5681 §2 defines it
   * @param sack whether its SACK blocks count
   */
  acknowledged(
    segment: TcpSegment,
    at: Nanos,
    una: Seq,
    nxt: Seq,
    mss: number,
    stamps: Stamps,
    duplicate: boolean,
    sack: boolean,
  ): AckReport | null {
    const { board } = this
    const news = gt(segment.ack, una)
    const blocks = sack ? segment.options.sack : NO_BLOCKS
    if (!news && !duplicate && blocks.length === 0) return null
    const { cwnd, ssthresh } = this.#congestion
    const limited = this.usage.allows(cwnd, cwnd < ssthresh)
    const ece = (segment.flags & ECE) !== 0
    const report = reading.begin(this.delivery, at, una, mss, board.outstanding, this.phase, ece, duplicate, limited)
    this.#takeBlocks(report, blocks, una, nxt, segment.ack)
    if (news) {
      report.acked = board.acknowledge(segment.ack, report)
      report.una = segment.ack
      this.#timeouts = 0
    }
    if (!news && !duplicate && !report.dsack && report.sacked === 0) return null
    report.finish(stamps, segment.options.timestamps)
    this.#judge(report)
    return report
  }

  /** RFC 2018 §4. Blocks outside what is in flight (old ones, nonsense) are passed over; RFC 2883 §4 has an old first one. */
  #takeBlocks(report: Reading, blocks: readonly SackBlock[], una: Seq, nxt: Seq, ack: Seq): void {
    for (let i = 0; i < blocks.length; i++) {
      const { start, end } = blocks[i]!
      if (!lt(start, end)) continue
      if (i === 0 && isTwice(blocks, ack)) {
        report.dsack = true
        this.#twice++
      }
      if (lt(start, una) || gt(end, nxt)) continue
      report.sacked += this.board.sack(start, end, report)
    }
  }

  #judge(report: AckReport): void {
    if (report.rtt >= 0) this.rtt.sample(report.rtt)
    if (report.interval > 0) {
      const rate = (report.deliveredInInterval * 1e9) / report.interval
      // A sample that the program held down counts only when it is the better one.
      if (!report.appLimited || rate >= this.#rate) {
        this.#rate = rate
        this.#rateLimited = report.appLimited
      }
    }
    this.#congestion.acknowledged(report)
    this.#recovery.acknowledged(report)
    if (report.acked === 0) return
    // RFC 6298 §5.2: all is acknowledged, the timer goes off duty. §5.3: new data is acknowledged, it starts again.
    if (this.board.empty) this.#timers.stop(TIMER.retransmit)
    else if (this.#recovery.restartsTimer) this.restartTimer(report.at)
  }

  /** The SYN has been acknowledged. @param stamp from which the round trip may be told; null: from none */
  synAcknowledged(ack: Seq, at: Nanos, stamps: Stamps, stamp: Timestamps | null): void {
    const report = reading.begin(this.delivery, at, ack, 0, this.board.outstanding, 'open', false, false, false)
    report.acked = this.board.acknowledge(ack, report)
    report.finish(stamps, stamp)
    if (report.rtt >= 0) this.rtt.sample(report.rtt)
  }

  /** The retransmission timer has gone off. A lost SYN says nothing yet of the window. */
  timedOut(handshake: boolean, now: Nanos): void {
    if (handshake) this.board.loseAll()
    else this.#recovery.timeout(now)
    this.#timeouts++
    this.#totalTimeouts++
    this.rtt.backOff()
    this.restartTimer(now) // RFC 6298 §5.6
  }

  /**
   * The peer had shrunk its window over what was in flight, and dropped it. The time-outs meanwhile said nothing of the path:
   * begin again at once, not after the interval they have grown to.
   */
  reopened(ack: Seq, now: Nanos): void {
    const { board, rtt } = this
    if (rtt.backoff === 0 || board.end === undefined || geq(ack, board.end)) return
    rtt.forgetBackOff()
    this.#timeouts = 0
    board.loseFirst()
    this.restartTimer(now)
  }

  /** The path takes no longer segments than this: what is in flight and longer is lost, which is not congestion (RFC 1191 §6.5). */
  narrow(mss: number): void {
    this.#congestion.narrow(mss)
    this.board.loseLonger(mss)
  }

  /** TCP_CONGESTION: another algorithm goes on from where this one stands. */
  steerBy(settings: TcpSettings, mss: number): void {
    const { cwnd, ssthresh } = this.#congestion
    this.#congestion = settings.algorithms[settings.congestion]!({ mss, cwnd, ssthresh })
  }
}

const NO_BLOCKS: readonly SackBlock[] = []

/** RFC 2883 §4: the first block lies before the ACK, or within the second block. */
function isTwice(blocks: readonly SackBlock[], ack: Seq): boolean {
  const first = blocks[0]!
  const second = blocks[1]
  if (leq(first.end, ack)) return true
  return second !== undefined && geq(first.start, second.start) && leq(first.end, second.end)
}

/** RFC 6928 §2: min (10·MSS, max (2·MSS, 14600)), 14600 being ten segments of an Ethernet. */
export function initialWindow(mss: number, segments: number): number {
  return Math.min(segments * mss, Math.max(2 * mss, segments * 1460))
}

function congestionOf(settings: TcpSettings, mss: number, cwnd = initialWindow(mss, settings.initialWindow)) {
  const make = settings.algorithms[settings.congestion]!
  return make({ mss, cwnd, ssthresh: Number.POSITIVE_INFINITY })
}
