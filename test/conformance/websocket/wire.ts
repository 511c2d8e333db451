/**
 * The wire as the suite speaks it: frames written and read by rules of their own, so that a fault of the product is not
 * made twice. What comes from the side under test is held against RFC 6455 §5 octet by octet.
 */
import assert from 'node:assert/strict'
import { constants, deflateRawSync, inflateRawSync } from 'node:zlib'

export type Role = 'client' | 'server'

export interface FrameOptions {
  /** Default true. */
  readonly fin?: boolean
  /** RSV1 to RSV3 as the number that they make: 4, 2, 1. */
  readonly rsv?: number
  /** Mask it, or not, whatever the role says. */
  readonly masked?: boolean
  /** A length in the head that is not that of the payload. */
  readonly length?: number
}

/** One frame as a peer of that role sends it. */
export function frame(role: Role, opcode: number, payload: Uint8Array, options: FrameOptions = {}): Buffer {
  const { fin = true, rsv = 0, masked = role === 'client', length = payload.length } = options
  const extended = length < 126 ? 0 : length < 65_536 ? 2 : 8
  const head = Buffer.alloc(2 + extended + (masked ? 4 : 0))
  head[0] = (fin ? 128 : 0) | (rsv << 4) | opcode
  head[1] = (masked ? 128 : 0) | (extended === 0 ? length : extended === 2 ? 126 : 127)
  if (extended === 2) head.writeUInt16BE(length, 2)
  if (extended === 8) head.writeBigUInt64BE(BigInt(length), 2)
  if (!masked) return Buffer.concat([head, payload])
  const key = [0x9d, 0x1e, 0x00, 0xc3]
  head.set(key, head.length - 4)
  return Buffer.concat([head, payload.map((octet, i) => octet ^ key[i % 4]!)])
}

export interface Frame {
  readonly fin: boolean
  readonly rsv: number
  readonly opcode: number
  readonly payload: Buffer
}

/** Takes one frame of the other side off the front. @returns null when it has not come whole. */
export function takeFrame(from: Role, held: Buffer): { frame: Frame; rest: Buffer } | null {
  if (held.length < 2) return null
  const masked = (held[1]! & 128) !== 0
  assert.equal(masked, from === 'client', `a frame of a ${from} is ${masked ? '' : 'not '}masked (RFC 6455 §5.1)`)
  let length = held[1]! & 127
  let at = 2
  if (length === 126) {
    if (held.length < 4) return null
    length = held.readUInt16BE(2)
    at = 4
    assert.ok(length >= 126, 'a length is not in its shortest form (RFC 6455 §5.2)')
  } else if (length === 127) {
    if (held.length < 10) return null
    length = Number(held.readBigUInt64BE(2))
    at = 10
    assert.ok(length >= 65_536, 'a length is not in its shortest form (RFC 6455 §5.2)')
  }
  const end = at + (masked ? 4 : 0) + length
  if (held.length < end) return null
  const payload = Buffer.from(held.subarray(end - length, end))
  if (masked) for (let i = 0; i < length; i++) payload[i]! ^= held[at + (i % 4)]!
  const one = { fin: held[0]! >= 128, rsv: (held[0]! >> 4) & 7, opcode: held[0]! & 15, payload }
  return { frame: one, rest: held.subarray(end) }
}

/** One direction of permessage-deflate: messages build on earlier ones by a dictionary of what these said. */
export class Deflation {
  readonly #takeover: boolean
  readonly #windowBits: number
  #before: Buffer = Buffer.alloc(0)

  constructor(takeover: boolean, windowBits: number) {
    this.#takeover = takeover
    this.#windowBits = windowBits
  }

  deflate(bytes: Uint8Array): Buffer {
    const made = deflateRawSync(bytes, this.#settings(Math.max(9, this.#windowBits)))
    this.#remember(bytes)
    return bytes.length === 0 ? Buffer.from([0]) : made.subarray(0, made.length - 4)
  }

  inflate(bytes: Uint8Array): Buffer {
    const tail = Buffer.from([0, 0, 255, 255])
    // The window that was agreed upon, and no larger: who looks back further fails here.
    const made = inflateRawSync(Buffer.concat([bytes, tail]), this.#settings(Math.max(8, this.#windowBits)))
    this.#remember(made)
    return made
  }

  #settings(windowBits: number) {
    const dictionary = this.#before.subarray(-(2 ** windowBits))
    const { Z_SYNC_FLUSH } = constants
    return { windowBits, finishFlush: Z_SYNC_FLUSH, ...(dictionary.length === 0 ? {} : { dictionary }) }
  }

  #remember(bytes: Uint8Array): void {
    if (this.#takeover) this.#before = Buffer.concat([this.#before, bytes]).subarray(-32_768)
  }
}
