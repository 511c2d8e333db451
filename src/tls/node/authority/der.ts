/** Values of ASN.1 in their distinguished encoding (X.690 §10): what certificates are made of. Written only, never read. */

const TAG = {
  boolean: 0x01,
  integer: 0x02,
  bitString: 0x03,
  octetString: 0x04,
  oid: 0x06,
  utf8: 0x0c,
  sequence: 0x30,
  set: 0x31,
  generalizedTime: 0x18,
  utcTime: 0x17,
} as const

/** A value with its tag and length. */
export function tagged(tag: number, ...parts: readonly Uint8Array[]): Uint8Array {
  const length = parts.reduce((sum, part) => sum + part.length, 0)
  const head = lengthOctets(length)
  const out = new Uint8Array(1 + head.length + length)
  out[0] = tag
  out.set(head, 1)
  let at = 1 + head.length
  for (const part of parts) {
    out.set(part, at)
    at += part.length
  }
  return out
}

/** X.690 §8.1.3: short below 128, else the number of octets and the octets. */
function lengthOctets(length: number): readonly number[] {
  if (length < 128) return [length]
  const octets: number[] = []
  for (let rest = length; rest > 0; rest = Math.floor(rest / 256)) octets.unshift(rest % 256)
  return [0x80 | octets.length, ...octets]
}

export const sequence = (...parts: readonly Uint8Array[]): Uint8Array => tagged(TAG.sequence, ...parts)
export const set = (...parts: readonly Uint8Array[]): Uint8Array => tagged(TAG.set, ...parts)
export const octets = (bytes: Uint8Array): Uint8Array => tagged(TAG.octetString, bytes)
export const boolean = (value: boolean): Uint8Array => tagged(TAG.boolean, Uint8Array.of(value ? 0xff : 0))
export const utf8 = (text: string): Uint8Array => tagged(TAG.utf8, new TextEncoder().encode(text))

/** A string of bits. @param unused how many of the last octet's low bits mean nothing */
export const bits = (bytes: Uint8Array, unused = 0): Uint8Array => tagged(TAG.bitString, Uint8Array.of(unused), bytes)

/** A whole number, from its octets without a sign, most significant first. */
export function integer(magnitude: Uint8Array): Uint8Array {
  let start = 0
  while (start < magnitude.length - 1 && magnitude[start] === 0) start++
  const body = magnitude.subarray(start)
  return body[0]! >= 0x80 ? tagged(TAG.integer, Uint8Array.of(0), body) : tagged(TAG.integer, body)
}

/** An object identifier from its dotted text. */
export function oid(dotted: string): Uint8Array {
  const [first, second, ...rest] = dotted.split('.').map(Number) as [number, number, ...number[]]
  const out: number[] = []
  for (const arc of [first * 40 + second, ...rest]) {
    const groups = [arc & 0x7f]
    for (let left = Math.floor(arc / 128); left > 0; left = Math.floor(left / 128)) groups.unshift((left & 0x7f) | 0x80)
    out.push(...groups)
  }
  return tagged(TAG.oid, Uint8Array.from(out))
}

/** RFC 5280 §4.1.2.5: UTCTime through 2049, GeneralizedTime from then on; whole seconds. */
export function time(at: Date): Uint8Array {
  const digits = at.toISOString().replaceAll(/[-:T]|\.\d+/g, '') // 20261128203000Z
  const text = new TextEncoder().encode(at.getUTCFullYear() < 2050 ? digits.slice(2) : digits)
  return tagged(at.getUTCFullYear() < 2050 ? TAG.utcTime : TAG.generalizedTime, text)
}

/** A value under a context tag: constructed (`explicit`) or in place of its own tag. */
export const explicit = (number: number, ...parts: readonly Uint8Array[]): Uint8Array => tagged(0xa0 | number, ...parts)
export const implicit = (number: number, bytes: Uint8Array): Uint8Array => tagged(0x80 | number, bytes)
