/** Content codings (RFC 9110 §8.4): what every platform's library has to be like, and which names there are. */

/** The codings that Reticle knows. `deflate` is the zlib format (RFC 1950), as RFC 9110 §8.4.1.2 says. */
export type Coding = 'gzip' | 'deflate' | 'br' | 'zstd'

/** Takes what a coder makes, in order. The next piece comes when a promise has settled; what it throws ends the coding. */
export type CodedSink = (bytes: Uint8Array) => void | Promise<void>

/** Encodes or decodes one body as it streams. One call at a time: the next after the promise of the one before. */
export interface Coder {
  /**
   * Takes a piece, whose bytes need be valid until the call returns. Resolves when all that the piece makes has been taken.
   * Rejects, and is closed, where the bytes are not of the coding, and with what the sink throws.
   */
  push(bytes: Uint8Array): Promise<void>
  /** Makes the other side able to read all that has been pushed. Costs some of the compression. */
  flush(): Promise<void>
  /** No more comes. Resolves when the last of what was made has been taken; rejects for a body that breaks off. */
  end(): Promise<void>
  /** Lets go of the coder's memory. Nothing else may be called then. */
  close(): void
}

/** How a coder is made. */
export interface CoderOptions {
  /** Waits for work that takes real time and no simulated time: a clock's `hold`. */
  readonly hold?: <T>(work: Promise<T>) => Promise<T>
}

/** What a platform's library gives. */
export interface CodingLibrary {
  /** What can be encoded, the best first. */
  readonly encodes: readonly Coding[]
  readonly decodes: readonly Coding[]
  /** A whole body encoded at once, where the platform can do that without waiting; else null. */
  encodeWhole(coding: Coding, bytes: Uint8Array): Uint8Array | null
  encoder(coding: Coding, sink: CodedSink, options: CoderOptions): Coder
  decoder(coding: Coding, sink: CodedSink, options: CoderOptions): Coder
}
