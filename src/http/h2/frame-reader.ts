/** Octets to frames, however they are cut (RFC 9113 §4.1). A frame is given whole: its length is bounded before it is kept. */
import { u32 } from '../../base/octets.ts'
import { ByteAccumulator } from '../machine/accumulator.ts'
import { FRAME_HEAD, PREFACE } from './codes.ts'

export interface FrameSink {
  /** One frame; the payload is `bytes` from `from` to `to`, valid during the call. False ends the reading. */
  frame(type: number, flags: number, stream: number, bytes: Uint8Array, from: number, to: number): boolean
  /** A frame longer than may be has begun; nothing is read after it. */
  oversized(type: number, stream: number, length: number): void
  /** The peer has begun with something else than the preface; nothing is read after it. */
  strange(): void
}

export class FrameReader {
  readonly #sink: FrameSink
  readonly #most: number
  /** Octets of the preface that have come; all of them where none is expected. */
  #preface: number
  /** A frame whose end has not come. */
  readonly #held = new ByteAccumulator()
  /** How much of the held frame is wanted before it is looked at again. */
  #wanted = FRAME_HEAD
  #closed = false
  #frames = 0

  /**
   * @param most SETTINGS_MAX_FRAME_SIZE, as we have said it.
   * @param preface whether the peer has to begin with it.
   */
  constructor(sink: FrameSink, most: number, preface: boolean) {
    this.#sink = sink
    this.#most = most
    this.#preface = preface ? 0 : PREFACE.length
  }

  /** Whether something has begun that has not ended. */
  get midway(): boolean {
    return this.#held.length > 0 || this.#preface < PREFACE.length
  }

  /** Whole frames that have come. */
  get frames(): number {
    return this.#frames
  }

  /** Octets of the frame that is under way. */
  get held(): number {
    return this.#held.length
  }

  /** Nothing more is read. */
  close(): void {
    this.#closed = true
    this.#held.clear()
  }

  feed(bytes: Uint8Array): void {
    let at = 0
    while (this.#preface < PREFACE.length && at < bytes.length && !this.#closed) {
      if (bytes[at++] === PREFACE[this.#preface++]) continue
      this.close()
      this.#sink.strange()
    }
    while (this.#held.length > 0 && at < bytes.length && !this.#closed) {
      const piece = Math.min(bytes.length - at, this.#wanted - this.#held.length)
      this.#held.append(bytes.subarray(at, at + piece))
      at += piece
      if (this.#held.length === this.#wanted) this.#complete()
    }
    while (at < bytes.length && !this.#closed) {
      const rest = bytes.length - at
      const whole = rest < FRAME_HEAD ? FRAME_HEAD : this.#whole(bytes, at)
      if (whole < 0) return
      if (rest < whole) {
        this.#held.append(bytes.subarray(at))
        this.#wanted = whole
        return
      }
      this.#give(bytes, at, at + whole)
      at += whole
    }
  }

  /** All that was wanted of the held frame is there: its head, or the frame. */
  #complete(): void {
    const bytes = this.#held.peek()
    const whole = this.#whole(bytes, 0)
    if (whole < 0) return
    this.#wanted = whole
    if (whole > bytes.length) return
    this.#give(bytes, 0, whole)
    this.#held.clear()
    this.#wanted = FRAME_HEAD
  }

  /** Octets of the frame that begins at `at`; -1 where that is too much. */
  #whole(bytes: Uint8Array, at: number): number {
    const length = u32(bytes, at) >>> 8
    if (length <= this.#most) return FRAME_HEAD + length
    this.close()
    this.#sink.oversized(bytes[at + 3]!, streamAt(bytes, at), length)
    return -1
  }

  #give(bytes: Uint8Array, at: number, to: number): void {
    this.#frames++
    const more = this.#sink.frame(bytes[at + 3]!, bytes[at + 4]!, streamAt(bytes, at), bytes, at + FRAME_HEAD, to)
    if (!more) this.#closed = true
  }
}

/** RFC 9113 §4.1: the reserved bit is ignored. */
function streamAt(bytes: Uint8Array, at: number): number {
  return u32(bytes, at + 5) & 0x7fff_ffff
}
