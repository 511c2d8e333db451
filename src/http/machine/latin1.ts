/** Bytes to ISO-8859-1 strings and back through the platform's own loops, without a `Buffer` made for it. */

interface Latin1 {
  latin1Slice(this: Uint8Array, start: number, end: number): string
  latin1Write(this: Uint8Array, text: string, at: number, length: number): number
  utf8Write(this: Uint8Array, text: string, at: number, length: number): number
}

const { latin1Slice, latin1Write, utf8Write } = Buffer.prototype as unknown as Latin1

export function latin1(bytes: Uint8Array, start = 0, end = bytes.length): string {
  return latin1Slice.call(bytes, start, end)
}

/** Writes a string whose characters are all below U+0100; returns how many bytes that were. */
export function writeLatin1(into: Uint8Array, at: number, text: string): number {
  return latin1Write.call(into, text, at, text.length)
}

/** Writes a string that is known to take `length` bytes of UTF-8. */
export function writeUtf8(into: Uint8Array, at: number, text: string, length: number): number {
  return utf8Write.call(into, text, at, length)
}
