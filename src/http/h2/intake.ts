/** What each frame means (RFC 9113 §6), and which are refused. */
import { u32 } from '../../base/octets.ts'
import type { FieldLines } from '../exchange.ts'
import type { HttpLimits } from '../limits.ts'
import { latin1 } from '../machine/text.ts'
import { Code, Flag, FrameType, frameName } from './codes.ts'
import { SessionFault } from './fault.ts'
import type { FrameSink } from './frame-reader.ts'
import type { FrameWatch, FrameWriter } from './frame-writer.ts'
import { HeaderBlock } from './header-block.ts'
import { Decoder, FieldList } from './hpack/decoder.ts'
import { type MessageHead, replyOf, requestOf, trailerFault } from './message.ts'
import { type Priority, parsePriority } from './priority.ts'
import type { Sender } from './sender.ts'
import type { PeerSettings } from './settings.ts'
import type { Stream } from './stream.ts'
import { RECEPTION, type StreamFrame, type StreamState } from './stream-state.ts'

/** Compressed fields that are longer than the list that they make are nobody's honest doing. */
const BLOCK_FACTOR = 2

/** What the frames are for. */
export interface IntakeSession {
  readonly role: 'client' | 'server'
  readonly limits: HttpLimits
  readonly peer: PeerSettings
  readonly writer: FrameWriter
  readonly sender: Sender
  readonly streams: ReadonlyMap<number, Stream>
  /** Whether the first frame was SETTINGS. */
  readonly settingsKnown: boolean
  /** Whether the connection has come to its end. */
  readonly failed: boolean
  fail(fault: SessionFault): void
  /** What came on the stream cannot be taken. */
  refuse(stream: number, fault: SessionFault): void
  stateOf(stream: number): StreamState
  /** A frame that brings nothing. False when there were too many. */
  control(what: string): boolean
  /** The peer has sent something of use: so many octets of content, or what counts like them. */
  useful(octets: number): void
  /** The stream comes to nothing. False when too many did. */
  wasted(): boolean
  /** Content has come. False where that was more than the connection's window. */
  takes(octets: number): boolean
  used(stream: Stream, octets: number): void
  /** Content was used that belongs to no stream any more. */
  usedAny(octets: number): void
  /** A request begins: its stream; null where it is not served. */
  accept(stream: number): Stream | null
  /** The peer has ended its side. */
  endedThere(stream: Stream): void
  /** The peer has reset the stream. */
  resetThere(stream: Stream, code: number): void
  /** The peer has said what it takes. @param window of new streams, before that */
  settle(window: number): void
  /** The peer has answered a PING. */
  ponged(data: Uint8Array): void
  prioritize(stream: number, priority: Priority): void
  requested(stream: Stream, head: MessageHead, ended: boolean): void
  overlong(stream: Stream): void
  leaving(last: number, code: number): void
}

/** What a request earns, as so many octets of content would. */
const REQUEST_OCTETS = 200

export class Intake implements FrameSink {
  readonly #session: IntakeSession
  readonly #watch: FrameWatch | null
  readonly #decoder = new Decoder()
  readonly #list: FieldList
  readonly #block: HeaderBlock

  constructor(session: IntakeSession, watch: FrameWatch | null) {
    const { headBytes, fieldCount, responseHeadBytes, responseFieldCount, continuations } = session.limits
    const server = session.role === 'server'
    const most = server ? headBytes : responseHeadBytes
    this.#session = session
    this.#watch = watch
    this.#list = new FieldList(most, server ? fieldCount : responseFieldCount)
    this.#block = new HeaderBlock(most * BLOCK_FACTOR, continuations)
  }

  // FrameSink

  frame(type: number, flags: number, stream: number, bytes: Uint8Array, from: number, to: number): boolean {
    this.#watch?.(type, flags, stream, to - from)
    const fault = this.#misplaced(type, flags, stream) ?? this.#take(type, flags, stream, bytes, from, to)
    if (fault === null) return !this.#session.failed
    if (fault.stream === 0) this.#session.fail(fault)
    else this.#session.refuse(fault.stream, fault)
    return !this.#session.failed
  }

  oversized(type: number, _stream: number, length: number): void {
    this.#session.fail(broken(Code.frameSize, `${frameName(type)} of ${length} bytes`))
  }

  strange(): void {
    this.#session.fail(broken(Code.protocol, 'no connection preface of HTTP/2'))
  }

  /** Whether a header block has begun that has not ended. */
  get midBlock(): boolean {
    return this.#block.stream !== 0
  }

  /** What may not come now, whatever is in it. */
  #misplaced(type: number, flags: number, stream: number): SessionFault | null {
    const open = this.#block.stream
    if (open !== 0 && (type !== FrameType.continuation || stream !== open))
      return broken(Code.protocol, `${frameName(type)} within a header block`)
    const first = !this.#session.settingsKnown
    if (first && (type !== FrameType.settings || (flags & Flag.ack) !== 0))
      return broken(Code.protocol, `${frameName(type)} before SETTINGS`)
    return null
  }

  #take(type: number, flags: number, stream: number, bytes: Uint8Array, from: number, to: number): SessionFault | null {
    switch (type) {
      case FrameType.data:
        return this.#data(flags, stream, bytes, from, to)
      case FrameType.headers:
        return this.#headers(flags, stream, bytes, from, to)
      case FrameType.priority:
        return this.#priority(stream, to - from)
      case FrameType.reset:
        return this.#reset(stream, bytes, from, to)
      case FrameType.settings:
        return this.#settings(flags, stream, bytes, from, to)
      case FrameType.push:
        return broken(Code.protocol, 'PUSH_PROMISE, which nobody has allowed')
      case FrameType.ping:
        return this.#ping(flags, stream, bytes, from, to)
      case FrameType.goaway:
        return this.#goaway(stream, bytes, from, to)
      case FrameType.window:
        return this.#window(stream, bytes, from, to)
      case FrameType.continuation:
        return this.#continuation(flags, stream, bytes, from, to)
      case FrameType.priorityUpdate:
        return this.#priorityUpdate(stream, bytes, from, to)
      default:
        // RFC 9113 §5.5: unknown frames are ignored.
        this.#session.control(frameName(type))
        return null
    }
  }

  // Messages

  #data(flags: number, id: number, bytes: Uint8Array, start: number, end: number): SessionFault | null {
    const session = this.#session
    if (id === 0) return broken(Code.protocol, 'DATA without a stream')
    const octets = end - start
    // RFC 9113 §6.9: padding counts, and what comes on streams that are over counts for the connection.
    if (!session.takes(octets)) return broken(Code.flowControl, 'DATA past the window of the connection')
    let from = start
    let to = end
    if ((flags & Flag.padded) !== 0) {
      const padding = octets === 0 ? 0 : bytes[from++]!
      if (octets === 0 || padding > to - from) return broken(Code.protocol, 'padding as long as the frame')
      to -= padding
    }
    const ends = (flags & Flag.endStream) !== 0
    if (to === from && !ends && !session.control('empty DATA')) return null
    const state = session.stateOf(id)
    const reception = RECEPTION[state].data
    if (reception !== 'take') {
      session.usedAny(octets)
      return received(reception, 'data', id, state)
    }
    const stream = session.streams.get(id)!
    if (!stream.receive.take(octets)) {
      session.usedAny(octets)
      return new SessionFault(Code.flowControl, 'DATA past the window of the stream', id)
    }
    stream.unused += octets
    // Padding is used as soon as it has come.
    session.used(stream, octets - (to - from))
    return this.#content(stream, bytes, from, to, ends)
  }

  #content(stream: Stream, bytes: Uint8Array, from: number, to: number, ends: boolean): SessionFault | null {
    if (!stream.begun) return new SessionFault(Code.protocol, 'DATA before the head of the reply', stream.id)
    stream.received += to - from
    const { expected, received } = stream
    // RFC 9113 §8.1.1
    if (expected >= 0 && (received > expected || (ends && received < expected)))
      return this.#malformed(stream, `${received} bytes of content, where content-length says ${expected}`, ends)
    if (to > from) {
      this.#session.useful(to - from)
      stream.owner?.data(bytes.subarray(from, to))
    }
    if (ends) this.#ended(stream, [])
    return null
  }

  #headers(flags: number, id: number, bytes: Uint8Array, start: number, end: number): SessionFault | null {
    if (id === 0) return broken(Code.protocol, 'HEADERS without a stream')
    let from = start
    let to = end
    const padded = (flags & Flag.padded) !== 0
    const padding = padded && to > from ? bytes[from++]! : 0
    if ((flags & Flag.priority) !== 0) from += 5
    to -= padding
    if (from > to || (padded && start === end))
      return broken(Code.protocol, 'HEADERS shorter than its padding and priority')
    const state = this.#session.stateOf(id)
    // What ends the connection need not wait for the end of the block.
    const fault = state === 'idle' ? this.#mayBegin(id) : received(RECEPTION[state].headers, 'headers', id, state)
    if (fault !== null && fault.stream === 0) return fault
    this.#block.begin(id, (flags & Flag.endStream) !== 0)
    const fragment = bytes.subarray(from, to)
    if ((flags & Flag.endHeaders) !== 0) return this.#complete(fragment)
    return this.#block.add(fragment)
  }

  #mayBegin(id: number): SessionFault | null {
    const server = this.#session.role === 'server'
    if (server && (id & 1) === 1) return null
    return broken(Code.protocol, server ? 'a stream with an even number' : 'HEADERS on a stream that nobody has opened')
  }

  #continuation(flags: number, id: number, bytes: Uint8Array, from: number, to: number): SessionFault | null {
    if (this.#block.stream === 0 || this.#block.stream !== id)
      return broken(Code.protocol, 'CONTINUATION without a header block')
    const fault = this.#block.goOn(bytes.subarray(from, to))
    if (fault !== null || (flags & Flag.endHeaders) === 0) return fault
    return this.#complete(null)
  }

  /** @param single the whole block where it was one frame's */
  #complete(single: Uint8Array | null): SessionFault | null {
    const id = this.#block.stream
    const { end } = this.#block
    const gathered = this.#block.take()
    const block = single ?? gathered
    const list = this.#list
    const wrong = this.#decoder.decode(block, 0, block.length, list)
    const { over } = list
    const fields = list.take()
    // RFC 9113 §4.3: the tables are out of step.
    if (wrong !== null) return broken(Code.compression, wrong)
    const state = this.#session.stateOf(id)
    const reception = RECEPTION[state].headers
    if (reception !== 'take') return received(reception, 'headers', id, state)
    if (state === 'idle') return this.#request(id, over ? null : requestOf(fields), end)
    const stream = this.#session.streams.get(id)!
    if (over) return new SessionFault(Code.calm, 'more fields than may be', id)
    if (!stream.begun) return this.#reply(stream, replyOf(fields), end)
    const fault = end ? trailerFault(fields) : 'HEADERS after the content that do not end the stream'
    if (fault !== null) return this.#malformed(stream, fault, end)
    if (stream.expected >= 0 && stream.received !== stream.expected)
      return this.#malformed(stream, 'less content than content-length says', end)
    this.#ended(
      stream,
      fields.flatMap(({ name, value }) => [name, value]),
    )
    return null
  }

  /** @param head null for one that is too long. */
  #request(id: number, head: MessageHead | string | null, end: boolean): SessionFault | null {
    const session = this.#session
    const stream = session.accept(id)
    if (stream === null) return null
    session.useful(REQUEST_OCTETS)
    stream.begun = true
    if (end) session.endedThere(stream)
    if (head === null) session.overlong(stream)
    else {
      const fault = typeof head === 'string' ? head : contentFault(head, end)
      if (fault !== null) return new SessionFault(Code.protocol, fault, id)
      const { length, priority } = head as MessageHead
      stream.expected = length
      if (priority !== '') stream.prioritize(parsePriority(priority))
      session.requested(stream, head as MessageHead, end)
    }
    return null
  }

  #reply(stream: Stream, head: MessageHead | string, end: boolean): SessionFault | null {
    if (typeof head === 'string') return new SessionFault(Code.protocol, head, stream.id)
    const interim = head.status < 200
    if (interim && end) return new SessionFault(Code.protocol, 'an interim reply that ends the stream', stream.id)
    if (interim && !this.#session.control('an interim reply')) return null
    if (!interim) {
      const without = stream.expected === 0 || head.status === 204 || head.status === 304
      stream.begun = true
      stream.expected = without ? 0 : head.length
      const fault = without ? null : contentFault(head, end)
      if (fault !== null) return new SessionFault(Code.protocol, fault, stream.id)
    }
    const { owner } = stream
    if (end) this.#session.endedThere(stream)
    owner?.head(head, end)
    return null
  }

  #ended(stream: Stream, trailers: FieldLines): void {
    const { owner } = stream
    this.#session.endedThere(stream)
    owner?.ended(trailers)
  }

  /** @param ends whether the other side has ended with it: nothing of the stream is on its way then */
  #malformed(stream: Stream, why: string, ends: boolean): SessionFault {
    // Not where that would be the end of the stream: the other side is to be told.
    if (ends && stream.state === 'open') this.#session.endedThere(stream)
    return new SessionFault(Code.protocol, why, stream.id)
  }

  // One stream

  #reset(id: number, bytes: Uint8Array, from: number, to: number): SessionFault | null {
    if (id === 0) return broken(Code.protocol, 'RST_STREAM without a stream')
    if (to - from !== 4) return broken(Code.frameSize, `RST_STREAM of ${to - from} bytes`)
    const state = this.#session.stateOf(id)
    const reception = RECEPTION[state].reset
    // CVE-2023-44487: to begin a stream and to take it back costs the peer two frames, us a request.
    if (reception === 'take') {
      if (this.#session.wasted()) this.#session.resetThere(this.#session.streams.get(id)!, u32(bytes, from))
    } else if (reception === 'ignore') this.#session.control('RST_STREAM')
    else return received(reception, 'reset', id, state)
    return null
  }

  #window(id: number, bytes: Uint8Array, from: number, to: number): SessionFault | null {
    const session = this.#session
    if (to - from !== 4) return broken(Code.frameSize, `WINDOW_UPDATE of ${to - from} bytes`)
    if (!session.control('WINDOW_UPDATE')) return null
    const by = u32(bytes, from) & 0x7fff_ffff
    // RFC 9113 §6.9
    const live = id !== 0 && session.streams.has(id)
    const none = by === 0 ? new SessionFault(Code.protocol, 'WINDOW_UPDATE by 0', live ? id : 0) : null
    if (id === 0) {
      if (none !== null || session.sender.widen(by)) return none
      return broken(Code.flowControl, 'a window of the connection of 2^31 or more')
    }
    const state = session.stateOf(id)
    const reception = RECEPTION[state].window
    if (none !== null) return none
    if (reception !== 'take') return received(reception, 'window', id, state)
    const stream = session.streams.get(id)!
    if (!stream.widen(by)) return new SessionFault(Code.flowControl, 'a window of 2^31 or more', id)
    session.sender.changed(stream)
    return null
  }

  #priority(id: number, length: number): SessionFault | null {
    if (id === 0) return broken(Code.protocol, 'PRIORITY without a stream')
    if (length !== 5) return new SessionFault(Code.frameSize, `PRIORITY of ${length} bytes`, id)
    // RFC 9113 §5.3.2: the priorities of RFC 7540 are not obeyed.
    this.#session.control('PRIORITY')
    return null
  }

  #priorityUpdate(id: number, bytes: Uint8Array, from: number, to: number): SessionFault | null {
    if (!this.#session.control('PRIORITY_UPDATE')) return null
    // RFC 9218 §7.1
    if (id !== 0) return broken(Code.protocol, 'PRIORITY_UPDATE on a stream')
    if (to - from < 4) return broken(Code.frameSize, `PRIORITY_UPDATE of ${to - from} bytes`)
    const about = u32(bytes, from) & 0x7fff_ffff
    if (this.#session.role === 'client') return broken(Code.protocol, 'PRIORITY_UPDATE from a server')
    if ((about & 1) === 0) return broken(Code.protocol, `PRIORITY_UPDATE for stream ${about}`)
    this.#session.prioritize(about, parsePriority(latin1(bytes, from + 4, to)))
    return null
  }

  // The connection

  #settings(flags: number, id: number, bytes: Uint8Array, from: number, to: number): SessionFault | null {
    const session = this.#session
    if (id !== 0) return broken(Code.protocol, 'SETTINGS on a stream')
    if ((flags & Flag.ack) !== 0) {
      if (to !== from) return broken(Code.frameSize, 'an answer to SETTINGS with content')
      session.control('SETTINGS')
      return null
    }
    if ((to - from) % 6 !== 0) return broken(Code.frameSize, `SETTINGS of ${to - from} bytes`)
    if (!session.control('SETTINGS')) return null
    const before = session.peer.window
    const fault = session.peer.take(bytes, from, to, session.role === 'server')
    if (fault === null) session.settle(before)
    return fault
  }

  #ping(flags: number, id: number, bytes: Uint8Array, from: number, to: number): SessionFault | null {
    if (id !== 0) return broken(Code.protocol, 'PING on a stream')
    if (to - from !== 8) return broken(Code.frameSize, `PING of ${to - from} bytes`)
    if (!this.#session.control('PING')) return null
    const data = bytes.slice(from, to)
    if ((flags & Flag.ack) === 0) this.#session.writer.ping(data, true)
    else this.#session.ponged(data)
    return null
  }

  #goaway(id: number, bytes: Uint8Array, from: number, to: number): SessionFault | null {
    if (id !== 0) return broken(Code.protocol, 'GOAWAY on a stream')
    if (to - from < 8) return broken(Code.frameSize, `GOAWAY of ${to - from} bytes`)
    if (this.#session.control('GOAWAY')) this.#session.leaving(u32(bytes, from) & 0x7fff_ffff, u32(bytes, from + 4))
    return null
  }
}

/** RFC 9113 §8.1.1: content that was announced and cannot come. */
function contentFault({ length }: MessageHead, ends: boolean): string | null {
  return ends && length > 0 ? `no content, where content-length says ${length}` : null
}

function broken(code: number, why: string): SessionFault {
  return new SessionFault(code, why, 0)
}

/** What a frame that the stream does not take costs. */
function received(reception: string, frame: StreamFrame, id: number, state: string): SessionFault | null {
  const why = `${frame} on a stream that is ${state}`
  switch (reception) {
    case 'stream':
      return new SessionFault(Code.streamClosed, why, id)
    case 'closed':
      return broken(Code.streamClosed, why)
    case 'protocol':
      return broken(Code.protocol, why)
    default:
      return null
  }
}
