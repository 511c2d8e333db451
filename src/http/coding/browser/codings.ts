/** The codings of a browser: what its CompressionStream and DecompressionStream have, which cannot flush. */
import type { CodedSink, Coder, CoderOptions, Coding, CodingLibrary } from '../coding.ts'

const FORMATS: Readonly<Record<Coding, string>> = { gzip: 'gzip', deflate: 'deflate', br: 'brotli', zstd: 'zstd' }
const ALL: readonly Coding[] = ['zstd', 'br', 'gzip', 'deflate']

type Pair = ReadableWritablePair<Uint8Array, Uint8Array>

/** Which codings a class of the platform takes. */
function has(make: (format: string) => Pair): readonly Coding[] {
  return ALL.filter((coding) => {
    try {
      make(FORMATS[coding])
      return true
    } catch {
      return false
    }
  })
}

const compress = (format: string) => new CompressionStream(format as 'gzip') as Pair
const decompress = (format: string) => new DecompressionStream(format as 'gzip') as Pair

/** Coders over the platform's streams. */
export const codingLibrary: CodingLibrary = {
  encodes: has(compress),
  decodes: has(decompress),
  encodeWhole: () => null,
  encoder: (coding, sink, options) => new StreamCoder(compress(FORMATS[coding]), sink, options),
  decoder: (coding, sink, options) => new StreamCoder(decompress(FORMATS[coding]), sink, options),
}

class StreamCoder implements Coder {
  readonly #writer: WritableStreamDefaultWriter<Uint8Array>
  readonly #reader: ReadableStreamDefaultReader<Uint8Array>
  readonly #hold: <T>(work: Promise<T>) => Promise<T>
  readonly #pumped: Promise<void>

  constructor(pair: Pair, sink: CodedSink, options: CoderOptions) {
    this.#hold = options.hold ?? ((work) => work)
    this.#writer = pair.writable.getWriter()
    this.#reader = pair.readable.getReader()
    this.#pumped = this.#pump(sink)
    this.#pumped.catch((error) => this.#writer.abort(error).catch(() => {}))
    this.#writer.closed.catch(() => {})
  }

  async #pump(sink: CodedSink): Promise<void> {
    for (;;) {
      const step = await this.#reader.read()
      if (step.done) return
      await sink(step.value)
    }
  }

  async push(bytes: Uint8Array): Promise<void> {
    // What the sink throws is the reason, not that the stream is gone then.
    await Promise.race([this.#writer.write(new Uint8Array(bytes)), this.#pumped])
  }

  flush(): Promise<void> {
    return Promise.resolve()
  }

  async end(): Promise<void> {
    this.#writer.close().catch(() => {})
    await this.#hold(this.#pumped)
  }

  close(): void {
    this.#writer.abort().catch(() => {})
    this.#reader.cancel().catch(() => {})
  }
}
