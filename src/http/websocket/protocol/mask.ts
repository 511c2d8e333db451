/** Masking (RFC 6455 §5.3): every octet of a client's payload is XORed with one of the four of the frame's key. */

/** Below it the octets are done one by one: a view of words costs more than the loop saves. */
const WORDS_FROM = 96
const LITTLE_ENDIAN = new Uint8Array(Uint16Array.of(1).buffer)[0] === 1

/**
 * Masks or unmasks in place, a word at a time where there are many.
 * @param key the octets of the masking key as they stand in the frame, the first one in the low byte.
 * @param phase how many octets of the payload came before `start`.
 */
export function mask(bytes: Uint8Array, start: number, end: number, key: number, phase: number): void {
  let turned = rotated(key, phase)
  let at = start
  if (end - start >= WORDS_FROM && LITTLE_ENDIAN) {
    const odd = (4 - ((bytes.byteOffset + at) & 3)) & 3
    maskPlain(bytes, at, at + odd, turned)
    turned = rotated(turned, odd)
    at += odd
    const words = new Int32Array(bytes.buffer, bytes.byteOffset + at, (end - at) >>> 2)
    for (let i = 0; i < words.length; i++) words[i]! ^= turned
    at += words.length << 2
  }
  maskPlain(bytes, at, end, turned)
}

/** The same, octet by octet. */
export function maskPlain(bytes: Uint8Array, start: number, end: number, key: number): void {
  const k0 = key & 255
  const k1 = (key >>> 8) & 255
  const k2 = (key >>> 16) & 255
  const k3 = key >>> 24
  let at = start
  for (; at + 4 <= end; at += 4) {
    bytes[at]! ^= k0
    bytes[at + 1]! ^= k1
    bytes[at + 2]! ^= k2
    bytes[at + 3]! ^= k3
  }
  if (at < end) bytes[at]! ^= k0
  if (at + 1 < end) bytes[at + 1]! ^= k1
  if (at + 2 < end) bytes[at + 2]! ^= k2
}

/** The key as it is `octets` further on. */
function rotated(key: number, octets: number): number {
  const by = (octets & 3) << 3
  return by === 0 ? key : (key >>> by) | (key << (32 - by))
}
