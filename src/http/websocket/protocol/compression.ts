/**
 * What permessage-deflate (RFC 7692) needs of a compressor. The work itself is the platform's: `#deflate` is zlib on Node
 * and nothing in a browser, where the extension is not offered.
 */

/** Compresses messages of one direction. */
export interface Deflater {
  /**
   * A whole message without the tail that every one has (RFC 7692 §7.2.1). Valid until the next call.
   * @param fresh forget what was compressed before.
   */
  deflate(bytes: Uint8Array, fresh: boolean): Uint8Array
  /** Gives its memory back. */
  close(): void
}

/** What came out of an inflater instead of octets: data that is not DEFLATE, or more of it than was allowed. */
export type InflateFault = 'corrupt' | 'long'

/** Decompresses messages of one direction. */
export interface Inflater {
  /**
   * A piece of a message. What comes out is valid until the next call.
   * @param last it ends the message.
   * @param most the most octets that may come out.
   */
  inflate(bytes: Uint8Array, last: boolean, most: number): Uint8Array | InflateFault
  /** Forgets what was decompressed before. */
  reset(): void
  close(): void
}

/** A compressor of the platform. */
export interface Compression {
  /** Whether messages can build on earlier ones; without it each is compressed for itself. */
  readonly keepsContext: boolean
  /** @param windowBits 8 to 15. @param level 0 to 9. */
  deflater(windowBits: number, level: number): Deflater
  inflater(windowBits: number): Inflater
}
