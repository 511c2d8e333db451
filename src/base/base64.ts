/** Base64 and base64url (RFC 4648 §4, §5), without the platform's help: Node 24 has it only in its Buffer. */

const STANDARD = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/'
const URL_SAFE = `${STANDARD.slice(0, 62)}-_`

/** The value of each character of both alphabets; 255 for the others. */
const VALUES = new Uint8Array(128).fill(255)
for (const alphabet of [STANDARD, URL_SAFE]) for (let i = 0; i < 64; i++) VALUES[alphabet.charCodeAt(i)] = i

/** Padded with `=` to a multiple of four characters. */
export function toBase64(bytes: Uint8Array): string {
  const text = encode(bytes, STANDARD)
  return text + '='.repeat((4 - (text.length & 3)) & 3)
}

/** Without padding, and safe in addresses, cookies and file names. */
export function toBase64Url(bytes: Uint8Array): string {
  return encode(bytes, URL_SAFE)
}

function encode(bytes: Uint8Array, alphabet: string): string {
  let text = ''
  let i = 0
  for (; i + 2 < bytes.length; i += 3) {
    const group = (bytes[i]! << 16) | (bytes[i + 1]! << 8) | bytes[i + 2]!
    text +=
      alphabet[group >>> 18]! + alphabet[(group >>> 12) & 63]! + alphabet[(group >>> 6) & 63]! + alphabet[group & 63]!
  }
  if (i === bytes.length) return text
  const group = (bytes[i]! << 16) | ((bytes[i + 1] ?? 0) << 8)
  text += alphabet[group >>> 18]! + alphabet[(group >>> 12) & 63]!
  return i + 1 === bytes.length ? text : text + alphabet[(group >>> 6) & 63]!
}

/**
 * The octets of a text in either alphabet, padded or not; null for any other character, padding in the middle, a length
 * that no octets have, or bits that are lost (RFC 4648 §3.5: one text for one value).
 */
export function fromBase64(text: string): Uint8Array | null {
  let length = text.length
  if (length > 0 && (length & 3) === 0 && text.endsWith('=')) length -= text.endsWith('==') ? 2 : 1
  const rest = length & 3
  if (rest === 1) return null
  const bytes = new Uint8Array((length >>> 2) * 3 + (rest === 0 ? 0 : rest - 1))
  let at = 0
  let bits = 0
  let held = 0
  for (let i = 0; i < length; i++) {
    const unit = text.charCodeAt(i)
    const value = unit < 128 ? VALUES[unit]! : 255
    if (value === 255) return null
    held = ((held << 6) | value) & 0xffff
    bits += 6
    if (bits < 8) continue
    bits -= 8
    bytes[at++] = held >>> bits
  }
  return (held & ((1 << bits) - 1)) === 0 ? bytes : null
}
