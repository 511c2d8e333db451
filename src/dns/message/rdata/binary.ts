/** Fields that are bytes: hexadecimal, base64 and base32hex (RFC 4648) in text. */
import { fromBase64, toBase64 } from '../../../base/base64.ts'
import { u16 } from '../../../base/octets.ts'
import { DnsError } from '../../errors.ts'
import type { Field } from './field.ts'
import { TextError } from './lexer.ts'

export function hexText(octets: Uint8Array): string {
  let text = ''
  for (const octet of octets) text += octet.toString(16).padStart(2, '0')
  return text.toUpperCase()
}

/** The octets of hexadecimal digits; null when they are none or odd in number. */
export function octetsOfHex(text: string): Uint8Array | null {
  if (text.length % 2 !== 0 || !/^[0-9a-f]*$/i.test(text)) return null
  return Uint8Array.from({ length: text.length / 2 }, (_, i) => Number.parseInt(text.slice(2 * i, 2 * i + 2), 16))
}

export function base64Text(octets: Uint8Array): string {
  return toBase64(octets)
}

export function octetsOfBase64(text: string): Uint8Array | null {
  return /[-_]/.test(text) ? null : fromBase64(text)
}

const BASE32HEX = '0123456789abcdefghijklmnopqrstuv'

function base32Text(octets: Uint8Array): string {
  let text = ''
  let bits = 0
  let pending = 0
  for (const octet of octets) {
    pending = ((pending << 8) | octet) & 0xfff
    for (bits += 8; bits >= 5; bits -= 5) text += BASE32HEX[(pending >>> (bits - 5)) & 31]
  }
  return bits > 0 ? text + BASE32HEX[(pending << (5 - bits)) & 31] : text
}

function octetsOfBase32(text: string): Uint8Array | null {
  const octets: number[] = []
  let bits = 0
  let pending = 0
  for (const character of text.toLowerCase()) {
    const value = BASE32HEX.indexOf(character)
    if (value < 0) return null
    pending = ((pending << 5) | value) & 0xfff
    bits += 5
    if (bits >= 8) octets.push((pending >>> (bits -= 8)) & 255)
  }
  return Uint8Array.from(octets)
}

/** Bytes that fill the rest of the rdata, written in any number of words. */
function rest(what: string, print: (octets: Uint8Array) => string, read: (text: string) => Uint8Array | null) {
  return {
    end: (_wire, _at, end) => end,
    get: (wire, at, next) => wire.slice(at, next),
    put: (value, out) => out.octets(value),
    print,
    parse(words) {
      if (!words.more) return new Uint8Array(0)
      const taken = words.rest(what)
      const value = read(taken.map((word) => word.text).join(''))
      if (value === null) throw new TextError(`this is not ${what}`, taken[0]!)
      return value
    },
  } satisfies Field<Uint8Array>
}

export const hex = rest('an even number of hexadecimal digits', hexText, octetsOfHex)
export const base64 = rest('base64', base64Text, octetsOfBase64)

/** RFC 1706 §4: `0x` and digits, with dots for the eye. */
export const nsap = rest(
  "'0x' and an even number of hexadecimal digits",
  (octets) => `0x${hexText(octets)}`,
  (text) => (/^0x/i.test(text) ? octetsOfHex(text.slice(2).replaceAll('.', '')) : null),
)

/** Bytes with their length before them in `lengthOctets` octets. */
function counted(
  lengthOctets: 1 | 2,
  what: string,
  print: (octets: Uint8Array) => string,
  read: (text: string) => Uint8Array | null,
): Field<Uint8Array> {
  const max = 256 ** lengthOctets - 1
  return {
    end(wire, at, end) {
      if (at + lengthOctets > end) return -1
      const length = lengthOctets === 1 ? wire[at]! : u16(wire, at)
      return at + lengthOctets + length <= end ? at + lengthOctets + length : -1
    },
    get: (wire, at, next) => wire.slice(at + lengthOctets, next),
    put(value, out) {
      if (value.length > max) throw new DnsError('DNS_VALUE', `at most ${max} octets fit, not ${value.length}`)
      if (lengthOctets === 1) out.u8(value.length)
      else out.u16(value.length)
      out.octets(value)
    },
    print,
    parse(words) {
      const word = words.next(what)
      const value = read(word.text)
      if (value === null || value.length > max) throw new TextError(`'${word.text}' is not ${what}`, word)
      return value
    },
  }
}

/** RFC 5155 §3.3: a salt in hexadecimal digits, `-` when there is none. */
export const salt = counted(
  1,
  "a salt in hexadecimal digits, or '-'",
  (octets) => (octets.length === 0 ? '-' : hexText(octets)),
  (text) => (text === '-' ? new Uint8Array(0) : octetsOfHex(text)),
)

/** RFC 5155 §3.3: a hashed owner in base32hex without padding. */
export const hash = counted(1, 'a hash in base32hex', base32Text, octetsOfBase32)

/** RFC 8945 §4.2: a length, then base64, which is missing when the length is 0. */
export const sizedBase64: Field<Uint8Array> = {
  ...counted(2, 'base64', base64Text, octetsOfBase64),
  print: (octets) => (octets.length === 0 ? '0' : `${octets.length} ${base64Text(octets)}`),
  parse(words) {
    const size = words.next('the number of octets')
    const value = size.text === '0' ? new Uint8Array(0) : octetsOfBase64(words.next('base64').text)
    if (value === null || String(value.length) !== size.text)
      throw new TextError(`${size.text} octets of base64 are expected`, size)
    return value
  },
}
