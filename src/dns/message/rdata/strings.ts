/** Fields that are text: <character-string> of RFC 1035 §3.3 and its relatives. Values are octets: no charset is given. */
import { DnsError } from '../../errors.ts'
import type { Octets } from '../octets.ts'
import type { Field } from './field.ts'
import { octetsOf, TextError, type Word } from './lexer.ts'

const MAX_STRING = 255

const QUOTED: readonly string[] = Array.from({ length: 256 }, (_, octet) => {
  if (octet < 32 || octet > 126) return `\\${String(octet).padStart(3, '0')}`
  const character = String.fromCharCode(octet)
  return character === '"' || character === '\\' ? `\\${character}` : character
})

/** Octets as master files write them: printable ASCII as it is, the rest escaped. */
export function escapeText(octets: Uint8Array): string {
  let text = ''
  for (const octet of octets) text += QUOTED[octet]
  return text
}

function quote(octets: Uint8Array): string {
  return `"${escapeText(octets)}"`
}

function stringEnd(wire: Uint8Array, at: number, end: number): number {
  return at < end && at + 1 + wire[at]! <= end ? at + 1 + wire[at]! : -1
}

function putString(value: Uint8Array, out: Octets): void {
  if (value.length > MAX_STRING)
    throw new DnsError('DNS_VALUE', `a character string has at most ${MAX_STRING} octets, not ${value.length}`)
  out.u8(value.length)
  out.octets(value)
}

function parseString(word: Word): Uint8Array {
  const octets = octetsOf(word)
  if (octets.length > MAX_STRING)
    throw new TextError(`a character string has at most ${MAX_STRING} octets, not ${octets.length}`, word)
  return octets
}

export const string: Field<Uint8Array> = {
  end: stringEnd,
  get: (wire, at, next) => wire.slice(at + 1, next),
  put: putString,
  print: quote,
  parse: (words) => parseString(words.next('a character string')),
}

/** Written without quotes as long as there are letters and digits only: numbers, tags. */
export const bareString: Field<Uint8Array> = {
  ...string,
  print: (value) => (/^[A-Za-z0-9.+-]+$/.test(escapeText(value)) ? escapeText(value) : quote(value)),
}

/** RFC 8659 §4.1: a tag of letters and digits, at least one. */
export const tag: Field<Uint8Array> = {
  ...bareString,
  end(wire, at, end) {
    const next = stringEnd(wire, at, end)
    return next > at + 1 && /^[A-Za-z0-9]+$/.test(escapeText(wire.subarray(at + 1, next))) ? next : -1
  },
  parse(words) {
    const word = words.next('a tag')
    if (!/^[A-Za-z0-9]{1,255}$/.test(word.text))
      throw new TextError(`a tag has letters and digits, not '${word.text}'`, word)
    return octetsOf(word)
  },
}

/** Strings to the end of the rdata, `least` of them at least. */
function several(least: number): Field<readonly Uint8Array[]> {
  return {
    end(wire, at, end) {
      if (least > 0 && at === end) return -1
      let next = at
      while (next >= 0 && next < end) next = stringEnd(wire, next, end)
      return next
    },
    get(wire, at, next) {
      const values: Uint8Array[] = []
      for (let i = at; i < next; i += 1 + wire[i]!) values.push(wire.slice(i + 1, i + 1 + wire[i]!))
      return values
    },
    put(values, out) {
      if (values.length < least) throw new DnsError('DNS_VALUE', `at least ${least} character string is needed`)
      for (const value of values) putString(value, out)
    },
    print: (values) => values.map(quote).join(' '),
    parse: (words) => (least === 0 && !words.more ? [] : words.rest('a character string').map(parseString)),
  }
}

export const strings = several(1)
export const optionalStrings = several(0)

/** Text that fills the rest of the rdata, without a length of its own and so without a limit of 255. */
export const text: Field<Uint8Array> = {
  end: (_wire, _at, end) => end,
  get: (wire, at, next) => wire.slice(at, next),
  put: (value, out) => out.octets(value),
  print: quote,
  parse: (words) => octetsOf(words.next('a text')),
}
