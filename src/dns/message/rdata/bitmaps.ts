/** Fields that are sets of numbers in bits: the types at a name, the services at an address. */
import { parseType, typeName } from '../types.ts'
import type { Field } from './field.ts'
import { TextError } from './lexer.ts'
import { integer } from './numbers.ts'

/** RFC 4034 §4.1.2: the types that exist, in windows of 256. */
export const types: Field<readonly number[]> = {
  end(wire, at, end) {
    let last = -1
    let next = at
    while (next < end) {
      if (next + 2 > end) return -1
      const window = wire[next]!
      const length = wire[next + 1]!
      if (window <= last || length < 1 || length > 32 || next + 2 + length > end) return -1
      if (wire[next + 1 + length] === 0) return -1 // zeros at the end are left off
      last = window
      next += 2 + length
    }
    return next
  },
  get(wire, at, next) {
    const values: number[] = []
    for (let i = at; i < next; i += 2 + wire[i + 1]!)
      values.push(...bitsOf(wire.subarray(i + 2, i + 2 + wire[i + 1]!)).map((bit) => wire[i]! * 256 + bit))
    return values
  },
  put(values, out) {
    const windows = new Map<number, number[]>()
    for (const value of [...values].sort((a, b) => a - b)) {
      const window = windows.get(value >>> 8)
      if (window === undefined) windows.set(value >>> 8, [value & 255])
      else window.push(value & 255)
    }
    for (const [window, bits] of windows) {
      const bitmap = bitmapOf(bits)
      out.u8(window)
      out.u8(bitmap.length)
      out.octets(bitmap)
    }
  },
  print: (values) => values.map(typeName).join(' '),
  parse(words) {
    const values = new Set<number>()
    while (words.more) {
      const word = words.next('a record type')
      const type = parseType(word.text)
      if (type === undefined) throw new TextError(`'${word.text}' is not a record type`, word)
      values.add(type)
    }
    return [...values].sort((a, b) => a - b)
  },
}

function bitsOf(bitmap: Uint8Array): number[] {
  const bits: number[] = []
  for (let bit = 0; bit < bitmap.length * 8; bit++) if (bitmap[bit >>> 3]! & (0x80 >>> (bit & 7))) bits.push(bit)
  return bits
}

/** @param bits in ascending order. */
function bitmapOf(bits: readonly number[]): Uint8Array {
  const bitmap = new Uint8Array(bits.length === 0 ? 0 : (bits.at(-1)! >>> 3) + 1)
  for (const bit of bits) bitmap[bit >>> 3]! |= 0x80 >>> (bit & 7)
  return bitmap
}

/** The services that RFC 1035's own examples and old zone files name; others are written by their port. */
// biome-ignore format: a table
const SERVICES: ReadonlyMap<string, number> = new Map(Object.entries({
  echo: 7, discard: 9, systat: 11, daytime: 13, chargen: 19, 'ftp-data': 20, ftp: 21, ssh: 22, telnet: 23, smtp: 25,
  time: 37, whois: 43, domain: 53, tftp: 69, gopher: 70, finger: 79, http: 80, kerberos: 88, hostnames: 101,
  pop3: 110, sunrpc: 111, nntp: 119, ntp: 123, imap2: 143, snmp: 161, https: 443,
}))
const PROTOCOLS: ReadonlyMap<string, number> = new Map(Object.entries({ icmp: 1, tcp: 6, udp: 17 }))

/** RFC 1035 §3.4.2: an IP protocol and the ports that are served. */
export const services: Field<{ readonly protocol: number; readonly ports: readonly number[] }> = {
  // At most 65536 bits; zeros at the end, which say nothing, would be lost in text.
  end: (wire, at, end) => (at < end && end - at <= 8193 && (end === at + 1 || wire[end - 1] !== 0) ? end : -1),
  get: (wire, at, next) => ({ protocol: wire[at]!, ports: bitsOf(wire.subarray(at + 1, next)) }),
  put(value, out) {
    out.u8(value.protocol)
    out.octets(bitmapOf([...value.ports].sort((a, b) => a - b)))
  },
  print(value) {
    const known = [...PROTOCOLS].find(([, number]) => number === value.protocol)
    return [known?.[0] ?? value.protocol, ...value.ports].join(' ')
  },
  parse(words) {
    const word = words.next('a protocol')
    const protocol =
      PROTOCOLS.get(word.text.toLowerCase()) ?? integer(word, 255, "a protocol ('tcp', 'udp' or its number)")
    const ports = new Set<number>()
    while (words.more) {
      const service = words.next('a port')
      ports.add(SERVICES.get(service.text.toLowerCase()) ?? integer(service, 65535, 'a port'))
    }
    return { protocol, ports: [...ports].sort((a, b) => a - b) }
  },
}
