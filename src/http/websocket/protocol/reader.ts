/**
 * Octets to messages (RFC 6455 §5, RFC 7692 §6). It is given what arrives, cut anywhere, and tells its sink of messages and
 * control frames; what is wrong is found at the first octet that shows it. No clock, no connection.
 */
import { u16, u32 } from '../../../base/octets.ts'
import { CLOSE_CODE, isCloseCode, NO_CODE } from './close-code.ts'
import { WebSocketFault } from './fault.ts'
import { FIN, headLength, MASKED, MOST_CONTROL, MOST_HEAD, OPCODE, RSV1 } from './frame.ts'
import type { Inflating } from './inflating.ts'
import { mask } from './mask.ts'
import { Message, type MessageLimits, type MessageSink } from './message.ts'
import { textOf } from './utf8.ts'

/** Who is told of what has come. A sink may stop the reader from inside any of its calls. */
export interface ReaderSink extends MessageSink {
  /** The payload is valid during the call. */
  onPing(payload: Uint8Array): void
  /** The payload is valid during the call. */
  onPong(payload: Uint8Array): void
  /** The last call. @param code 1005 when the frame had none. */
  onCloseFrame(code: number, reason: string): void
}

export interface ReaderOptions {
  /** Whether frames must be masked: those of a client are, those of a server are not (RFC 6455 §5.1). */
  readonly masked: boolean
  readonly limits: MessageLimits
  /** Where permessage-deflate was agreed upon; else null. */
  readonly inflating: Inflating | null
}

/** What is being read. */
type Stage = 'head' | 'data' | 'control'

const RESERVED = 0x30
const OPCODE_BITS = 0x0f

export class MessageReader {
  /** What was wrong; nothing is read any more then. */
  fault: WebSocketFault | null = null
  readonly #sink: ReaderSink
  readonly #masked: boolean
  readonly #inflating: Inflating | null
  readonly #message: Message
  #stage: Stage = 'head'
  /** A head or a control frame's payload that has not come whole. */
  readonly #held = new Uint8Array(MOST_CONTROL)
  #have = 0
  // The frame under way
  #opcode = 0
  #fin = false
  #key = 0
  /** Octets of the payload that are still to come, and that have come. */
  #left = 0
  #phase = 0
  /** Octets before those of the call under way. */
  #before = 0
  #stopped = false
  #closed = false

  constructor(sink: ReaderSink, options: ReaderOptions) {
    this.#sink = sink
    this.#masked = options.masked
    this.#inflating = options.inflating
    this.#message = new Message(sink, options.limits, options.inflating)
  }

  /** Whether a Close frame has been read, or a fault found. */
  get over(): boolean {
    return this.#closed || this.fault !== null
  }

  /** Whether a frame or a message has begun and is not through. */
  get midway(): boolean {
    return this.#stage !== 'head' || this.#have > 0 || this.#message.open
  }

  /** From inside a call of the sink: `read` returns then, and says how much it has taken. */
  stop(): void {
    this.#stopped = true
  }

  /** Gives up what is held of a message that will not end. */
  drop(): void {
    this.#message.drop()
  }

  /**
   * Takes octets. They are not changed, and not kept.
   * @returns how many were taken: all of them, unless the sink has stopped the reader. Past the end of the conversation
   * (`over`) they are taken and dropped.
   */
  read(bytes: Uint8Array): number {
    this.#stopped = false
    let at = 0
    while (at < bytes.length && !this.#stopped && !this.over)
      at = this.#stage === 'head' ? this.#readHead(bytes, at) : this.#readPayload(bytes, at)
    if (this.over) at = bytes.length
    this.#before += at
    return at
  }

  #readHead(bytes: Uint8Array, at: number): number {
    if (this.#have === 0 && bytes.length - at >= 2) {
      const length = headLength(bytes[at + 1]!)
      if (bytes.length - at >= length) {
        this.#begin(bytes, at, at)
        return at + length
      }
    }
    this.#held[this.#have++] = bytes[at]!
    // What the first two octets say is judged when they are there: a flood of halves of bad heads costs nothing.
    if (this.#have === 2) {
      const why = this.#problem(this.#held[0]!, this.#held[1]!)
      if (why !== null) this.#fail(CLOSE_CODE.protocolError, why, at)
    }
    if (this.#have < 2 || this.#have < headLength(this.#held[1]!)) return at + 1
    this.#have = 0
    this.#begin(this.#held.subarray(0, MOST_HEAD), 0, at)
    return at + 1
  }

  /** A whole head stands at `from`. @param at where in what is being read it ends or begins, for faults. */
  #begin(head: Uint8Array, from: number, at: number): void {
    const first = head[from]!
    const second = head[from + 1]!
    const why = this.#problem(first, second)
    if (why !== null) {
      this.#fail(CLOSE_CODE.protocolError, why, at)
      return
    }
    let length = second & 0x7f
    let next = from + 2
    if (length === 126) {
      length = u16(head, next)
      next += 2
    } else if (length === 127) {
      // RFC 6455 §5.2: the most significant bit must be 0.
      if (head[next]! >= 0x80) {
        this.#fail(CLOSE_CODE.protocolError, 'the length of a frame has its highest bit set', at)
        return
      }
      length = u32(head, next) * 0x1_0000_0000 + u32(head, next + 4)
      next += 8
    }
    this.#key = (second & MASKED) === 0 ? 0 : octetsOf(head, next)
    this.#opcode = first & OPCODE_BITS
    this.#fin = (first & FIN) !== 0
    this.#left = length
    this.#phase = 0
    if (this.#opcode >= OPCODE.close) {
      this.#stage = 'control'
      if (length === 0) this.#endControl(at)
      return
    }
    const wrong = this.#message.frame(this.#opcode, (first & RSV1) !== 0, length, this.#fin)
    if (wrong !== null) {
      this.#fail(wrong.code, wrong.why, at)
      return
    }
    this.#stage = 'data'
    if (length === 0) this.#piece(head, 0, 0, at)
  }

  /** What is wrong with the first two octets of a head; null when nothing is. */
  #problem(first: number, second: number): string | null {
    const opcode = first & OPCODE_BITS
    const control = opcode >= OPCODE.close
    if ((first & RESERVED) !== 0) return 'a reserved bit of a frame is set (RSV2 or RSV3)'
    if ((first & RSV1) !== 0) {
      if (this.#inflating === null) return 'a reserved bit of a frame is set (RSV1), and no extension was agreed upon'
      // RFC 7692 §6.1: the bit stands on the first frame of a message.
      if (control || opcode === OPCODE.continuation) return 'RSV1 is set on a frame that begins no message'
    }
    if (control ? opcode > OPCODE.pong : opcode > OPCODE.binary) return `the opcode ${opcode} is reserved`
    if (((second & MASKED) !== 0) !== this.#masked)
      return this.#masked ? 'a frame of a client is not masked' : 'a frame of a server is masked'
    if (control) {
      if ((first & FIN) === 0) return 'a control frame is fragmented'
      if ((second & 0x7f) > MOST_CONTROL) return `a control frame has more than ${MOST_CONTROL} octets`
      return null
    }
    if (opcode === OPCODE.continuation) return this.#message.open ? null : 'a continuation frame continues no message'
    return this.#message.open ? 'a message begins within another one' : null
  }

  #readPayload(bytes: Uint8Array, at: number): number {
    const end = Math.min(bytes.length, at + this.#left)
    if (this.#stage === 'data') this.#piece(bytes, at, end, at)
    else {
      this.#held.set(bytes.subarray(at, end), this.#have)
      this.#have += end - at
      this.#left -= end - at
      if (this.#left === 0) this.#endControl(end)
    }
    return end
  }

  /** A piece of a data frame's payload. */
  #piece(bytes: Uint8Array, start: number, end: number, at: number): void {
    const phase = this.#phase
    this.#phase += end - start
    this.#left -= end - start
    const through = this.#left === 0
    if (through) this.#stage = 'head'
    const wrong = this.#message.piece(bytes, start, end, this.#key, phase, this.#left, through && this.#fin)
    if (wrong !== null) this.#fail(wrong.code, wrong.why, at + Math.max(0, wrong.at))
  }

  #endControl(at: number): void {
    const payload = this.#held.subarray(0, this.#have)
    this.#have = 0
    this.#stage = 'head'
    if (this.#key !== 0) mask(payload, 0, payload.length, this.#key, 0)
    if (this.#opcode === OPCODE.ping) this.#sink.onPing(payload)
    else if (this.#opcode === OPCODE.pong) this.#sink.onPong(payload)
    else this.#endOfAll(payload, at)
  }

  /** RFC 6455 §5.5.1 */
  #endOfAll(payload: Uint8Array, at: number): void {
    const { length } = payload
    if (length === 1) {
      this.#fail(CLOSE_CODE.protocolError, 'a Close frame has one octet, and a code has two', at)
      return
    }
    const code = length === 0 ? NO_CODE : u16(payload, 0)
    if (length > 0 && !isCloseCode(code)) {
      this.#fail(CLOSE_CODE.protocolError, `a Close frame has the code ${code}, which nobody may send`, at)
      return
    }
    const reason = length === 0 ? '' : textOf(payload, 2, length)
    if (reason === null) {
      this.#fail(CLOSE_CODE.invalidData, 'the reason in a Close frame is not UTF-8', at)
      return
    }
    this.#closed = true
    this.#message.drop()
    this.#sink.onCloseFrame(code, reason)
  }

  #fail(code: number, why: string, at: number): void {
    this.fault = new WebSocketFault(code, why, this.#before + at)
    this.#message.drop()
  }
}

/** The four octets of a key, the first in the low byte. */
function octetsOf(bytes: Uint8Array, at: number): number {
  return bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24)
}
