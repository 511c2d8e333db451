/** Frames on their way out. */
import { putU16, putU32 } from '../../base/octets.ts'
import { latin1Bytes, writeUtf8 } from '../machine/text.ts'
import { Flag, FRAME_HEAD, FrameType, LEAST_FRAME, PREFACE } from './codes.ts'
import { Encoder } from './hpack/encoder.ts'
import type { Wire } from './wire.ts'

/** Told of every frame that was written, where somebody looks. */
export type FrameWatch = (type: number, flags: number, stream: number, length: number) => void

/** How much of the reason goes with GOAWAY. */
const REASON_BYTES = 200

export class FrameWriter {
  readonly #wire: Wire
  readonly #encoder: Encoder
  readonly #watch: FrameWatch | null
  /** The largest frame that the peer takes and we send. */
  readonly frameBytes = LEAST_FRAME

  constructor(wire: Wire, encoder: Encoder, watch: FrameWatch | null) {
    this.#wire = wire
    this.#encoder = encoder
    this.#watch = watch
  }

  preface(): void {
    const at = this.#wire.claim(PREFACE.length)
    this.#wire.slab.set(PREFACE, at)
    this.#wire.wrote(PREFACE.length)
  }

  /** @param settings number, value, number, value */
  settings(settings: readonly number[]): void {
    const length = settings.length * 3
    let at = this.#begin(FrameType.settings, 0, 0, length)
    for (let i = 0; i < settings.length; i += 2, at += 6) {
      putU16(this.#wire.slab, at, settings[i]!)
      putU32(this.#wire.slab, at + 2, settings[i + 1]!)
    }
    this.#wire.wrote(FRAME_HEAD + length)
  }

  settingsAck(): void {
    this.#begin(FrameType.settings, Flag.ack, 0, 0)
    this.#wire.wrote(FRAME_HEAD)
  }

  /** @param data eight octets. */
  ping(data: Uint8Array, ack: boolean): void {
    const at = this.#begin(FrameType.ping, ack ? Flag.ack : 0, 0, 8)
    this.#wire.slab.set(data, at)
    this.#wire.wrote(FRAME_HEAD + 8)
  }

  window(stream: number, more: number): void {
    this.#number(FrameType.window, stream, more)
  }

  reset(stream: number, code: number): void {
    this.#number(FrameType.reset, stream, code)
  }

  goaway(last: number, code: number, why: string): void {
    const reason = latin1Bytes(why.slice(0, REASON_BYTES).replace(/[^ -~]/g, '?'))
    const at = this.#begin(FrameType.goaway, 0, 0, 8 + reason.length)
    putU32(this.#wire.slab, at, last)
    putU32(this.#wire.slab, at + 4, code)
    this.#wire.slab.set(reason, at + 8)
    this.#wire.wrote(FRAME_HEAD + 8 + reason.length)
  }

  /** @param fields name, value, name, value; pseudo-header fields first */
  head(stream: number, fields: readonly string[], end: boolean): void {
    const flags = end ? Flag.endStream : 0
    const most = Encoder.most(fields)
    if (most > LEAST_FRAME) {
      this.#parts(stream, fields, most, flags)
      return
    }
    const { slab } = this.#wire
    const start = this.#wire.claim(FRAME_HEAD + most)
    const encoder = this.#encoder
    encoder.begin(slab, start + FRAME_HEAD)
    for (let i = 0; i < fields.length; i += 2) encoder.field(fields[i]!, fields[i + 1]!)
    const length = encoder.at - start - FRAME_HEAD
    this.#frameHead(start, FrameType.headers, flags | Flag.endHeaders, stream, length)
    this.#wire.wrote(FRAME_HEAD + length)
  }

  /** A block that may need CONTINUATION frames. */
  #parts(stream: number, fields: readonly string[], most: number, flags: number): void {
    const block = new Uint8Array(most)
    this.#encoder.begin(block, 0)
    for (let i = 0; i < fields.length; i += 2) this.#encoder.field(fields[i]!, fields[i + 1]!)
    const end = this.#encoder.at
    for (let at = 0, type: number = FrameType.headers; at < end || at === 0; type = FrameType.continuation) {
      const length = Math.min(this.frameBytes, end - at)
      const last = at + length === end ? Flag.endHeaders : 0
      const place = this.#begin(type, (at === 0 ? flags : 0) | last, stream, length)
      this.#wire.slab.set(block.subarray(at, at + length), place)
      this.#wire.wrote(FRAME_HEAD + length)
      at += length
    }
  }

  /** At most `frameBytes` of content. */
  data(stream: number, bytes: Uint8Array, from: number, to: number, end: boolean): void {
    const at = this.#begin(FrameType.data, end ? Flag.endStream : 0, stream, to - from)
    this.#wire.slab.set(from === 0 && to === bytes.length ? bytes : bytes.subarray(from, to), at)
    this.#wire.wrote(FRAME_HEAD + to - from)
  }

  /** @param length of the text in bytes of UTF-8, at most `frameBytes` */
  text(stream: number, text: string, length: number, end: boolean): void {
    const at = this.#begin(FrameType.data, end ? Flag.endStream : 0, stream, length)
    writeUtf8(this.#wire.slab, at, text, length)
    this.#wire.wrote(FRAME_HEAD + length)
  }

  /** The stream ends without more content. */
  end(stream: number): void {
    this.#begin(FrameType.data, Flag.endStream, stream, 0)
    this.#wire.wrote(FRAME_HEAD)
  }

  #number(type: number, stream: number, value: number): void {
    const at = this.#begin(type, 0, stream, 4)
    putU32(this.#wire.slab, at, value)
    this.#wire.wrote(FRAME_HEAD + 4)
  }

  /** Claims room for a frame and writes its head; where the payload goes. */
  #begin(type: number, flags: number, stream: number, length: number): number {
    const at = this.#wire.claim(FRAME_HEAD + length)
    this.#frameHead(at, type, flags, stream, length)
    return at + FRAME_HEAD
  }

  #frameHead(at: number, type: number, flags: number, stream: number, length: number): void {
    const { slab } = this.#wire
    putU32(slab, at, (length << 8) | type)
    slab[at + 4] = flags
    putU32(slab, at + 5, stream)
    this.#watch?.(type, flags, stream, length)
  }
}
