/**
 * Bytes to messages, for requests and responses alike: the machine knows no role beyond the form of the first line.
 * It copies nothing but a head that arrives in pieces, looks at no byte twice, and gives the same events however the
 * bytes are cut.
 */
import type { FieldLines } from '../exchange.ts'
import type { HttpLimits } from '../limits.ts'
import { Verdict } from '../verdict.ts'
import { ChunkDecoder } from './chunks.ts'
import { type Framing, framingOf } from './framing.ts'
import { Head } from './head.ts'
import { type HeadLimits, parseHead, parseRequestLine, parseStatusLine } from './parse.ts'
import { indexOfLine, latin1, latin1Bytes } from './text.ts'

export interface ReaderSink {
  /** A head, final or interim. It is reused for the next message. */
  onHead(head: Head, framing: Framing): void
  /** A piece of the body; the bytes are valid during the call only. */
  onBody(bytes: Uint8Array): void
  /** The message is complete. Not called for an interim response, nor for a tunnel, whose bytes are no message. */
  onMessageEnd(trailers: FieldLines): void
  /** Nothing more is read after this. */
  onRefused(verdict: Verdict): void
}

/** The limits that a reader keeps to; those of the head depend on what it reads. */
export type ReaderLimits = Pick<
  HttpLimits,
  | 'startLineBytes'
  | 'headBytes'
  | 'fieldCount'
  | 'responseHeadBytes'
  | 'responseFieldCount'
  | 'chunkExtensionBytes'
  | 'trailerBytes'
>

export type ReaderState = 'head' | 'sized' | 'chunked' | 'until close' | 'tunnel' | 'closed'

const NO_FIELDS: FieldLines = []
const CR = 13
const LF = 10
const HEAD_END = latin1Bytes('\r\n\r\n')
const EMPTY = new Uint8Array(0)
/** Heads are seldom longer, nor are they often followed by much. */
const SMALL_READ = 1024

export class Reader {
  readonly head = new Head()
  state: ReaderState = 'head'
  /** Octets of heads and of chunked framing looked at so far; those looked at again count again. It stays near the octets fed. */
  examined = 0
  readonly #kind: 'request' | 'response'
  readonly #sink: ReaderSink
  readonly #limits: HeadLimits & { readonly headBytes: number }
  readonly #chunks: ChunkDecoder
  /** Methods of the requests whose responses are read, oldest first. */
  readonly #methods: string[] = []
  #paused = false
  #running = false
  /** Bytes that could not be used yet. */
  #held: Uint8Array = EMPTY
  #heldStart = 0
  #heldEnd = 0
  /** How much of the unfinished head has been looked at. */
  #searched = 0
  #startLineSeen = false
  #blankSkipped = false
  #remaining = 0
  #ahead = 0
  #persistent = true

  constructor(kind: 'request' | 'response', sink: ReaderSink, limits: ReaderLimits) {
    this.#kind = kind
    this.#sink = sink
    const { startLineBytes, headBytes, fieldCount, responseHeadBytes, responseFieldCount } = limits
    this.#limits =
      kind === 'request'
        ? { startLineBytes, headBytes, fieldCount }
        : { startLineBytes, headBytes: responseHeadBytes, fieldCount: responseFieldCount }
    this.#chunks = new ChunkDecoder(limits, this.#status)
  }

  /** Says which request the next response will answer: HEAD and CONNECT change what it looks like. */
  expect(method: string): void {
    this.#methods.push(method)
  }

  /** Whether a message has begun and not ended. */
  get midMessage(): boolean {
    return this.state === 'head' ? this.#heldEnd > this.#heldStart : this.state !== 'closed' && this.state !== 'tunnel'
  }

  get paused(): boolean {
    return this.#paused
  }

  /** Bytes that have come and not been read. */
  get unread(): number {
    return this.#heldEnd - this.#heldStart
  }

  /** Whether bytes have come that are not reported yet; within the report of a head, whether they follow that. */
  get more(): boolean {
    return (this.#running ? this.#ahead : this.unread) > 0
  }

  /** Whether a head has begun to arrive. */
  get midHead(): boolean {
    return this.state === 'head' && this.#heldEnd > this.#heldStart
  }

  feed(bytes: Uint8Array): void {
    if (this.state === 'closed') return
    if (this.#paused || this.#running || this.#heldEnd > this.#heldStart) {
      this.#hold(bytes, 0, bytes.length)
      this.#runHeld()
      return
    }
    const at = this.#run(bytes, 0, bytes.length)
    if (at < bytes.length) this.#hold(bytes, at, bytes.length)
  }

  /** The peer has finished sending. False when that cut a message short. */
  end(): boolean {
    if (this.state === 'until close') {
      this.state = 'closed'
      this.#sink.onMessageEnd(NO_FIELDS)
      return true
    }
    return !this.midMessage
  }

  /** Stops after the present event; bytes fed meanwhile are kept. */
  pause(): void {
    this.#paused = true
  }

  /** Goes on with what is kept: not from inside an event, where it only takes the pause back. */
  resume(): void {
    this.#paused = false
    this.#runHeld()
  }

  /** Reads no more messages; what is unread can be had from `rest`. */
  close(): void {
    this.state = 'closed'
  }

  /** The bytes not read, for whoever takes the connection over. */
  rest(): Uint8Array {
    const rest = this.#held.slice(this.#heldStart, this.#heldEnd)
    this.#held = EMPTY
    this.#heldStart = this.#heldEnd = 0
    return rest
  }

  get #status(): number {
    return this.#kind === 'request' ? 400 : 502
  }

  #runHeld(): void {
    if (this.#running || this.#paused || this.#heldEnd === this.#heldStart) return
    const at = this.#run(this.#held, this.#heldStart, this.#heldEnd)
    if (at === this.#heldEnd) {
      this.#held = EMPTY
      this.#heldStart = this.#heldEnd = 0
    } else this.#heldStart = at
  }

  #run(bytes: Uint8Array, start: number, end: number): number {
    this.#running = true
    let at = start
    while (at < end && !this.#paused) {
      const next = this.#step(bytes, at, end)
      if (next < 0) break
      at = next
    }
    this.#running = false
    return at
  }

  /** One event's worth of bytes from `at`; returns how far it came, -1 when it needs more or wants none. */
  #step(bytes: Uint8Array, at: number, end: number): number {
    switch (this.state) {
      case 'head':
        return this.#readHead(bytes, at, end)
      case 'sized': {
        const take = Math.min(this.#remaining, end - at)
        this.#remaining -= take
        this.#sink.onBody(bytes.subarray(at, at + take))
        if (this.#remaining === 0 && this.#isIn('sized')) this.#messageEnd(NO_FIELDS)
        return at + take
      }
      case 'chunked':
        return this.#readChunks(bytes, at, end)
      case 'until close':
        this.#sink.onBody(bytes.subarray(at, end))
        return end
      default:
        return -1
    }
  }

  #readChunks(bytes: Uint8Array, at: number, end: number): number {
    const chunks = this.#chunks
    const next = chunks.decode(bytes, at, end)
    this.examined += next - at
    if (chunks.dataEnd > chunks.dataStart) this.#sink.onBody(bytes.subarray(chunks.dataStart, chunks.dataEnd))
    if (!this.#isIn('chunked')) return next
    if (chunks.fault !== null) this.#refuse(chunks.fault)
    else if (chunks.done) this.#messageEnd(chunks.trailers)
    return next
  }

  #readHead(bytes: Uint8Array, at: number, end: number): number {
    // RFC 9112 §2.2: one empty line before a message is ignored (some peers send it after a body).
    if (bytes[at] === CR && !this.#blankSkipped) {
      if (at + 1 === end) return -1
      if (bytes[at + 1] === LF) {
        this.#blankSkipped = true
        return at + 2
      }
    }
    const text = this.#headText(bytes, at, end)
    if (text === null) return this.#headIncomplete(bytes, at, end)
    const { head } = this
    head.reset(text)
    const fault = parseHead(head, this.#kind, this.#limits)
    const framing = fault ?? framingOf(head, this.#methods[0] ?? '')
    if (framing instanceof Verdict) this.#refuse(framing)
    else {
      this.#ahead = end - at - text.length
      this.#headDone(head, framing)
      this.#ahead = 0
    }
    return at + text.length
  }

  /** The head up to its empty line, decoded once; null while that is not there, or lies beyond the limit. */
  #headText(bytes: Uint8Array, at: number, end: number): string | null {
    const { headBytes } = this.#limits
    let found: number
    let text = ''
    if (end - at <= SMALL_READ && this.#searched === 0) {
      // Decoding what may be a little too much costs less than another call to look for the end first.
      text = latin1(bytes, at, end)
      this.examined += end - at
      found = text.indexOf('\r\n\r\n')
    } else {
      // What is held has old bytes behind its end, which must not be searched again and again.
      const within = bytes === this.#held ? bytes.subarray(0, end) : bytes
      const from = at + Math.max(0, this.#searched - 3)
      found = indexOfLine(within, HEAD_END, from) - at
      this.examined += (found < 0 ? end : at + found + 4) - from
    }
    if (found < 0 || found + 4 > headBytes) return null
    return text === '' ? latin1(bytes, at, at + found + 4) : found + 4 === text.length ? text : text.slice(0, found + 4)
  }

  #headDone(head: Head, framing: Framing): void {
    this.#searched = 0
    this.#startLineSeen = false
    this.#blankSkipped = false
    const interim = head.status >= 100 && head.status < 200 && head.status !== 101
    if (!interim) {
      this.#persistent = framing.persistent
      this.#remaining = framing.length
      if (framing.kind === 'chunked') this.#chunks.reset()
      if (this.#kind === 'response') this.#methods.shift()
      if (framing.kind !== 'none') this.state = framing.kind
    }
    this.#sink.onHead(head, framing)
    if (!interim && framing.kind === 'none' && this.#isIn('head')) this.#messageEnd(NO_FIELDS)
  }

  /** Whether an event has left the reader as it was: its owner may have closed it. */
  #isIn(state: ReaderState): boolean {
    return this.state === state
  }

  #messageEnd(trailers: FieldLines): void {
    // RFC 9112 §9.6: after a message that closes, nothing is read.
    this.state = this.#persistent ? 'head' : 'closed'
    this.#sink.onMessageEnd(trailers)
  }

  /** Finds early what can only become worse: faulty bytes, a start line that is wrong or too long, too much. */
  #headIncomplete(bytes: Uint8Array, at: number, end: number): number {
    const limit = Math.min(end, at + this.#limits.headBytes)
    const fault = this.#badByte(bytes, at, limit) ?? this.#badStartLine(bytes, at, limit)
    this.#searched = limit - at
    if (fault !== null) this.#refuse(fault)
    else if (end - at >= this.#limits.headBytes)
      this.#refuse(
        new Verdict(
          this.#kind === 'request' ? 431 : 502,
          `the head is longer than ${this.#limits.headBytes} bytes`,
          this.#limits.headBytes,
        ),
      )
    return -1
  }

  #badByte(bytes: Uint8Array, at: number, end: number): Verdict | null {
    const from = at + Math.max(0, this.#searched - 1)
    this.examined += end - from
    for (let i = from; i < end; i++) {
      const c = bytes[i]!
      const bad =
        c === LF
          ? i === at || bytes[i - 1] !== CR
          : c === CR
            ? i + 1 < end && bytes[i + 1] !== LF
            : (c < 32 && c !== 9) || c === 127
      if (!bad) continue
      // The grammar names the first fault up to here, which may lie before this byte.
      const { head } = this
      head.reset(latin1(bytes, at, Math.min(end, i + 2)))
      return parseHead(head, this.#kind, this.#limits) ?? new Verdict(this.#status, 'a control character', i - at)
    }
    return null
  }

  #badStartLine(bytes: Uint8Array, at: number, end: number): Verdict | null {
    if (this.#startLineSeen) return null
    const { head } = this
    const most = this.#limits.startLineBytes
    const from = Math.min(end, at + this.#searched)
    let lineEnd = from
    while (lineEnd < end && bytes[lineEnd] !== LF) lineEnd++
    this.examined += lineEnd - from
    // Its end may be the next two bytes.
    if (lineEnd === end && end - at < most + 2) return null
    this.#startLineSeen = true
    head.reset(latin1(bytes, at, Math.min(end, lineEnd + 1)))
    const line = this.#kind === 'request' ? parseRequestLine(head, this.#limits) : parseStatusLine(head, this.#limits)
    return line instanceof Verdict ? line : null
  }

  #refuse(verdict: Verdict): void {
    this.state = 'closed'
    this.#sink.onRefused(verdict)
  }

  #hold(bytes: Uint8Array, start: number, end: number): void {
    const length = this.#heldEnd - this.#heldStart
    const wanted = length + end - start
    if (this.#heldEnd + end - start > this.#held.length) {
      const room = wanted > this.#held.length ? new Uint8Array(Math.max(512, wanted * 2)) : this.#held
      room.set(this.#held.subarray(this.#heldStart, this.#heldEnd))
      this.#held = room
      this.#heldStart = 0
      this.#heldEnd = length
    }
    this.#held.set(start === 0 && end === bytes.length ? bytes : bytes.subarray(start, end), this.#heldEnd)
    this.#heldEnd += end - start
  }
}
