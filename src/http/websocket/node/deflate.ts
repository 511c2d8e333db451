/**
 * zlib for permessage-deflate, one synchronous call a piece: a message of some kilobytes is through in less time than the
 * thread pool needs to be told of it, and messages keep their order by themselves. What Node's own `*Sync` functions call
 * inside is called here, since those begin anew with every message. Where that is not there (another runtime, another
 * Node), each message is compressed for itself by the public functions.
 */
import { constants, createDeflateRaw, createInflateRaw, deflateRawSync, inflateRawSync } from 'node:zlib'
import type { Compression, Deflater, InflateFault, Inflater } from '../protocol/compression.ts'

/** RFC 7692 §7.2.1: what every message ends with, and none carries. */
const TAIL = Uint8Array.of(0, 0, 0xff, 0xff)
/** RFC 7692 §7.2.3.6 */
const EMPTY = Uint8Array.of(0)
const { Z_SYNC_FLUSH, Z_HUFFMAN_ONLY, Z_DEFAULT_STRATEGY } = constants
const NOTHING = new Uint8Array(0)
/** Octets of DEFLATE and of plain data come out here, of all connections: they are used before the next call. */
const out = new Uint8Array(65_536)

/** What a zlib object of Node has inside. */
interface Inside {
  readonly _handle: {
    writeSync(
      flush: number,
      input: Uint8Array,
      inputAt: number,
      inputLength: number,
      output: Uint8Array,
      outputAt: number,
      outputLength: number,
    ): void
    reset(): void
    close(): void
    onerror: (message: string, errno: number, code: string) => void
  }
  /** Room left in the output, and octets left of the input, after `writeSync`. */
  readonly _writeState: Uint32Array
}

class Stream {
  readonly #inside: Inside
  failed = false
  /** Octets of the last input that were not taken: the stream has ended before them. */
  rest = 0

  constructor(made: object) {
    this.#inside = made as Inside
    this.#inside._handle.onerror = () => {
      this.failed = true
    }
  }

  /** Puts octets through. @returns what comes out; null for more than `most`, and when the data is wrong. */
  put(bytes: Uint8Array, most: number): Uint8Array | null {
    const { _handle, _writeState } = this.#inside
    let full: Uint8Array[] | null = null
    let before = 0
    this.rest = bytes.length
    for (;;) {
      _handle.writeSync(Z_SYNC_FLUSH, bytes, bytes.length - this.rest, this.rest, out, 0, out.length)
      if (this.failed) return null
      const made = out.length - _writeState[0]!
      this.rest = _writeState[1]!
      if (before + made > most) return null
      if (made < out.length) return full === null ? out.subarray(0, made) : joined(full, out.subarray(0, made), before)
      full ??= []
      full.push(out.slice())
      before += made
    }
  }

  reset(): void {
    this.#inside._handle.reset()
  }

  close(): void {
    this.#inside._handle.close()
  }
}

function joined(full: readonly Uint8Array[], last: Uint8Array, before: number): Uint8Array {
  const whole = new Uint8Array(before + last.length)
  let at = 0
  for (const piece of [...full, last]) {
    whole.set(piece, at)
    at += piece.length
  }
  return whole
}

/** zlib has no window of 8 bits; without references into the window any size will do. */
function settings(windowBits: number, level: number) {
  return {
    windowBits: Math.max(9, windowBits),
    level,
    strategy: windowBits < 9 ? Z_HUFFMAN_ONLY : Z_DEFAULT_STRATEGY,
    // What Node's stream would write into, which nobody does.
    chunkSize: 64,
  }
}

class StreamDeflater implements Deflater {
  readonly #stream: Stream

  constructor(windowBits: number, level: number) {
    this.#stream = new Stream(createDeflateRaw(settings(windowBits, level)))
  }

  deflate(bytes: Uint8Array, fresh: boolean): Uint8Array {
    if (bytes.length === 0) return EMPTY
    if (fresh) this.#stream.reset()
    const deflated = this.#stream.put(bytes, Number.POSITIVE_INFINITY)
    if (deflated === null) throw new Error('zlib could not compress a message')
    return deflated.subarray(0, deflated.length - TAIL.length)
  }

  close(): void {
    this.#stream.close()
  }
}

class StreamInflater implements Inflater {
  readonly #stream: Stream

  constructor(windowBits: number) {
    this.#stream = new Stream(createInflateRaw({ windowBits: Math.max(9, windowBits), chunkSize: 64 }))
  }

  inflate(bytes: Uint8Array, last: boolean, most: number): Uint8Array | InflateFault {
    const plain = this.#through(bytes, most)
    if (!last || typeof plain === 'string') return plain
    // The output is where the tail's would go: that of the tail is nothing, unless the message was cut.
    const kept = plain.length === 0 ? plain : plain.buffer === out.buffer ? plain.slice() : plain
    const end = this.#through(TAIL, most - plain.length)
    if (typeof end === 'string') return end
    return end.length === 0 ? kept : joined([kept], end, kept.length)
  }

  /** RFC 7692 §7.2.3.5: a block may say that it is the last, and others follow all the same. */
  #through(bytes: Uint8Array, most: number): Uint8Array | InflateFault {
    const plain = this.#stream.put(bytes, most)
    return plain === null || this.#stream.rest === 0 ? (plain ?? this.#fault()) : this.#goOn(bytes, plain, most)
  }

  /** As many such blocks as a peer likes, two octets each: what came before them is copied once, and not for each. */
  #goOn(bytes: Uint8Array, first: Uint8Array, most: number): Uint8Array | InflateFault {
    const pieces = [first.slice()]
    let length = first.length
    while (this.#stream.rest > 0) {
      const { rest } = this.#stream
      this.#stream.reset()
      const more = this.#stream.put(bytes.subarray(bytes.length - rest), most - length)
      if (more === null) return this.#fault()
      if (this.#stream.rest === rest) return 'corrupt'
      if (more.length > 0) pieces.push(more.slice())
      length += more.length
    }
    return joined(pieces, NOTHING, length)
  }

  #fault(): InflateFault {
    return this.#stream.failed ? 'corrupt' : 'long'
  }

  reset(): void {
    this.#stream.reset()
  }

  close(): void {
    this.#stream.close()
  }
}

const streams: Compression = {
  keepsContext: true,
  deflater: (windowBits, level) => new StreamDeflater(windowBits, level),
  inflater: (windowBits) => new StreamInflater(windowBits),
}

class WholeDeflater implements Deflater {
  readonly #settings

  constructor(windowBits: number, level: number) {
    this.#settings = { ...settings(windowBits, level), chunkSize: 16_384, finishFlush: Z_SYNC_FLUSH }
  }

  deflate(bytes: Uint8Array): Uint8Array {
    const deflated = deflateRawSync(bytes, this.#settings)
    return bytes.length === 0 ? EMPTY : deflated.subarray(0, deflated.length - TAIL.length)
  }

  close(): void {}
}

class WholeInflater implements Inflater {
  #pieces: Uint8Array[] = []

  inflate(bytes: Uint8Array, last: boolean, most: number): Uint8Array | InflateFault {
    this.#pieces.push(bytes.slice())
    if (!last) return new Uint8Array(0)
    const all = Buffer.concat([...this.#pieces, TAIL])
    this.#pieces = []
    try {
      return inflateRawSync(all, { finishFlush: Z_SYNC_FLUSH, maxOutputLength: Math.min(most + 1, 0x7fff_ffff) })
    } catch (error) {
      return (error as { code?: string }).code === 'ERR_BUFFER_TOO_LARGE' ? 'long' : 'corrupt'
    }
  }

  reset(): void {
    this.#pieces = []
  }

  close(): void {}
}

/** By the public functions alone: for runtimes whose zlib has another inside. */
export const wholeMessages: Compression = {
  keepsContext: false,
  deflater: (windowBits, level) => new WholeDeflater(windowBits, level),
  inflater: () => new WholeInflater(),
}

/** Whether the inside of this zlib does what is expected of it. */
function works({ deflater, inflater }: Compression): boolean {
  try {
    const sample = Uint8Array.of(7, 7, 7, 1, 2, 3, 7, 7, 7)
    const compressor = deflater(15, 6)
    const decompressor = inflater(15)
    const good = [1, 2].every(() => {
      const plain = decompressor.inflate(compressor.deflate(sample, false), true, 100)
      return (
        typeof plain !== 'string' && plain.length === sample.length && plain.every((octet, i) => octet === sample[i])
      )
    })
    compressor.close()
    decompressor.close()
    return good
  } catch {
    return false
  }
}

export const deflate: Compression | null = works(streams) ? streams : wholeMessages
