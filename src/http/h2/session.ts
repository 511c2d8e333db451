/**
 * HTTP/2 on one connection (RFC 9113), for either side: octets in, frames out, and what they mean for the streams. It knows
 * no clock but the one that it is given, no socket, and no rule of requests and replies beyond what makes a message malformed.
 */
import type { Nanos } from '../../base/clock.ts'
import type { HttpLimits } from '../limits.ts'
import { Budget } from './budget.ts'
import { Code, FIRST_WINDOW, LEAST_FRAME, MOST_STREAM, Setting } from './codes.ts'
import { SessionFault } from './fault.ts'
import { FrameReader } from './frame-reader.ts'
import { type FrameWatch, FrameWriter } from './frame-writer.ts'
import { Encoder } from './hpack/encoder.ts'
import { Intake, type IntakeSession } from './intake.ts'
import type { MessageHead } from './message.ts'
import { DEFAULT_PRIORITY, type Priority } from './priority.ts'
import { Sender } from './sender.ts'
import { PeerSettings } from './settings.ts'
import { Stream } from './stream.ts'
import { isOver, isReceiving, isSending, type StreamState } from './stream-state.ts'
import { ReceiveWindow } from './window.ts'
import type { Wire } from './wire.ts'

export type Role = 'client' | 'server'

/** What a session needs of the outside. */
export interface SessionOptions {
  readonly role: Role
  readonly limits: HttpLimits
  readonly now: () => Nanos
  /** Told of every frame, where somebody looks. */
  readonly watch: { readonly received: FrameWatch; readonly sent: FrameWatch } | null
}

export interface SessionOwner {
  /** A request has come, on a server: the owner of the stream is to be named. @param ended it has no content */
  requested(stream: Stream, head: MessageHead, ended: boolean): void
  /** A request with more fields than `limits.headBytes` or `limits.fieldCount` allow. It may be answered. */
  overlong(stream: Stream): void
  /** The stream is over, whichever way, and forgotten. */
  over(stream: Stream): void
  /** The peer opens no further streams, or serves none after `last`. */
  leaving(last: number, code: number): void
  /** The peer has said what it takes. */
  told(settings: PeerSettings): void
  /** The connection cannot go on: GOAWAY is written, and nothing more is read. */
  failed(fault: SessionFault): void
}

/** What PING carries when a server drains: the answer says that the first GOAWAY has arrived. */
const DRAIN_PING = Uint8Array.of(0x64, 0x72, 0x61, 0x69, 0x6e, 0x69, 0x6e, 0x67)
/** Streams that this side has reset and the peer may still send on. */
const DROPPED = 1_000

/**
 * Octets of content, either way, that come with one frame that brings nothing: a client with windows of 1 KB opens two of
 * them after each half, and one that opens them by an octet (CVE-2019-9511) does not earn what they cost.
 */
const EARNING = 200

/** Where this side is in leaving: a first GOAWAY has been sent, a last one, or the one for a fault. */
type Going = 'no' | 'announced' | 'last' | 'failed'

export class Session implements IntakeSession {
  readonly role: Role
  readonly limits: HttpLimits
  readonly peer = new PeerSettings()
  readonly writer: FrameWriter
  readonly sender: Sender
  readonly streams = new Map<number, Stream>()
  readonly #owner: SessionOwner
  readonly #intake: Intake
  readonly #reader: FrameReader
  readonly #encoder = new Encoder()
  readonly #receive: ReceiveWindow
  /** For what costs the peer little: see `limits.controlFrames`, `limits.streamResets`. */
  readonly #controls: Budget
  readonly #resets: Budget
  readonly #dropped = new Set<number>()
  /** Priorities of requests that are to come (RFC 9218 §7.1). */
  readonly #early = new Map<number, Priority>()
  #lastPeer = 0
  #nextOwn = 1
  #settingsKnown = false
  #going: Going = 'no'
  /** An event is being handled, at whose end content is sent. */
  #busy = false

  constructor(options: SessionOptions, wire: Wire, owner: SessionOwner) {
    const { role, limits, now, watch } = options
    this.role = role
    this.limits = limits
    this.#owner = owner
    this.writer = new FrameWriter(wire, this.#encoder, watch?.sent ?? null)
    const sentEnd = (stream: Stream) => this.#sentEnd(stream)
    const sentData = (octets: number) => this.useful(octets)
    this.sender = new Sender(this.writer, wire, { sentEnd, sentData }, limits.streamBacklogBytes)
    this.#intake = new Intake(this, watch?.received ?? null)
    this.#reader = new FrameReader(this.#intake, LEAST_FRAME, role === 'server')
    this.#receive = new ReceiveWindow(Math.max(FIRST_WINDOW, limits.connectionWindowBytes))
    this.#controls = new Budget(limits.controlFrames, limits.controlFrameRate, now)
    this.#resets = new Budget(limits.streamResets, limits.streamResetRate, now)
  }

  /** Says what this side takes. */
  begin(): void {
    const { streams, streamWindowBytes, headBytes, responseHeadBytes, connectionWindowBytes } = this.limits
    if (this.role === 'client') {
      this.writer.preface()
      this.writer.settings([Setting.push, 0, Setting.window, streamWindowBytes, Setting.listBytes, responseHeadBytes])
    } else {
      const about = [Setting.streams, streams, Setting.window, streamWindowBytes, Setting.listBytes, headBytes]
      this.writer.settings([...about, Setting.connectProtocol, 1, Setting.noOldPriorities, 1])
    }
    if (connectionWindowBytes > FIRST_WINDOW) this.writer.window(0, connectionWindowBytes - FIRST_WINDOW)
  }

  /** Whether the other side has begun something that has not ended. */
  get midway(): boolean {
    return this.#reader.midway || this.#intake.midBlock
  }

  /** Frames that have come. */
  get frames(): number {
    return this.#reader.frames
  }

  /** Octets of a frame whose end has not come. */
  get held(): number {
    return this.#reader.held
  }

  get going(): Going {
    return this.#going
  }

  /** The highest stream of the peer that was begun. */
  get lastPeer(): number {
    return this.#lastPeer
  }

  feed(bytes: Uint8Array): void {
    this.#busy = true
    this.#reader.feed(bytes)
    this.#busy = false
    this.sender.pump()
  }

  /** Nothing more is read. */
  close(): void {
    this.#reader.close()
  }

  // What this side sends

  /** A new stream, on a client; null where its numbers are used up. */
  open(): Stream | null {
    if (this.#nextOwn > MOST_STREAM) return null
    const stream = this.#create(this.#nextOwn)
    this.#nextOwn += 2
    return stream
  }

  /** @param fields name, value, name, value; pseudo-header fields first. @param end nothing follows */
  sendHead(stream: Stream, fields: readonly string[], end: boolean): void {
    if (stream.state === 'idle') stream.happens('open')
    this.writer.head(stream.id, fields, end)
    if (end) this.#sentEnd(stream)
  }

  sendBytes(stream: Stream, bytes: Uint8Array, end: boolean): void {
    if (!isSending(stream.state)) return
    this.sender.bytes(stream, bytes, end)
    this.#late()
  }

  /** @param length of the text in bytes of UTF-8. */
  sendText(stream: Stream, text: string, length: number, end: boolean): void {
    if (!isSending(stream.state)) return
    this.sender.text(stream, text, length, end)
    this.#late()
  }

  /** @param trailers name, value, name, value */
  sendEnd(stream: Stream, trailers: readonly string[]): void {
    if (isSending(stream.state)) this.sender.end(stream, trailers)
  }

  /** Breaks the stream off from this side; its owner is not told. */
  reset(stream: Stream, code: number): void {
    if (isOver(stream.state)) return
    if (stream.state !== 'idle') this.writer.reset(stream.id, code)
    else stream.happens('open')
    // Of a peer that has ended its side nothing can be on its way.
    if (isReceiving(stream.state)) this.#drop(stream.id)
    stream.happens('reset here')
    this.#forget(stream)
  }

  /** So much of the content that came on the stream was used: the peer may send more. */
  used(stream: Stream, count: number): void {
    // What a stream that is over had not used was given back when it ended.
    const octets = Math.min(count, stream.unused)
    if (octets === 0) return
    stream.unused -= octets
    this.usedAny(octets)
    if (!isReceiving(stream.state)) return
    const more = stream.receive.use(octets)
    if (more > 0) this.writer.window(stream.id, more)
  }

  /** As `used`, for what belongs to no stream any more. */
  usedAny(octets: number): void {
    const more = this.#receive.use(octets)
    if (more > 0 && this.#going !== 'failed') this.writer.window(0, more)
  }

  /**
   * Begins to leave (RFC 9113 §6.8): streams that are on their way are served still. Once the peer knows, which its
   * answer to a PING says, the last GOAWAY names the last stream.
   */
  drain(): void {
    if (this.#going !== 'no') return
    this.#going = 'announced'
    this.writer.goaway(MOST_STREAM, Code.none, '')
    this.writer.ping(DRAIN_PING, false)
  }

  /** No stream after those that have begun is served. */
  leave(): void {
    if (this.#going === 'last' || this.#going === 'failed') return
    this.#going = 'last'
    this.writer.goaway(this.#lastPeer, Code.none, '')
  }

  /** Ends the connection for what the peer has sent, or not sent. */
  fail(fault: SessionFault): void {
    if (this.#going === 'failed') return
    this.#going = 'failed'
    this.#reader.close()
    this.writer.goaway(this.#lastPeer, fault.code, fault.why)
    this.#owner.failed(fault)
  }

  // For the intake

  /** Whether the first frame was SETTINGS; and from now on it was. */
  get settingsKnown(): boolean {
    return this.#settingsKnown
  }

  get failed(): boolean {
    return this.#going === 'failed'
  }

  stateOf(id: number): StreamState {
    const stream = this.streams.get(id)
    if (stream !== undefined) return stream.state
    if (this.#dropped.has(id)) return 'dropped'
    const mine = (id & 1) === (this.role === 'client' ? 1 : 0)
    return id > (mine ? this.#nextOwn - 2 : this.#lastPeer) ? 'idle' : 'closed'
  }

  /** A frame that brings nothing. False when there were too many. */
  control(what: string): boolean {
    if (this.#controls.take()) return true
    this.fail(new SessionFault(Code.calm, `too many frames that bring nothing, the last of them ${what}`, 0))
    return false
  }

  /** Content has gone or come, or a request. */
  useful(octets: number): void {
    this.#controls.earn(octets / EARNING)
  }

  /** The stream comes to nothing. False when too many did. */
  wasted(): boolean {
    if (this.#resets.take()) return true
    this.fail(new SessionFault(Code.calm, 'too many streams that came to nothing', 0))
    return false
  }

  /** Content has come. False where that was more than the connection's window. */
  takes(octets: number): boolean {
    return this.#receive.take(octets)
  }

  /** A request begins: its stream; null where it is not served. */
  accept(id: number): Stream | null {
    this.#lastPeer = id
    const early = this.#early.get(id)
    this.#early.delete(id)
    if (this.#going === 'last') {
      this.#drop(id)
      return null
    }
    if (this.streams.size >= this.limits.streams) {
      this.#drop(id)
      if (this.wasted()) this.writer.reset(id, Code.refused)
      return null
    }
    const stream = this.#create(id)
    stream.happens('open')
    stream.prioritize(early ?? DEFAULT_PRIORITY)
    return stream
  }

  /** The peer has ended its side. */
  endedThere(stream: Stream): void {
    stream.happens('end there')
    if (isOver(stream.state)) this.#forget(stream)
  }

  /** The peer has reset the stream. */
  resetThere(stream: Stream, code: number): void {
    stream.happens('reset there')
    stream.owner?.lost(code, 'the stream was reset', false)
    this.#forget(stream)
  }

  /** What came on the stream cannot be taken. */
  refuse(id: number, fault: SessionFault): void {
    // CVE-2025-8671: a stream that the peer makes us reset is as cheap for the peer as one that it resets itself.
    if (!this.wasted()) return
    const stream = this.streams.get(id)
    if (stream === undefined) {
      // RFC 9113 §5.1: there is no RST_STREAM for a stream that has not begun, or is over.
      this.fail(new SessionFault(fault.code, fault.why, 0))
      return
    }
    this.writer.reset(id, fault.code)
    if (isReceiving(stream.state)) this.#drop(id)
    stream.happens('reset here')
    stream.owner?.lost(fault.code, fault.why, true)
    this.#forget(stream)
  }

  /** The peer has said what it takes. */
  settle(before: number): void {
    this.#settingsKnown = true
    this.writer.settingsAck()
    this.#encoder.allow(this.peer.tableBytes)
    const by = this.peer.window - before
    if (by !== 0)
      for (const stream of this.streams.values()) {
        if (!stream.widen(by)) {
          this.fail(new SessionFault(Code.flowControl, 'INITIAL_WINDOW_SIZE makes a window of 2^31 or more', 0))
          return
        }
        this.sender.changed(stream)
      }
    this.#owner.told(this.peer)
  }

  /** The peer has answered a PING. */
  ponged(data: Uint8Array): void {
    if (this.#going === 'announced' && data.every((octet, i) => octet === DRAIN_PING[i])) this.leave()
  }

  prioritize(id: number, priority: Priority): void {
    const stream = this.streams.get(id)
    if (stream !== undefined) {
      stream.prioritize(priority)
      this.sender.changed(stream)
    } else if (id > this.#lastPeer) {
      // Those whose requests never came make room.
      if (this.#early.size >= this.limits.streams)
        for (const other of this.#early.keys()) if (other < this.#lastPeer) this.#early.delete(other)
      if (this.#early.size < this.limits.streams) this.#early.set(id, priority)
    }
  }

  requested(stream: Stream, head: MessageHead, ended: boolean): void {
    this.#owner.requested(stream, head, ended)
  }

  overlong(stream: Stream): void {
    this.#owner.overlong(stream)
  }

  leaving(last: number, code: number): void {
    this.#owner.leaving(last, code)
  }

  // Within

  #create(id: number): Stream {
    // Until the peer knows our settings it goes by the window that they replace.
    const size = Math.max(this.limits.streamWindowBytes, FIRST_WINDOW)
    const stream = new Stream(id, this.peer.window, new ReceiveWindow(size))
    this.streams.set(id, stream)
    return stream
  }

  #sentEnd(stream: Stream): void {
    stream.happens('end here')
    if (isOver(stream.state)) this.#forget(stream)
    else stream.owner?.sent()
  }

  /** What the owner has not used of a stream that is over would narrow the connection's window for ever. */
  #forget(stream: Stream): void {
    this.sender.forget(stream)
    this.streams.delete(stream.id)
    if (stream.unused > 0) {
      const rest = stream.unused
      stream.unused = 0
      this.usedAny(rest)
    }
    this.#owner.over(stream)
  }

  #drop(id: number): void {
    this.#dropped.add(id)
    if (this.#dropped.size > DROPPED) for (const oldest of this.#dropped) return void this.#dropped.delete(oldest)
  }

  /** Outside of an event nobody sends at its end. */
  #late(): void {
    if (!this.#busy) this.sender.pump()
  }
}
