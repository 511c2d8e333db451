/**
 * One TCP connection (RFC 9293), sans-IO: segments and `now` come in, segments and a deadline go out.
 *
 * The stack that owns it feeds `segmentArrived`, makes the user's calls, and after every one of them calls `poll` and
 * arranges to be called again at `deadline()`. The Tcb knows ports and numbers, but no IP and no clock.
 */
import type { Nanos } from '../base/clock.ts'
import type { ErrorCode } from '../base/errors.ts'
import type { EventLog } from '../base/events.ts'
import type { TcpSegment } from '../wire/tcp.ts'
import { Reassembly } from './buffers/reassembly.ts'
import { SendBuffer } from './buffers/send-buffer.ts'
import type { CongestionControl } from './congestion/congestion.ts'
import { infoOf, type TcpInfo } from './info.ts'
import { arrive, takeSyn } from './input/input.ts'
import { windowIsNews } from './input/text.ts'
import { TIMESTAMPS_LENGTH } from './input/timestamps.ts'
import { MIN_MSS } from './limits.ts'
import { initialWindow } from './open/handshake.ts'
import { DEFAULT_SETTINGS, type TcpSettings } from './options.ts'
import { type Emit, poll } from './output.ts'
import { newReno } from './recovery/newreno.ts'
import type { LossRecovery, RecoveryPhase } from './recovery/recovery.ts'
import { RttEstimator } from './recovery/rtt.ts'
import { Scoreboard } from './recovery/scoreboard.ts'
import { add, diff, type Seq, seq } from './sequence.ts'
import { Notices } from './state/notices.ts'
import type { TcbOwner } from './state/owner.ts'
import type { TcpState } from './state/state.ts'
import { abort, boundFinWait2, enter, finish } from './state/transition.ts'
import { Timers } from './timers.ts'

export interface TcbConfig {
  readonly localPort: number
  readonly remotePort: number
  /** The largest segment text the interface takes: its MTU less 40 (IPv4) or 60 (IPv6). Announced, and never exceeded. */
  readonly mss: number
  /** Initial sequence number, from `InitialSequence`. */
  readonly iss: number
  readonly owner: TcbOwner
  readonly log: EventLog
  /** The host's name, for events. */
  readonly host: string
  /** `10.0.0.2:49152>192.0.2.80:80`, for events. */
  readonly connection: string
  /** Where the clock of the time stamps begins, 32 random bits: it need not tell how long the host has been up. */
  readonly timestampOffset?: number | undefined
  readonly settings?: Partial<TcpSettings> | undefined
  /** Passive open: asked when the handshake completes, whether the accept queue has room. */
  readonly admit?: (() => boolean) | undefined
}

const NOTHING = new Uint8Array(0)

export class Tcb {
  readonly localPort: number
  readonly remotePort: number
  readonly ownMss: number
  /** What the path takes, as far as is known: it may have narrowed since `ownMss` was announced. */
  pathMss: number
  readonly owner: TcbOwner
  readonly log: EventLog
  readonly host: string
  readonly connection: string
  readonly admit: (() => boolean) | null
  settings: TcpSettings
  state: TcpState = 'CLOSED'

  // Send sequence space (RFC 9293 §3.3.1)
  readonly iss: Seq
  sndUna: Seq
  sndNxt: Seq
  /** The peer's window in bytes. */
  sndWnd = 0
  sndWl1: Seq = seq(0)
  sndWl2: Seq = seq(0)
  /** The largest window the peer has offered: Max(SND.WND) of §3.8.6.2.1. */
  maxSndWnd = 0
  sndScale = 0
  /** Eff.snd.MSS of §3.7.1. */
  mss: number
  readonly sendBuffer: SendBuffer
  /** The user has closed this direction; the FIN follows the last byte of `sendBuffer`. */
  finQueued = false

  // Receive sequence space
  irs: Seq = seq(0)
  rcvNxt: Seq = seq(0)
  /** The right edge that was advertised: RCV.NXT + RCV.WND. It never moves back. */
  rcvAdv: Seq = seq(0)
  rcvScale = 0
  readonly reassembly: Reassembly
  /** Delivered to the owner and not yet consumed. */
  unread = 0
  /** Where the peer's FIN stands, once it has been seen ahead of a gap. */
  finAt: Seq | null = null
  finReceived = false
  /** The owner has closed: new data is answered with a reset. */
  discarding = false

  // What is owed
  ackNow = false
  /** In-order segments that have not been acknowledged. */
  unacked = 0
  probe = false
  /** The override time-out of §3.8.6.2.1 has passed: send what there is. */
  override = false
  /** A reset to send before anything else. */
  outbox: TcpSegment | null = null
  wantsRoom = false

  // Loss and congestion
  readonly rtt: RttEstimator
  readonly scoreboard = new Scoreboard()
  readonly congestion: CongestionControl
  recovery: LossRecovery = newReno
  phase: RecoveryPhase = 'open'
  /** RFC 6582: SND.NXT when the last loss was found. */
  recover: Seq
  dupAcks = 0
  /** In fast recovery: how many duplicate ACKs there can be. */
  dupAckLimit = 0
  partialAcks = 0
  /** The oldest lost segment goes out whatever the window says (RFC 5681 §3.2 (3)). */
  resendNow = false
  /** At the last poll it was the congestion window that held data back. */
  cwndLimited = false

  // Agreed on in the handshake
  scaling = false
  sackPermitted = false
  timestamps = false

  // RFC 7323 §4.3
  readonly timestampOffset: number
  /** TS.Recent, and when it was taken in. */
  tsRecent = 0
  tsRecentAt: Nanos = 0
  /** Last.ACK.sent */
  lastAckSent: Seq = seq(0)

  readonly timers = new Timers()
  readonly notices = new Notices()
  /** Time-outs since SND.UNA has moved. */
  retransmits = 0
  probesOut = 0
  /** How many times the interval of the probes has doubled. */
  persistBackoff = 0
  keepAliveProbesOut = 0
  challenges = 0
  challengedSince: Nanos = Number.NEGATIVE_INFINITY
  lastReceived: Nanos = 0
  lastDataSent: Nanos = -1
  /** What the network has reported of this connection, told if it fails for want of an answer (RFC 9293 §3.9.2.2). */
  softError: ErrorCode | null = null
  /** Something has happened since the last poll. */
  #stirred = true
  #closing: { readonly linger: Nanos | undefined } | null = null
  #aborting = false

  // For tcp_info
  segmentsIn = 0
  segmentsOut = 0
  totalRetransmits = 0
  bytesSent = 0
  bytesRetransmitted = 0
  bytesAcked = 0
  bytesReceived = 0
  rcvOutOfOrder = 0

  private constructor(config: TcbConfig, now: Nanos) {
    this.localPort = config.localPort
    this.remotePort = config.remotePort
    this.ownMss = this.pathMss = config.mss
    this.owner = config.owner
    this.log = config.log
    this.host = config.host
    this.connection = config.connection
    this.admit = config.admit ?? null
    this.settings = { ...DEFAULT_SETTINGS, ...config.settings }
    this.iss = seq(config.iss)
    this.timestampOffset = config.timestampOffset ?? 0
    this.sndUna = this.sndNxt = this.recover = this.iss
    this.mss = config.mss
    this.sendBuffer = new SendBuffer(add(this.iss, 1), this.settings.sendBuffer)
    this.reassembly = new Reassembly(this.settings.outOfOrderPieces)
    this.rtt = new RttEstimator(this.settings.initialRto, this.settings.minRto, this.settings.maxRto)
    this.congestion = this.settings.congestion(this.mss, initialWindow(this.mss, this.settings.initialWindow))
    this.lastReceived = now
  }

  /** Active open (RFC 9293 §3.10.1): the first `poll` sends the SYN. */
  static connect(config: TcbConfig, now: Nanos): Tcb {
    const tcb = new Tcb(config, now)
    enter(tcb, 'SYN-SENT', 'active open', now)
    return tcb
  }

  /** Passive open, from a SYN that a listener has let in (§3.10.7.2): the first `poll` sends the SYN-ACK. */
  static accept(config: TcbConfig, syn: TcpSegment, now: Nanos): Tcb {
    const tcb = new Tcb(config, now)
    takeSyn(tcb, syn, now)
    enter(tcb, 'SYN-RECEIVED', 'passive open', now)
    tcb.segmentsIn++
    return tcb
  }

  /** A segment for this connection, stamped when it entered the host: the stamp is what round trips are measured with. */
  segmentArrived(segment: TcpSegment, now: Nanos): void {
    this.#enact(now)
    this.#stirred = true
    arrive(this, segment, now)
    this.notices.deliver(this.owner)
  }

  /**
   * Does what timers ask for and sends what may be sent.
   * @param emit takes one segment. Its payload is a view whose bytes never change. It must not call back into this Tcb.
   */
  poll(now: Nanos, emit: Emit): void {
    this.#enact(now)
    this.#stirred = false
    poll(this, now, emit)
    this.notices.deliver(this.owner)
  }

  /** When `poll` has to be called next: 0 for at once, Infinity for not before something happens. */
  deadline(): Nanos {
    return this.#stirred ? 0 : this.timers.earliest()
  }

  /**
   * Takes bytes to send (they are copied) and says how many: fewer than given when the buffer is full, and then
   * `onDrain` follows; 0 after `shutdown`, and when there is no connection any more.
   */
  send(bytes: Uint8Array): number {
    if (this.dead || this.finQueued) return 0
    const taken = this.sendBuffer.write(bytes)
    if (taken < bytes.length) this.wantsRoom = true
    this.#stirred = true
    return taken
  }

  /** The application has taken so many of the bytes that `onData` brought: the window opens again. */
  consumed(count: number): void {
    this.unread = Math.max(0, this.unread - count)
    if (this.finReceived || !this.synchronized || !windowIsNews(this)) return
    this.ackNow = true
    this.#stirred = true
  }

  /** Half-close: FIN after what is queued; the peer may go on sending. */
  shutdown(): void {
    this.finQueued = true
    this.#stirred = true
  }

  /**
   * Closes both directions: what is queued is sent, then FIN; new data that still arrives is answered with a reset.
   * @param linger 0 is `abort`; otherwise the closing is cut short by a reset after so long (SO_LINGER)
   */
  close(linger?: Nanos): void {
    if (linger === 0) this.#aborting = true
    this.#closing = { linger }
    this.#refuseAll()
  }

  /** Forgets the connection with a reset to the peer, which the next `poll` sends; `onClosed(null)` follows. */
  abort(): void {
    this.#aborting = true
    this.#refuseAll()
  }

  #refuseAll(): void {
    this.discarding = true
    this.unread = 0
    this.notices.discard()
    this.shutdown()
  }

  /**
   * The network says it cannot deliver (ICMP). That ends an attempt to connect; a connection that a peer has begun sends
   * its SYN-ACK again, for the peer may believe it open already; afterwards it is remembered only: RFC 9293 §3.9.2.2, and anybody could have sent it (RFC 5927).
   */
  unreachable(code: ErrorCode): void {
    this.softError = code
    this.#stirred = true
  }

  /**
   * The path takes no longer segments than this (options counted), as a router has told. What is in flight and longer
   * is lost: it goes again at once, in pieces that fit, and congestion has nothing to do with it (RFC 1191 §6.4 and 6.5).
   */
  narrow(mss: number): void {
    this.pathMss = Math.max(MIN_MSS, mss)
    const fits = this.pathMss - (this.timestamps ? TIMESTAMPS_LENGTH : 0)
    if (this.state === 'SYN-SENT' || fits >= this.mss) return
    this.mss = fits
    this.congestion.narrow(fits)
    for (const record of this.scoreboard)
      if (diff(record.end, record.seq) > fits && !(record.lost && !record.resent)) this.scoreboard.lose(record)
    this.#stirred = true
  }

  /** The user's calls carry no time: what they ask for happens at the next `poll` or segment, before anything else. */
  #enact(now: Nanos): void {
    if (!this.#stirred || this.dead) return
    if (this.#aborting) {
      abort(this, null, 'abort', now)
      return
    }
    if (!this.synchronized) {
      if (this.softError !== null && this.state === 'SYN-SENT') finish(this, this.softError, 'icmp', now)
      else if (this.#closing !== null && this.state === 'SYN-SENT') finish(this, null, 'close', now) // RFC 9293 §3.10.4
      return
    }
    if (this.finQueued) {
      if (this.state === 'ESTABLISHED') enter(this, 'FIN-WAIT-1', 'close', now)
      else if (this.state === 'CLOSE-WAIT') enter(this, 'LAST-ACK', 'close', now)
    }
    if (this.#closing === null) return
    boundFinWait2(this, now)
    if (this.#closing.linger !== undefined && this.state !== 'TIME-WAIT')
      this.timers.linger = now + this.#closing.linger
    this.#closing = null
  }

  /** TCP_NODELAY. */
  set noDelay(on: boolean) {
    this.settings = { ...this.settings, noDelay: on }
    this.#stirred = true
  }

  /** SO_KEEPALIVE. */
  set keepAlive(on: boolean) {
    this.settings = { ...this.settings, keepAlive: on }
    if (!this.synchronized || this.state === 'TIME-WAIT') return
    this.timers.keepAlive = on ? this.lastReceived + this.settings.keepAliveIdle : Number.POSITIVE_INFINITY
  }

  /** SO_SNDBUF. */
  set sendBufferSize(bytes: number) {
    this.settings = { ...this.settings, sendBuffer: bytes }
    this.sendBuffer.capacity = bytes
  }

  /** SO_RCVBUF. The window scale stays what the handshake agreed on; what has been offered is not taken back. */
  set receiveBufferSize(bytes: number) {
    this.settings = { ...this.settings, receiveBuffer: bytes }
    this.#stirred = true
  }

  /** Bytes taken by `send` and not yet acknowledged. */
  get queued(): number {
    return this.sendBuffer.length
  }

  /** Bytes taken by `send` and not yet handed to the network. */
  get unsent(): number {
    return Math.max(0, diff(this.sendBuffer.end, this.sndNxt))
  }

  /** Room that `send` has. */
  get room(): number {
    return Math.max(0, this.sendBuffer.capacity - this.sendBuffer.length)
  }

  get dead(): boolean {
    return this.state === 'CLOSED'
  }

  /** Both sides know each other's numbers, and the handshake is over. */
  get synchronized(): boolean {
    return this.state !== 'CLOSED' && this.state !== 'SYN-SENT' && this.state !== 'SYN-RECEIVED'
  }

  /** What Linux's tcp_info tells: counts in packets, times in microseconds. */
  info(now: Nanos): TcpInfo {
    return infoOf(this, now)
  }

  get nothing(): Uint8Array {
    return NOTHING
  }
}
