/**
 * One TCP connection (RFC 9293), sans-IO: segments and `now` come in, segments and a deadline go out.
 *
 * The stack that owns it feeds `segmentArrived`, makes the user's calls, and after every one of them calls `poll` and
 * arranges to be called again at `deadline()`. The Tcb knows ports and numbers, but no IP and no clock.
 */
import type { Nanos } from '../base/clock.ts'
import type { ErrorCode } from '../base/errors.ts'
import type { TcpSegment } from '../wire/tcp.ts'
import { ControlBlock, type TcbConfig } from './block.ts'
import { fire } from './fire.ts'
import { infoOf, type TcpInfo } from './info.ts'
import { arrive } from './input/arrive.ts'
import { abort, finWait2, patience } from './life/close.ts'
import type { TcpState } from './life/state.ts'
import { TimeWait } from './life/time-wait.ts'
import type { SegmentMeta } from './meta.ts'
import { takeSyn } from './open/handshake.ts'
import { TIMESTAMPS_LENGTH } from './rcv/stamps.ts'
import type { TcpSettings } from './settings.ts'
import { isDeed, nextOf } from './snd/next.ts'
import { type Emit, send, variablesOf } from './snd/output.ts'
import { TIMER } from './timers.ts'

/**
 * One TCP connection without IP, sockets or a clock: segments, `now` and the user's calls come in, segments and one deadline
 * go out.
 * @example
 * const tcb = Tcb.connect(config, now)
 * tcb.send(new TextEncoder().encode('hello'))
 * let deadline = tcb.poll(now, (segment) => network.send(segment)) // sends the SYN
 * // …whenever a segment of this connection arrives, and at the deadline at the latest:
 * tcb.segmentArrived(segment, { at: now, ecn: 0, segments: 1 }, now)
 * for (let bytes = tcb.read(); bytes !== null; bytes = tcb.read()) program.take(bytes)
 * deadline = tcb.poll(now, (segment) => network.send(segment))
 */
export class Tcb extends ControlBlock {
  #timeWait: TimeWait | null = null

  /** Active open (RFC 9293 §3.10.1): the first `poll` sends the SYN. */
  static connect(config: TcbConfig, now: Nanos): Tcb {
    const tcb = new Tcb(config, now)
    tcb.life.move('active open', now)
    return tcb
  }

  /** Passive open, from a SYN that a listener has let in (§3.10.7.2): the first `poll` sends the SYN-ACK. */
  static accept(config: TcbConfig, syn: TcpSegment, now: Nanos): Tcb {
    const tcb = new Tcb(config, now)
    takeSyn(tcb, syn, now)
    tcb.life.move('passive open', now)
    tcb.traffic.arrived(0, 1)
    return tcb
  }

  // ——— from the network ———

  /** A segment for this connection. Its payload need not stay what it is beyond the next `poll`. */
  segmentArrived(segment: TcpSegment, meta: SegmentMeta, now: Nanos): void {
    const { life, rcv, timers, traffic } = this
    traffic.arrived(segment.payload.length, meta.segments)
    rcv.inbox.keep()
    if (life.state === 'TIME-WAIT') {
      const answer = this.timeWait.segmentArrived(segment, now)
      if (answer !== null) life.answer(answer)
      timers.start(TIMER.timeWait, this.timeWait.until)
    } else if (!life.dead) {
      arrive(this, segment, meta, now)
      if (this.state === 'TIME-WAIT') this.#rest(now)
    }
    life.tell()
  }

  #rest(now: Nanos): void {
    this.timers.clear()
    this.timers.start(TIMER.timeWait, now + this.settings.timeWait)
  }

  /**
   * The network says it cannot deliver (ICMP). That ends an attempt to connect; a connection that a peer has begun sends
   * its SYN-ACK again, for the peer may believe it open already; afterwards it is remembered only: RFC 9293 §3.9.2.2, and
   * anybody could have sent it (RFC 5927).
   */
  unreachable(code: ErrorCode, now: Nanos): void {
    if (this.dead) return
    if (this.state === 'SYN-SENT') this.life.end(code, 'icmp', now)
    else this.life.complain(code)
  }

  /**
   * The path takes no longer segments than this (options counted), as a router has told. What is in flight and longer
   * is lost: it goes again at once, in pieces that fit, and congestion has nothing to do with it (RFC 1191 §6.4 and 6.5).
   */
  narrow(mss: number): void {
    const { loss, ownMss, rcv, settings, snd } = this
    this.narrowPath(Math.max(Math.min(settings.leastMss, ownMss), mss))
    const fits = Math.max(1, this.pathMss - (rcv.stamps.on ? TIMESTAMPS_LENGTH : 0))
    if (this.state === 'SYN-SENT' || fits >= snd.mss) return
    snd.narrow(fits)
    loss.narrow(fits)
  }

  // ——— time ———

  /**
   * Does what timers ask for and sends what may be sent.
   * @param emit takes one segment. Its payload is a view that is right until the peer has acknowledged it. It must not call back into this Tcb.
   * @returns what `deadline` would say
   */
  poll(now: Nanos, emit: Emit): Nanos {
    this.rcv.inbox.keep()
    fire(this, now)
    send(this, now, emit)
    this.life.tell()
    return this.timers.first
  }

  /**
   * When `poll` has to be called next: 0 for at once, Infinity for not before something happens. Seldom it is too early, and
   * `poll` finds nothing to do.
   */
  deadline(): Nanos {
    return isDeed(nextOf(this)) ? 0 : this.timers.first
  }

  // ——— the user's calls (RFC 9293 §3.10): `poll` has to follow ———

  /**
   * Takes bytes to send: they are copied. All are taken, however many wait already; `unsent` says when it is wise to stop.
   * False after `shutdown`, and when there is no connection any more.
   */
  send(bytes: Uint8Array): boolean {
    if (this.dead || this.snd.finished) return false
    this.snd.write(bytes)
    return true
  }

  /** Partial segments wait for more to be written, for so long at most (TCP_CORK); 0 lets them go. */
  cork(longest: Nanos): void {
    if (!this.snd.finished) this.snd.hold(longest)
  }

  /**
   * The next bytes in order, or null. They are valid until the next `poll` or `segmentArrived`; their room in the receive
   * window is free from now on.
   */
  read(): Uint8Array | null {
    return this.rcv.read()
  }

  /** Half-close: FIN after what is queued; the peer may go on sending. */
  shutdown(now: Nanos): void {
    this.snd.finish()
    this.life.move('close', now)
  }

  /**
   * Closes both directions: what is queued is sent, then FIN; new data that still arrives is answered with a reset. However
   * much waits and whatever the peer does, it ends: without progress for `closeTime` the peer is reset.
   * @param linger 0 is `abort`; otherwise the closing is cut short by a reset after so long (SO_LINGER)
   */
  close(now: Nanos, linger?: Nanos): void {
    if (this.dead) return
    const patient = patience(this)
    this.#release()
    if (linger === 0) abort(this, null, 'abort', now)
    // RFC 9293 §3.10.4: in SYN-SENT there is nothing to close.
    else if (this.state === 'SYN-SENT') this.life.end(null, 'close', now)
    else {
      this.shutdown(now)
      if (patient !== patience(this)) this.timers.stop(TIMER.user)
      finWait2(this, now)
      if (linger !== undefined && this.state !== 'TIME-WAIT') this.timers.start(TIMER.linger, now + linger)
    }
  }

  /** Forgets the connection with a reset to the peer, which the next `poll` sends; `onClosed(null)` follows. */
  abort(now: Nanos): void {
    if (this.dead) return
    this.#release()
    abort(this, null, 'abort', now)
  }

  #release(): void {
    this.life.release()
    this.rcv.discard()
  }

  /**
   * Sets the connection anew. What was agreed on in the handshake stays as it is: the window scale, SACK, time stamps, the
   * segment size.
   * @param settings from `tcpSettings`; they are shared, not copied
   */
  set(settings: TcpSettings, now: Nanos): void {
    const before = this.settings
    this.change(settings)
    this.snd.noDelay = settings.noDelay
    this.snd.most = settings.sendBuffer
    if (settings.receiveBuffer !== before.receiveBuffer) this.rcv.resize(settings.receiveBuffer)
    if (settings.delayedAck !== before.delayedAck) this.rcv.delayAcks(settings.delayedAck)
    if (settings.congestion !== before.congestion) this.loss.steerBy(settings, this.snd.mss)
    if (settings.userTimeout !== before.userTimeout) this.timers.stop(TIMER.user)
    if (!this.life.synchronized || this.state === 'TIME-WAIT') return
    if (settings.keepAlive)
      this.timers.start(TIMER.keepAlive, Math.max(now, this.traffic.heardAt + settings.keepAliveIdle))
    else this.timers.stop(TIMER.keepAlive)
  }

  // ——— what it is ———

  get state(): TcpState {
    return this.life.state
  }

  get dead(): boolean {
    return this.life.dead
  }

  /** Whether `read` has something. */
  get readable(): boolean {
    return !this.rcv.inbox.empty
  }

  /** The peer has finished sending, and all it sent has been read. */
  get ended(): boolean {
    return this.rcv.finished && this.rcv.inbox.empty
  }

  /** Bytes taken by `send` and not yet acknowledged. */
  get queued(): number {
    return this.snd.buffer.length
  }

  /** Bytes taken by `send` and not yet handed to the network. */
  get unsent(): number {
    return this.snd.unsent
  }

  /**
   * In TIME-WAIT: all that has to be kept of the connection. The stack may put it in the place of the Tcb, once what is owed
   * has been sent.
   */
  get timeWait(): TimeWait {
    const { localPort, remotePort, rcv, settings, snd, timers } = this
    this.#timeWait ??= new TimeWait({
      localPort,
      remotePort,
      sndNxt: snd.nxt,
      maxWnd: snd.maxWnd,
      rcvNxt: rcv.nxt,
      rcvWnd: rcv.wnd,
      rcvScale: rcv.scale,
      stamps: rcv.stamps,
      timeWait: settings.timeWait,
      until: timers.at(TIMER.timeWait),
      challengeAcksPerSecond: settings.challengeAcksPerSecond,
      sender: this.label.log.on ? variablesOf(this) : null,
    })
    return this.#timeWait
  }

  /** What Linux's tcp_info tells: counts in packets, times in microseconds. */
  info(now: Nanos): TcpInfo {
    return infoOf(this, now)
  }
}
