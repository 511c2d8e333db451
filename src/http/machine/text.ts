/**
 * Bytes to strings and back. ISO-8859-1 is the real one, in which the bytes 80 to 9F are controls. On Node the native
 * loops of `Buffer.prototype` do the work, elsewhere those below: twice to twenty times the time for a head, which a
 * browser has.
 */
import { type BufferMethods, buffer, byteLength } from '../node/buffer.ts'

const NONE: Partial<BufferMethods> = {}
const { latin1Slice, latin1Write, utf8Write, indexOf } = buffer ?? NONE
const encoder = new TextEncoder()
/** Arguments of one call: more could overflow the stack. */
const CALL_ARGUMENTS = 8_192
const CR = 13

export function latin1(bytes: Uint8Array, start = 0, end = bytes.length): string {
  return latin1Slice === undefined ? latin1Plain(bytes, start, end) : latin1Slice.call(bytes, start, end)
}

export function latin1Plain(bytes: Uint8Array, start = 0, end = bytes.length): string {
  let text = ''
  for (let at = start; at < end; at += CALL_ARGUMENTS)
    text += String.fromCharCode.apply(
      null,
      bytes.subarray(at, Math.min(end, at + CALL_ARGUMENTS)) as unknown as number[],
    )
  return text
}

/** Writes a string whose characters are all below U+0100; returns how many bytes that were. */
export function writeLatin1(into: Uint8Array, at: number, text: string): number {
  return latin1Write === undefined ? writeLatin1Plain(into, at, text) : latin1Write.call(into, text, at, text.length)
}

export function writeLatin1Plain(into: Uint8Array, at: number, text: string): number {
  for (let i = 0; i < text.length; i++) into[at + i] = text.charCodeAt(i)
  return text.length
}

/** The bytes of a string whose characters are all below U+0100. */
export function latin1Bytes(text: string): Uint8Array {
  const bytes = new Uint8Array(text.length)
  writeLatin1(bytes, 0, text)
  return bytes
}

/** Writes a string that is known to take `length` bytes of UTF-8. */
export function writeUtf8(into: Uint8Array, at: number, text: string, length: number): number {
  if (utf8Write !== undefined) return utf8Write.call(into, text, at, length)
  return encoder.encodeInto(text, into.subarray(at, at + length)).written
}

export function utf8(text: string): Uint8Array {
  return encoder.encode(text)
}

/** How many bytes of UTF-8 a string takes; a lone surrogate takes those of U+FFFD. */
export function utf8Length(text: string): number {
  return byteLength === null ? utf8LengthPlain(text) : byteLength(text)
}

export function utf8LengthPlain(text: string): number {
  let length = text.length
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i)
    if (code < 0x80) continue
    if (code < 0x800) length++
    else {
      length += 2
      const next = text.charCodeAt(i + 1)
      // A pair of surrogates: two characters, four bytes.
      if (code >= 0xd800 && code < 0xdc00 && next >= 0xdc00 && next < 0xe000) i++
    }
  }
  return length
}

/** Where `needle`, which begins with CR and is short, starts in `bytes` at or after `from`; -1 when nowhere. */
export function indexOfLine(bytes: Uint8Array, needle: Uint8Array, from: number): number {
  return indexOf === undefined ? indexOfLinePlain(bytes, needle, from) : indexOf.call(bytes, needle, from)
}

export function indexOfLinePlain(bytes: Uint8Array, needle: Uint8Array, from: number): number {
  for (let at = bytes.indexOf(CR, from); at >= 0; at = bytes.indexOf(CR, at + 1)) {
    let i = 1
    while (i < needle.length && bytes[at + i] === needle[i]) i++
    if (i === needle.length) return at
  }
  return -1
}
