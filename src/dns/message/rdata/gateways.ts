/** Fields of several parts that hang together: IPSECKEY's gateway, HIP's identity, APL's prefixes. */

import { parseIp4, parseIp6 } from '../../../base/ip.ts'
import { u16 } from '../../../base/octets.ts'
import { Name } from '../name.ts'
import type { Octets } from '../octets.ts'
import { ipv4, ipv6 } from './addresses.ts'
import { base64Text, hexText, octetsOfBase64, octetsOfHex } from './binary.ts'
import type { Field } from './field.ts'
import { TextError } from './lexer.ts'
import { nameOf, plainName } from './names.ts'
import { integer } from './numbers.ts'

/** RFC 4025 §2: a gateway's kind (0 none, 1 IPv4, 2 IPv6, 3 name), the key's algorithm, the gateway. */
export interface Gateway {
  readonly kind: number
  readonly algorithm: number
  /** `.` for none. */
  readonly gateway: string
}

const GATEWAYS: readonly (Pick<Field, 'end' | 'get' | 'put'> | undefined)[] = [undefined, ipv4, ipv6, plainName]

export const gateway: Field<Gateway> = {
  end(wire, at, end) {
    if (at + 2 > end || wire[at]! > 3) return -1
    return GATEWAYS[wire[at]!]?.end(wire, at + 2, end) ?? at + 2
  },
  get(wire, at, next) {
    const kind = wire[at]!
    const value = GATEWAYS[kind]?.get(wire, at + 2, next)
    return { kind, algorithm: wire[at + 1]!, gateway: value === undefined ? '.' : String(value) }
  },
  put(value, out) {
    out.u8(value.kind)
    out.u8(value.algorithm)
    if (value.kind !== 3) GATEWAYS[value.kind]?.put(value.gateway, out)
    else plainName.put(Name.parse(value.gateway), out)
  },
  print: (value) => `${value.kind} ${value.algorithm} ${value.gateway}`,
  parse(words, origin) {
    const kind = integer(words.next('a kind of gateway'), 3, 'a kind of gateway')
    const algorithm = integer(words.next('an algorithm'), 255, 'an algorithm')
    if (kind === 1) return { kind, algorithm, gateway: ipv4.parse(words, origin) }
    if (kind === 2) return { kind, algorithm, gateway: ipv6.parse(words, origin) }
    const word = words.next('a gateway')
    if (kind === 0 && word.text !== '.') throw new TextError("no gateway is written '.'", word)
    return { kind, algorithm, gateway: kind === 0 ? '.' : nameOf(word, origin).toString() }
  },
}

/** RFC 8005 §5: the public key's algorithm, the host identity tag, the key. */
export interface Identity {
  readonly algorithm: number
  readonly tag: Uint8Array
  readonly key: Uint8Array
}

export const identity: Field<Identity> = {
  end(wire, at, end) {
    if (at + 4 > end) return -1
    const next = at + 4 + wire[at]! + u16(wire, at + 2)
    return next <= end ? next : -1
  },
  get(wire, at, next) {
    const keyStart = at + 4 + wire[at]!
    return { algorithm: wire[at + 1]!, tag: wire.slice(at + 4, keyStart), key: wire.slice(keyStart, next) }
  },
  put(value, out) {
    out.u8(value.tag.length)
    out.u8(value.algorithm)
    out.u16(value.key.length)
    out.octets(value.tag)
    out.octets(value.key)
  },
  print: (value) => `${value.algorithm} ${hexText(value.tag)} ${base64Text(value.key)}`,
  parse(words) {
    const algorithm = integer(words.next('an algorithm'), 255, 'an algorithm')
    const word = words.next('a host identity tag')
    const tag = octetsOfHex(word.text)
    if (tag === null || tag.length > 255) throw new TextError(`'${word.text}' is not a host identity tag`, word)
    const keyWord = words.next('a key in base64')
    const key = octetsOfBase64(keyWord.text)
    if (key === null) throw new TextError('this is not base64', keyWord)
    return { algorithm, tag, key }
  },
}

/** Names up to the end of the rdata. */
export const servers: Field<readonly Name[]> = {
  end(wire, at, end) {
    let next = at
    while (next >= 0 && next < end) next = plainName.end(wire, next, end)
    return next
  },
  get(wire, at, next) {
    const names: Name[] = []
    for (let i = at; i < next; i += names.at(-1)!.wire.length)
      names.push(plainName.get(wire, i, plainName.end(wire, i, next)))
    return names
  },
  put(value, out) {
    for (const name of value) out.octets(name.wire)
  },
  print: (value) => value.join(' '),
  parse(words, origin) {
    const names: Name[] = []
    while (words.more) names.push(nameOf(words.next('a name'), origin))
    return names
  },
}

/** RFC 3123 §4: an address family (1 IPv4, 2 IPv6, or another one), a prefix length, a negation, the address. */
export interface AddressPrefix {
  readonly family: number
  readonly length: number
  readonly negated: boolean
  /** Octets with the zeros at the end left off. */
  readonly address: Uint8Array
}

function putPrefix(value: AddressPrefix, out: Octets): void {
  out.u16(value.family)
  out.u8(value.length)
  out.u8((value.negated ? 0x80 : 0) | value.address.length)
  out.octets(value.address)
}

/** IPv6 in eight full groups, as the canonical form of others' tests has it. */
function prefixText({ family, length, negated, address }: AddressPrefix): string {
  const whole = new Uint8Array(family === 1 ? 4 : 16)
  whole.set(address.subarray(0, whole.length))
  const written = family === 1 ? [...whole].join('.') : hexText(whole).toLowerCase().match(/.{4}/g)!.join(':')
  return `${negated ? '!' : ''}${family}:${written}/${length}`
}

export const prefixes: Field<readonly AddressPrefix[]> = {
  end(wire, at, end) {
    let next = at
    while (next < end) {
      if (next + 4 > end) return -1
      const family = u16(wire, next)
      const octets = wire[next + 3]! & 0x7f
      const most = family === 1 ? 4 : family === 2 ? 16 : -1
      if (octets > most || wire[next + 2]! > most * 8 || next + 4 + octets > end) return -1
      // RFC 3123 §4: zeros at the end are left off.
      if (octets > 0 && wire[next + 3 + octets] === 0) return -1
      next += 4 + octets
    }
    return next
  },
  get(wire, at, next) {
    const values: AddressPrefix[] = []
    for (let i = at; i < next; i += 4 + (wire[i + 3]! & 0x7f)) {
      const address = wire.slice(i + 4, i + 4 + (wire[i + 3]! & 0x7f))
      values.push({
        family: u16(wire, i),
        length: wire[i + 2]!,
        negated: wire[i + 3]! >= 0x80,
        address,
      })
    }
    return values
  },
  put(values, out) {
    for (const value of values) putPrefix(value, out)
  },
  print: (values) => values.map(prefixText).join(' '),
  parse(words) {
    const values: AddressPrefix[] = []
    while (words.more) {
      const word = words.next('a prefix')
      const [, not, family, written, digits] = /^(!?)([12]):([0-9a-f.:]+)\/([0-9]{1,3})$/i.exec(word.text) ?? []
      const whole = family === '1' ? octetsOfIp4(written!) : family === '2' ? parseIp6(written!) : null
      if (whole === null || Number(digits) > whole.length * 8)
        throw new TextError(`'${word.text}' is not a prefix like 1:192.0.2.0/24 or !2:2001:db8::/32`, word)
      let octets = whole.length
      while (octets > 0 && whole[octets - 1] === 0) octets--
      values.push({
        family: Number(family),
        length: Number(digits),
        negated: not === '!',
        address: whole.slice(0, octets),
      })
    }
    return values
  },
}

function octetsOfIp4(text: string): Uint8Array | null {
  return parseIp4(text) < 0 ? null : Uint8Array.from(text.split('.'), Number)
}
