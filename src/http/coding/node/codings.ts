/** The codings of node:zlib. Its streams work in the thread pool and stop when nobody takes what they make. */
import type { Transform } from 'node:stream'
import {
  brotliCompressSync,
  constants,
  createBrotliCompress,
  createBrotliDecompress,
  createDeflate,
  createGunzip,
  createGzip,
  createInflate,
  createInflateRaw,
  createZstdCompress,
  createZstdDecompress,
  deflateSync,
  gzipSync,
  zstdCompressSync,
} from 'node:zlib'
import type { CodedSink, Coder, CoderOptions, Coding, CodingLibrary } from '../coding.ts'

/** A stream of node:zlib, which can be flushed. */
type ZlibStream = Transform & {
  flush(kind: number, done: () => void): void
  close(): void
}

/** One piece of output, and what waits in a stream: memory of one coder. */
const CHUNK = 32 * 1024

const DEFLATE = { level: 5, chunkSize: CHUNK }
/** Quality 4 takes as long as gzip and gives a third less. The window bounds the memory of a stream that stays open. */
const BROTLI = {
  chunkSize: CHUNK,
  params: { [constants.BROTLI_PARAM_QUALITY]: 4, [constants.BROTLI_PARAM_LGWIN]: 18 },
}
const ZSTD = {
  chunkSize: CHUNK,
  params: { [constants.ZSTD_c_compressionLevel]: 3, [constants.ZSTD_c_windowLog]: 18 },
}
/** What comes after the end of a coding would be read by some and not by others. */
const STRICT = { chunkSize: CHUNK, rejectGarbageAfterEnd: true }
/** RFC 9659: a window in HTTP is at most 8 MiB. */
const STRICT_ZSTD = { ...STRICT, params: { [constants.ZSTD_d_windowLogMax]: 23 } }

const ENCODERS: Readonly<Record<Coding, () => ZlibStream>> = {
  zstd: () => createZstdCompress(ZSTD),
  br: () => createBrotliCompress(BROTLI),
  gzip: () => createGzip(DEFLATE),
  deflate: () => createDeflate(DEFLATE),
}

const WHOLE: Readonly<Record<Coding, (bytes: Uint8Array) => Uint8Array>> = {
  zstd: (bytes) => zstdCompressSync(bytes, ZSTD),
  br: (bytes) => brotliCompressSync(bytes, BROTLI),
  gzip: (bytes) => gzipSync(bytes, DEFLATE),
  deflate: (bytes) => deflateSync(bytes, DEFLATE),
}

const FLUSH: Readonly<Record<Coding, number>> = {
  zstd: constants.ZSTD_e_flush,
  br: constants.BROTLI_OPERATION_FLUSH,
  gzip: constants.Z_SYNC_FLUSH,
  deflate: constants.Z_SYNC_FLUSH,
}

/** @param first octet of the body, which tells deflate's two forms apart. */
function decoderOf(coding: Coding, first: number): ZlibStream {
  switch (coding) {
    // RFC 1952 §2.2: a gzip file is one member after another.
    case 'gzip':
      return createGunzip({ chunkSize: CHUNK })
    case 'br':
      return createBrotliDecompress(STRICT)
    case 'zstd':
      return createZstdDecompress(STRICT_ZSTD)
    // RFC 9110 §8.4.1.2: some send deflate without the zlib format around it, and everybody reads that.
    case 'deflate':
      return (first & 0x0f) === 8 ? createInflate(STRICT) : createInflateRaw(STRICT)
  }
}

/**
 * By line, the first Node whose Brotli decoder does not write outside its memory (CVE-2026-111497): before it whoever sends a
 * body may run what he likes. Bun and Deno give the version of the Node that they are like; where it is older, `br` is not decoded.
 */
const SOUND: { readonly [line: string]: readonly [minor: number, patch: number] } = { 24: [22, 1], 26: [12, 1] }

/** Whether `br` may be decoded by a Node of that version. */
export function decodesBrotli(version: string): boolean {
  const [major = 0, minor = 0, patch = 0] = version.split('.').map(Number)
  const sound = SOUND[major]
  if (sound === undefined) return major > 26
  return minor > sound[0] || (minor === sound[0] && patch >= sound[1])
}

/** Coders over node:zlib. */
export const codingLibrary: CodingLibrary = {
  encodes: ['zstd', 'br', 'gzip', 'deflate'],
  decodes: decodesBrotli(process.versions.node) ? ['zstd', 'br', 'gzip', 'deflate'] : ['zstd', 'gzip', 'deflate'],
  encodeWhole: (coding, bytes) => WHOLE[coding](bytes),
  encoder(coding, sink, options) {
    const coder = new ZlibCoder(ENCODERS[coding], FLUSH[coding], sink, options)
    coder.open(0)
    return coder
  },
  decoder: (coding, sink, options) => new ZlibCoder((first) => decoderOf(coding, first), FLUSH[coding], sink, options),
}

class ZlibCoder implements Coder {
  readonly #make: (first: number) => ZlibStream
  readonly #flush: number
  readonly #sink: CodedSink
  readonly #hold: <T>(work: Promise<T>) => Promise<T>
  #stream: ZlibStream | null = null
  #failure: Error | null = null
  #ended = false
  #wake: (() => void) | null = null

  constructor(make: (first: number) => ZlibStream, flush: number, sink: CodedSink, options: CoderOptions) {
    this.#make = make
    this.#flush = flush
    this.#sink = sink
    this.#hold = options.hold ?? ((work) => work)
  }

  async push(bytes: Uint8Array): Promise<void> {
    if (bytes.length === 0) return
    const stream = this.open(bytes[0]!)
    // The thread pool reads the bytes after the call has returned.
    const copy = new Uint8Array(bytes)
    await this.#run((done) => stream.write(copy, done))
  }

  async flush(): Promise<void> {
    const stream = this.#stream
    if (stream !== null) await this.#run((done) => stream.flush(this.#flush, done))
  }

  async end(): Promise<void> {
    const stream = this.#stream
    // A decoder to which nothing came: no bytes are no body, whatever its coding.
    if (stream !== null) await this.#run(() => stream.end())
    this.close()
  }

  close(): void {
    const stream = this.#stream
    this.#failure ??= new Error('the coder is closed')
    this.#stream = null
    // A stream that is destroyed while the thread pool works lets go when that is through.
    stream?.destroy()
    this.#wakeUp()
  }

  /** @param first octet of the body, for decoders */
  open(first: number): ZlibStream {
    if (this.#failure !== null) throw this.#failure
    if (this.#stream !== null) return this.#stream
    const stream = this.#make(first)
    stream.on('readable', () => this.#wakeUp())
    stream.on('end', () => {
      this.#ended = true
      this.#wakeUp()
    })
    stream.on('error', (error: Error) => {
      this.#failure ??= error
      this.#wakeUp()
    })
    this.#stream = stream
    return stream
  }

  #wakeUp(): void {
    const wake = this.#wake
    this.#wake = null
    wake?.()
  }

  /** Gives the stream something to do, and hands on what it makes until it has done that. */
  async #run(begin: (done: () => void) => void): Promise<void> {
    let done = false
    begin(() => {
      done = true
      this.#wakeUp()
    })
    try {
      for (;;) {
        if (this.#failure !== null) throw this.#failure
        const made: Uint8Array | null = this.#stream === null ? null : this.#stream.read()
        if (made !== null) {
          const working = this.#sink(made)
          if (working instanceof Promise) await working
        } else if (done || this.#ended) return
        else await this.#hold(new Promise<void>((resolve) => (this.#wake = resolve)))
      }
    } catch (error) {
      this.#failure ??= error instanceof Error ? error : new Error(String(error))
      this.close()
      throw error
    }
  }
}
