/** Fields that are numbers, some of them written as mnemonics or dates. */
import { DnsError } from '../../errors.ts'
import { parseType, typeName } from '../types.ts'
import { type Field, fixedEnd } from './field.ts'
import { TextError, type Word } from './lexer.ts'

/** The number that a word is, at most `max`. @throws TextError */
export function integer(word: Word, max: number, what: string): number {
  const value = /^[0-9]{1,15}$/.test(word.text) ? Number(word.text) : Number.NaN
  if (!(value <= max)) throw new TextError(`'${word.text}' is not ${what} from 0 to ${max}`, word)
  return value
}

function unsigned(octets: 1 | 2 | 4 | 6, what: string): Field<number> {
  const max = 256 ** octets - 1
  return {
    end: fixedEnd(octets),
    get(wire, at) {
      let value = 0
      for (let i = 0; i < octets; i++) value = value * 256 + wire[at + i]!
      return value
    },
    put(value, out) {
      if (!(Number.isInteger(value) && value >= 0 && value <= max))
        throw new DnsError('DNS_VALUE', `${what} is an integer from 0 to ${max}, not ${value}`)
      for (let i = octets - 1; i >= 0; i--) out.u8(Math.floor(value / 256 ** i) & 255)
    },
    print: String,
    parse: (words) => integer(words.next(what), max, what),
  }
}

export const u8 = unsigned(1, 'a number')
export const u16 = unsigned(2, 'a number')
export const u32 = unsigned(4, 'a number')
export const u48 = unsigned(6, 'a number')

const UNITS: { readonly [unit: string]: number } = { s: 1, m: 60, h: 3600, d: 86400, w: 604800 }

/** Seconds from `3600`, `1h30m`, `2W` (BIND's units); null when the text is no such thing or passes 2^31 - 1. */
export function parseTtl(text: string): number | null {
  if (!/^([0-9]{1,10}|([0-9]{1,10}[smhdw])+)$/i.test(text)) return null
  let seconds = 0
  for (const [, digits, unit] of text.matchAll(/([0-9]+)([smhdw]?)/gi))
    seconds += Number(digits) * (UNITS[unit!.toLowerCase()] ?? 1)
  return seconds <= 0x7fffffff ? seconds : null
}

/** A span of time in seconds, in 32 bits: the timers of SOA. */
export const seconds: Field<number> = {
  ...u32,
  parse(words) {
    const word = words.next('a time')
    const value = parseTtl(word.text)
    return value ?? integer(word, 0xffffffff, 'a time in seconds (units s, m, h, d, w)')
  },
}

/** A number that also has mnemonics; `print` uses them when `named`. */
function mnemonic(
  base: Field<number>,
  what: string,
  table: { readonly [name: string]: number },
  named: boolean,
): Field<number> {
  const numbers = new Map(Object.entries(table))
  const names = new Map(Object.entries(table).map(([name, number]) => [number, name]))
  return {
    ...base,
    print: (value) => (named ? (names.get(value) ?? String(value)) : String(value)),
    parse(words) {
      const word = words.peek()
      const known = word === undefined ? undefined : numbers.get(word.text.toUpperCase())
      if (known === undefined) return base.parse(words, undefined as never)
      words.next(what)
      return known
    },
  }
}

/** DNSSEC algorithm numbers (IANA, "DNS Security Algorithm Numbers"), printed as numbers. */
// biome-ignore format: a table
export const algorithm = mnemonic(u8, 'an algorithm', {
  RSAMD5: 1, DH: 2, DSA: 3, RSASHA1: 5, 'DSA-NSEC3-SHA1': 6, 'RSASHA1-NSEC3-SHA1': 7, RSASHA256: 8, RSASHA512: 10,
  'ECC-GOST': 12, ECDSAP256SHA256: 13, ECDSAP384SHA384: 14, ED25519: 15, ED448: 16, INDIRECT: 252, PRIVATEDNS: 253,
  PRIVATEOID: 254,
}, false)

/** RFC 4398 §2.1. */
// biome-ignore format: a table
export const certificateType = mnemonic(u16, 'a certificate type', {
  PKIX: 1, SPKI: 2, PGP: 3, IPKIX: 4, ISPKI: 5, IPGP: 6, ACPKIX: 7, IACPKIX: 8, URI: 253, OID: 254,
}, true)

/** RFC 8945 §3, and NOERROR. */
// biome-ignore format: a table
export const tsigError = mnemonic(u16, 'an error', {
  NOERROR: 0, FORMERR: 1, SERVFAIL: 2, NXDOMAIN: 3, NOTIMP: 4, REFUSED: 5, BADSIG: 16, BADKEY: 17, BADTIME: 18,
  BADMODE: 19, BADNAME: 20, BADALG: 21, BADTRUNC: 22,
}, true)

/** A record type. */
export const coveredType: Field<number> = {
  ...u16,
  print: typeName,
  parse(words) {
    const word = words.next('a record type')
    const type = parseType(word.text)
    if (type === undefined) throw new TextError(`'${word.text}' is not a record type`, word)
    return type
  },
}

/** A moment in seconds since 1970, modulo 2^32 (RFC 4034 §3.1.5), written YYYYMMDDHHmmSS. */
export const moment: Field<number> = {
  ...u32,
  print: (value) => new Date(value * 1000).toISOString().replace(/[-:T]|\..*/g, ''),
  parse(words) {
    const word = words.next('a date')
    const date = /^(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)$/.exec(word.text)
    if (date === null) return integer(word, 0xffffffff, 'a date YYYYMMDDHHmmSS or in seconds since 1970')
    const [year, month, day, hour, minute, second] = date.slice(1).map(Number) as [
      number,
      number,
      number,
      number,
      number,
      number,
    ]
    const millis = Date.UTC(year, month - 1, day, hour, minute, second)
    if (new Date(millis).getUTCMonth() !== month - 1 || hour > 23 || minute > 59 || second > 59)
      throw new TextError(`'${word.text}' is not a date YYYYMMDDHHmmSS`, word)
    return (millis / 1000) % 2 ** 32
  },
}
