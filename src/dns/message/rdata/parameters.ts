/** The parameters of SVCB and HTTPS (RFC 9460 §2.1, §7). */

import { formatIp4, formatIp6, parseIp4, parseIp6 } from '../../../base/ip.ts'
import { u16 } from '../../../base/octets.ts'
import { base64Text, octetsOfBase64 } from './binary.ts'
import type { Field } from './field.ts'
import { octetsOf, TextError, type Word } from './lexer.ts'
import { escapeText } from './strings.ts'

export interface ServiceParameter {
  readonly key: number
  /** As on the wire. */
  readonly value: Uint8Array
}

/** IANA, "DNS Service Parameter Keys (SvcParamKeys)". */
const KEYS: readonly string[] = [
  'mandatory',
  'alpn',
  'no-default-alpn',
  'port',
  'ipv4hint',
  'ech',
  'ipv6hint',
  'dohpath',
  'ohttp',
]

function keyName(key: number): string {
  return KEYS[key] ?? `key${key}`
}

function keyOf(text: string): number | undefined {
  const known = KEYS.indexOf(text)
  if (known >= 0) return known
  const number = /^key(0|[1-9][0-9]{0,4})$/.exec(text)
  return number !== null && Number(number[1]) <= 0xffff ? Number(number[1]) : undefined
}

/** How the value of one key is written. `read` answers null for what it does not take. */
interface Form {
  print(value: Uint8Array): string | null
  read(octets: Uint8Array): Uint8Array | null
}

const latin = (octets: Uint8Array) => String.fromCharCode(...octets)

/** Comma-separated values of `size` octets each. */
function list(
  size: number,
  print: (octets: Uint8Array) => string,
  read: (text: string) => readonly number[] | null,
): Form {
  return {
    print(value) {
      if (value.length === 0 || value.length % size !== 0) return null
      return Array.from({ length: value.length / size }, (_, i) =>
        print(value.subarray(i * size, i * size + size)),
      ).join(',')
    },
    read(octets) {
      const items = latin(octets).split(',').map(read)
      return items.some((item) => item === null) ? null : Uint8Array.from(items.flatMap((item) => item!))
    },
  }
}

const ip4Bytes = (text: string) => {
  const value = parseIp4(text)
  return value < 0 ? null : [value >>> 24, (value >>> 16) & 255, (value >>> 8) & 255, value & 255]
}
const ip6Bytes = (text: string) => {
  const value = parseIp6(text)
  return value === null ? null : [...value]
}

const ALPN: Form = {
  print(value) {
    const items: string[] = []
    for (let at = 0; at < value.length; at += 1 + value[at]!) {
      const length = value[at]!
      if (length === 0 || at + 1 + length > value.length) return null
      // RFC 9460 appendix A.1: commas and backslashes inside an item are escaped once more.
      items.push(latin(value.subarray(at + 1, at + 1 + length)).replace(/[,\\]/g, '\\$&'))
    }
    return items.length === 0 ? null : `"${escapeText(Uint8Array.from(items.join(','), (c) => c.charCodeAt(0)))}"`
  },
  read(octets) {
    const items = latin(octets).match(/(\\.|[^,\\])+/gs) ?? []
    if (items.join(',') !== latin(octets)) return null
    const out: number[] = []
    for (const item of items) {
      const plain = item.replace(/\\(.)/gs, '$1')
      if (plain.length > 255) return null
      out.push(plain.length, ...Array.from(plain, (character) => character.charCodeAt(0)))
    }
    return out.length === 0 ? null : Uint8Array.from(out)
  },
}

/** RFC 9460 §8: the keys in ascending order, each once. */
const MANDATORY: Form = {
  print(value) {
    const keys = Array.from({ length: value.length >>> 1 }, (_, i) => u16(value, 2 * i))
    const ascending = keys.every((key, i) => i === 0 || key > keys[i - 1]!)
    return keys.length === 0 || value.length % 2 !== 0 || !ascending ? null : keys.map(keyName).join(',')
  },
  read(octets) {
    const keys = latin(octets).split(',').map(keyOf)
    if (keys.includes(undefined) || new Set(keys).size < keys.length) return null
    return Uint8Array.from((keys as number[]).sort((a, b) => a - b).flatMap((key) => [key >>> 8, key & 255]))
  },
}

const FORMS: readonly (Form | undefined)[] = [
  MANDATORY,
  ALPN,
  { print: (value) => (value.length === 0 ? '' : null), read: (octets) => (octets.length === 0 ? octets : null) },
  {
    print: (value) => (value.length === 2 ? String(u16(value, 0)) : null),
    read(octets) {
      const port = /^[0-9]{1,5}$/.test(latin(octets)) ? Number(latin(octets)) : 65536
      return port > 65535 ? null : Uint8Array.of(port >>> 8, port)
    },
  },
  list(4, (octets) => formatIp4(u16(octets, 0) * 65536 + u16(octets, 2)), ip4Bytes),
  { print: (value) => (value.length > 0 ? base64Text(value) : null), read: (octets) => octetsOfBase64(latin(octets)) },
  list(16, formatIp6, ip6Bytes),
]

const OTHER: Form = {
  print: (value) => (value.length === 0 ? '' : `"${escapeText(value)}"`),
  read: (octets) => octets,
}

function printParameter({ key, value }: ServiceParameter): string {
  let written = (FORMS[key] ?? OTHER).print(value)
  let name = keyName(key)
  if (written === null) {
    // What does not have its key's form is shown as an unknown key, which every reader takes.
    name = `key${key}`
    written = OTHER.print(value)!
  }
  return written === '' ? name : `${name}=${written}`
}

function parseParameter(word: Word): ServiceParameter {
  const equals = word.text.indexOf('=')
  const name = equals < 0 ? word.text : word.text.slice(0, equals)
  const key = keyOf(name)
  if (key === undefined) throw new TextError(`'${name}' is not a service parameter`, word)
  let written = equals < 0 ? '' : word.text.slice(equals + 1)
  if (written.length >= 2 && written.startsWith('"') && written.endsWith('"')) written = written.slice(1, -1)
  const form = name.startsWith('key') ? OTHER : (FORMS[key] ?? OTHER)
  const value = form.read(octetsOf({ ...word, text: written }))
  if (value === null) throw new TextError(`'${written}' is not a value for ${name}`, word)
  return { key, value }
}

export const parameters: Field<readonly ServiceParameter[]> = {
  end(wire, at, end) {
    let last = -1
    let next = at
    while (next < end) {
      if (next + 4 > end) return -1
      const key = u16(wire, next)
      if (key <= last) return -1 // RFC 9460 §2.2: strictly increasing, anything else is malformed
      last = key
      next += 4 + u16(wire, next + 2)
    }
    return next === end ? end : -1
  },
  get(wire, at, next) {
    const values: ServiceParameter[] = []
    for (let i = at; i < next; i += 4 + u16(wire, i + 2))
      values.push({ key: u16(wire, i), value: wire.slice(i + 4, i + 4 + u16(wire, i + 2)) })
    return values
  },
  put(values, out) {
    for (const { key, value } of [...values].sort((a, b) => a.key - b.key)) {
      out.u16(key)
      out.u16(value.length)
      out.octets(value)
    }
  },
  print: (values) => values.map(printParameter).join(' '),
  parse(words) {
    const values: ServiceParameter[] = []
    while (words.more) {
      const word = words.next('a service parameter')
      const value = parseParameter(word)
      if (values.some((other) => other.key === value.key))
        throw new TextError(`${keyName(value.key)} is given twice`, word)
      values.push(value)
    }
    return values.sort((a, b) => a.key - b.key)
  },
}
