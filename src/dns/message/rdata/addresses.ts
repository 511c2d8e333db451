/** Fields that are addresses of any kind. */

import { formatIp4, formatIp6, parseIp4, parseIp6 } from '../../../base/ip.ts'
import { u32 } from '../../../base/octets.ts'
import { DnsError } from '../../errors.ts'
import { type Field, fixedEnd } from './field.ts'
import { TextError } from './lexer.ts'

/** An address of a fixed number of octets, a string to the program. */
function address(
  octets: number,
  what: string,
  print: (octets: Uint8Array) => string,
  read: (text: string) => Uint8Array | null,
): Field<string> {
  return {
    end: fixedEnd(octets),
    get: (wire, at, next) => print(wire.subarray(at, next)),
    put(value, out) {
      const read_ = read(value)
      if (read_ === null) throw new DnsError('DNS_VALUE', `'${value}' is not ${what}`)
      out.octets(read_)
    },
    print: (value) => value,
    parse(words) {
      const word = words.next(what)
      const value = read(word.text)
      if (value === null) throw new TextError(`'${word.text}' is not ${what}`, word)
      return print(value)
    },
  }
}

function octetsOfIp4(text: string): Uint8Array | null {
  const value = parseIp4(text)
  return value < 0 ? null : Uint8Array.of(value >>> 24, value >>> 16, value >>> 8, value)
}

export const ipv4 = address(4, 'an IPv4 address', (octets) => formatIp4(u32(octets, 0)), octetsOfIp4)

export const ipv6 = address(16, 'an IPv6 address', formatIp6, parseIp6)

function hexOf(octets: Uint8Array): string[] {
  return Array.from(octets, (octet) => octet.toString(16).padStart(2, '0'))
}

function hyphenated(octets: number): Field<string> {
  const form = new RegExp(`^[0-9a-f]{2}(-[0-9a-f]{2}){${octets - 1}}$`, 'i')
  return address(
    octets,
    `an EUI-${octets * 8} address like 00-00-5e-90-01-2a`,
    (value) => hexOf(value).join('-'),
    (text) => (form.test(text) ? Uint8Array.from(text.split('-'), (pair) => Number.parseInt(pair, 16)) : null),
  )
}

/** RFC 7043. */
export const eui48 = hyphenated(6)
export const eui64 = hyphenated(8)

/** RFC 6742 §2.1.2, §2.3.2: 64 bits as four groups. */
export const groups64 = address(
  8,
  'four groups of hexadecimal digits',
  (value) => hexOf(value).join('').match(/.{4}/g)!.join(':'),
  (text) => {
    if (!/^[0-9a-f]{1,4}(:[0-9a-f]{1,4}){3}$/i.test(text)) return null
    const groups = text.split(':').map((group) => Number.parseInt(group, 16))
    return Uint8Array.from(groups.flatMap((group) => [group >>> 8, group & 255]))
  },
)
