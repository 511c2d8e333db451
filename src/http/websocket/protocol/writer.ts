/** Messages to octets: whole frames, masked for a client, in memory that is used again (RFC 6455 §5.2). */
import { putU16 } from '../../../base/octets.ts'
import { utf8, utf8Length, writeUtf8 } from '../../machine/text.ts'
import { NO_CODE } from './close-code.ts'
import { FIN, headLengthFor, MOST_HEAD, OPCODE, RSV1, writeHead } from './frame.ts'
import { mask } from './mask.ts'

/** Takes the octets of frames; they are valid during the call. */
export interface FrameSink {
  /** @returns as a connection's `write` does. */
  write(bytes: Uint8Array): boolean
  cork(): void
  uncork(): void
}

/** Frames up to here are put together in one piece; the payload of a longer one goes out from where it is. */
const SLAB_BYTES = 65_536
/** One for all: a sink takes the octets before its `write` returns. */
const slab = new Uint8Array(SLAB_BYTES + MOST_HEAD)

export class FrameWriter {
  readonly #sink: FrameSink
  /** The next masking key; null on a server, whose frames are not masked. */
  readonly #nextKey: (() => number) | null
  /** The view of what was sent last: frames of one length come in rows. */
  #view = slab.subarray(0, 0)

  /** @param nextKey must be unpredictable (RFC 6455 §10.3). */
  constructor(sink: FrameSink, nextKey: (() => number) | null) {
    this.#sink = sink
    this.#nextKey = nextKey
  }

  /** A whole text message that is not compressed. */
  text(text: string): boolean {
    const length = utf8Length(text)
    if (length > SLAB_BYTES) return this.frame(FIN | OPCODE.text, utf8(text))
    const key = this.#nextKey === null ? null : this.#nextKey()
    const from = writeHead(slab, 0, FIN | OPCODE.text, length, key)
    writeUtf8(slab, from, text, length)
    if (key !== null) mask(slab, from, from + length, key, 0)
    return this.#send(from + length)
  }

  /** One frame. @param first FIN, RSV1 and the opcode. */
  frame(first: number, payload: Uint8Array): boolean {
    const { length } = payload
    const key = this.#nextKey === null ? null : this.#nextKey()
    if (length > SLAB_BYTES) return this.#long(first, payload, key)
    const from = writeHead(slab, 0, first, length, key)
    slab.set(payload, from)
    if (key !== null) mask(slab, from, from + length, key, 0)
    return this.#send(from + length)
  }

  /** @param code 1005 for a frame without one. */
  close(code: number, reason: string): boolean {
    return this.frame(FIN | OPCODE.close, closePayload(code, reason))
  }

  #send(length: number): boolean {
    if (this.#view.length !== length) this.#view = slab.subarray(0, length)
    return this.#sink.write(this.#view)
  }

  #long(first: number, payload: Uint8Array, key: number | null): boolean {
    if (key === null) {
      this.#sink.cork()
      this.#send(writeHead(slab, 0, first, payload.length, null))
      const ready = this.#sink.write(payload)
      this.#sink.uncork()
      return ready
    }
    const own = new Uint8Array(headLengthFor(payload.length, true) + payload.length)
    const from = writeHead(own, 0, first, payload.length, key)
    own.set(payload, from)
    mask(own, from, own.length, key, 0)
    return this.#sink.write(own)
  }
}

/** A server's frame as octets of its own: for many receivers. */
export function serverFrame(opcode: number, payload: Uint8Array, compressed: boolean): Uint8Array {
  const own = new Uint8Array(headLengthFor(payload.length, false) + payload.length)
  own.set(payload, writeHead(own, 0, FIN | (compressed ? RSV1 : 0) | opcode, payload.length, null))
  return own
}

function closePayload(code: number, reason: string): Uint8Array {
  if (code === NO_CODE) return new Uint8Array(0)
  const text = utf8(reason)
  const payload = new Uint8Array(2 + text.length)
  putU16(payload, 0, code)
  payload.set(text, 2)
  return payload
}
