/** Bodies encoded for whoever asks for them so. */
import { codingLibrary } from '#codings'
import type { CodedSink, Coder, CoderOptions, Coding } from './coding.ts'

/** What Reticle can encode on this platform, the best first. */
export const ENCODED_CODINGS: readonly Coding[] = codingLibrary.encodes

/**
 * Encodes a body as it streams: what is pushed comes out at `sink`.
 *
 * @example
 * const gzip = encoder('gzip', (bytes) => void body.write(bytes))
 * await gzip.push(page)
 * await gzip.end()
 */
export function encoder(coding: Coding, sink: CodedSink, options: CoderOptions = {}): Coder {
  return codingLibrary.encoder(coding, sink, options)
}

/** A whole body encoded at once; null where the platform can only do that as a stream. */
export function encodeWhole(coding: Coding, bytes: Uint8Array): Uint8Array | null {
  return codingLibrary.encodeWhole(coding, bytes)
}
