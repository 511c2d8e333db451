/** One message on its way in: its frames and pieces put together, or passed on as they come. */
import { CLOSE_CODE } from './close-code.ts'
import { WebSocketFault } from './fault.ts'
import { OPCODE } from './frame.ts'
import { Gathering } from './gathering.ts'
import type { Inflating } from './inflating.ts'
import { mask } from './mask.ts'
import { textOf, Utf8Check } from './utf8.ts'

/** Who is told of messages. */
export interface MessageSink {
  /** A whole text message. */
  onText(text: string): void
  /** A whole binary message; the octets are the sink's from now on. */
  onBinary(bytes: Uint8Array): void
  /**
   * Whether messages are wanted in pieces. Asked when one begins: then `onPiece` is called in place of the two above, and
   * only fragments and time bound how long a message is.
   */
  readonly wantsPieces: boolean
  /** A piece of a message: text cut between characters, or octets that are the sink's. @param last ends the message. */
  onPiece(piece: string | Uint8Array, last: boolean): void
}

/** How long a message may be. */
export interface MessageLimits {
  /** Octets of one message, decompressed. */
  readonly messageBytes: number
  /** Frames of one message. */
  readonly messageFragments: number
}

/** Where masked payloads are made plain that come whole: the octets given belong to somebody else. One call's use. */
const plain = new Uint8Array(65_536)
const NOTHING = new Uint8Array(0)
/** What DEFLATE may add to data that cannot be compressed, and some more. */
const DEFLATE_OVERHEAD = 1_024

export class Message {
  readonly #sink: MessageSink
  readonly #limits: MessageLimits
  readonly #inflating: Inflating | null
  /** Whether a message has begun and not ended. */
  open = false
  #text = false
  #compressed = false
  #inPieces = false
  /** Frames, octets of frames, and octets of the message so far. */
  #frames = 0
  #received = 0
  #taken = 0
  readonly #utf8 = new Utf8Check()
  readonly #gathering = new Gathering()
  #decoder: TextDecoder | null = null

  constructor(sink: MessageSink, limits: MessageLimits, inflating: Inflating | null) {
    this.#sink = sink
    this.#limits = limits
    this.#inflating = inflating
  }

  /** A data frame begins; whether one may was looked at before. */
  frame(opcode: number, compressed: boolean, length: number, fin: boolean): WebSocketFault | null {
    if (opcode !== OPCODE.continuation) {
      this.open = true
      this.#text = opcode === OPCODE.text
      this.#compressed = compressed
      this.#inPieces = this.#sink.wantsPieces
      this.#frames = this.#received = this.#taken = 0
    }
    const { messageBytes, messageFragments } = this.#limits
    this.#frames++
    this.#received += length
    if (this.#frames > messageFragments || (this.#frames === messageFragments && !fin))
      return fault(CLOSE_CODE.policyViolation, `a message has more than ${messageFragments} frames`)
    if (this.#inPieces) return null
    const most = this.#compressed ? messageBytes + (messageBytes >>> 8) + DEFLATE_OVERHEAD : messageBytes
    return this.#received > most ? this.#tooLong() : null
  }

  /**
   * A piece of the payload of the frame that has begun.
   * @param phase how many octets of the frame came before. @param left how many come after.
   * @param last it ends the message.
   */
  piece(
    bytes: Uint8Array,
    start: number,
    end: number,
    key: number,
    phase: number,
    left: number,
    last: boolean,
  ): WebSocketFault | null {
    if (this.#compressed) return this.#deflated(unmasked(bytes, start, end, key, phase), last)
    if (this.#inPieces) return this.#passOn(unmasked(bytes, start, end, key, phase), last)
    if (last && this.#taken === 0 && phase === 0) return this.#whole(bytes, start, end, key)
    const gathering = this.#gathering
    const from = gathering.length
    gathering.room(end - start, end - start + left)
    gathering.bytes.set(bytes.subarray(start, end), from)
    gathering.length += end - start
    if (key !== 0) mask(gathering.bytes, from, gathering.length, key, phase)
    this.#taken += end - start
    if (this.#text) {
      const bad = this.#utf8.push(gathering.bytes, from, gathering.length)
      if (bad >= 0) return notUtf8(bad - from)
    }
    return last ? this.#end() : null
  }

  /** Forgets a message that will not end. */
  drop(): void {
    this.open = false
    this.#gathering.drop()
    this.#utf8.reset()
    this.#decoder = null
    this.#inflating?.close()
  }

  /** An unfragmented message that has come in one piece: most of them. */
  #whole(bytes: Uint8Array, start: number, end: number, key: number): WebSocketFault | null {
    this.open = false
    const length = end - start
    if (!this.#text) {
      const own = bytes.slice(start, end)
      if (key !== 0) mask(own, 0, length, key, 0)
      this.#sink.onBinary(own)
      return null
    }
    let text: string | null
    if (key === 0) text = textOf(bytes, start, end)
    else {
      const clear = length > plain.length ? new Uint8Array(length) : plain
      clear.set(bytes.subarray(start, end))
      mask(clear, 0, length, key, 0)
      text = textOf(clear, 0, length)
    }
    if (text === null) return notUtf8(0)
    this.#sink.onText(text)
    return null
  }

  #deflated(bytes: Uint8Array, last: boolean): WebSocketFault | null {
    const most = this.#inPieces ? Number.POSITIVE_INFINITY : this.#limits.messageBytes - this.#taken
    const inflated = this.#inflating!.inflate(bytes, last, most)
    if (inflated === 'long') return this.#tooLong()
    if (inflated === 'corrupt') return fault(CLOSE_CODE.invalidData, 'a compressed message cannot be decompressed')
    if (this.#inPieces) return this.#passOn(inflated, last)
    this.#taken += inflated.length
    if (this.#text) {
      const bad = this.#utf8.push(inflated, 0, inflated.length)
      if (bad >= 0) return notUtf8(0)
    }
    if (last && this.#gathering.length === 0 && this.#text) {
      if (!this.#utf8.whole) return notUtf8(0)
      this.open = false
      this.#sink.onText(textOf(inflated, 0, inflated.length)!)
      return null
    }
    this.#gathering.add(inflated)
    return last ? this.#end() : null
  }

  /** The message is whole. */
  #end(): WebSocketFault | null {
    this.open = false
    if (!this.#text) {
      this.#sink.onBinary(this.#gathering.take())
      return null
    }
    if (!this.#utf8.whole) return notUtf8(0)
    const { bytes, length } = this.#gathering
    const text = textOf(bytes, 0, length)!
    this.#gathering.drop()
    this.#sink.onText(text)
    return null
  }

  /** @param bytes valid during the call. */
  #passOn(bytes: Uint8Array, last: boolean): WebSocketFault | null {
    if (last) this.open = false
    if (!this.#text) {
      this.#sink.onPiece(bytes.slice(), last)
      return null
    }
    const bad = this.#utf8.push(bytes, 0, bytes.length)
    if (bad >= 0) return notUtf8(bad)
    if (last && !this.#utf8.whole) return notUtf8(bytes.length)
    this.#decoder ??= new TextDecoder('utf-8', { ignoreBOM: true })
    const text = this.#decoder.decode(bytes, { stream: !last })
    if (last) this.#decoder = null
    this.#sink.onPiece(text, last)
    return null
  }

  #tooLong(): WebSocketFault {
    return fault(CLOSE_CODE.messageTooBig, `a message has more than ${this.#limits.messageBytes} octets`)
  }
}

/** The octets without their mask. Valid until the next call. */
function unmasked(bytes: Uint8Array, start: number, end: number, key: number, phase: number): Uint8Array {
  if (start === end) return NOTHING
  if (key === 0) return bytes.subarray(start, end)
  const clear = end - start > plain.length ? new Uint8Array(end - start) : plain.subarray(0, end - start)
  clear.set(bytes.subarray(start, end))
  mask(clear, 0, clear.length, key, phase)
  return clear
}

/** Its place is counted from the start of the piece. */
function fault(code: number, why: string, at = 0): WebSocketFault {
  return new WebSocketFault(code, why, at)
}

function notUtf8(at: number): WebSocketFault {
  return fault(CLOSE_CODE.invalidData, 'a text message is not UTF-8', at)
}
