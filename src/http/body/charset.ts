/**
 * The charsets in which bodies and field values come: US-ASCII, UTF-8 and ISO-8859-1. The last is the real one, in
 * which the bytes 80 to 9F are controls; platform decoders give windows-1252 for its name.
 */

import { HttpMisuse } from '../errors.ts'
import { stripSpace } from '../fields/list.ts'
import { latin1 } from '../machine/text.ts'

/** The charsets that are read and written; what names them is `charsetNamed`'s to know. */
export type Charset = 'us-ascii' | 'utf-8' | 'iso-8859-1'

/** IANA names and aliases, lower case. */
const LABELS: ReadonlyMap<string, Charset> = new Map([
  ['utf-8', 'utf-8'],
  ['utf8', 'utf-8'],
  ['us-ascii', 'us-ascii'],
  ['ascii', 'us-ascii'],
  ['ansi_x3.4-1968', 'us-ascii'],
  ['iso646-us', 'us-ascii'],
  ['iso-8859-1', 'iso-8859-1'],
  ['iso8859-1', 'iso-8859-1'],
  ['iso_8859-1', 'iso-8859-1'],
  ['latin1', 'iso-8859-1'],
  ['l1', 'iso-8859-1'],
])

const utf8 = new TextDecoder('utf-8')
const utf8Strict = new TextDecoder('utf-8', { fatal: true })
const utf8Encoder = new TextEncoder()

/** The charset of that name in any case; undefined for one that Reticle does not have. */
export function charsetNamed(label: string): Charset | undefined {
  return LABELS.get(stripSpace(label).toLowerCase())
}

/** Decodes bytes; what the charset does not have becomes U+FFFD. A byte order mark before UTF-8 is dropped. */
export function decode(bytes: Uint8Array, charset: Charset): string {
  if (charset === 'utf-8') return utf8.decode(bytes)
  const text = latin1(bytes)
  return charset === 'us-ascii' ? text.replace(/[\x80-\xff]/g, '\ufffd') : text
}

/** Decodes bytes; null when they are not of that charset. */
export function decodeStrict(bytes: Uint8Array, charset: Charset): string | null {
  if (charset === 'utf-8') {
    try {
      return utf8Strict.decode(bytes)
    } catch {
      return null
    }
  }
  const text = latin1(bytes)
  return charset === 'us-ascii' && /[\x80-\xff]/.test(text) ? null : text
}

/** @throws HttpMisuse for a character that the charset does not have. */
export function encode(text: string, charset: Charset): Uint8Array {
  if (charset === 'utf-8') return utf8Encoder.encode(text)
  const highest = charset === 'us-ascii' ? 0x7f : 0xff
  const bytes = new Uint8Array(text.length)
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i)
    if (code > highest) {
      const shown = `U+${text.codePointAt(i)!.toString(16).toUpperCase().padStart(4, '0')}`
      throw new HttpMisuse(
        'HTTP_INVALID_CHARACTER',
        `${shown} at index ${i} is not in ${charset}: send the text as utf-8`,
      )
    }
    bytes[i] = code
  }
  return bytes
}

/** A field value (whose characters are its bytes) read in another charset; null when it is not of that charset. */
export function decodeField(value: string, charset: Charset): string | null {
  return charset === 'iso-8859-1' ? value : decodeStrict(encode(value, 'iso-8859-1'), charset)
}

/** A string as a field value whose bytes are UTF-8: for the fields whose readers expect that. */
export function encodeField(text: string): string {
  return latin1(utf8Encoder.encode(text))
}
