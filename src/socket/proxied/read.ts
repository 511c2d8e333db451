/** Reading a PROXY header. What is wrong with it is a value: a stranger's octets never throw. */
import { Fault } from '../../base/fault.ts'
import { canonicalIp, formatIp4, formatIp6, ipVersion } from '../../base/ip.ts'
import { u16, u32 } from '../../base/octets.ts'
import type { Address } from '../address.ts'
import { crc32c } from './crc32c.ts'
import {
  LINE_BYTES,
  NOTHING_SAID,
  PATH_BYTES,
  PREAMBLE_BYTES,
  type ProxyHeader,
  type ProxySsl,
  type ProxyTlv,
  SIGNATURE,
  TLV,
} from './header.ts'

/** A header, and where it ends. */
export interface ReadHeader {
  readonly header: ProxyHeader
  /** How many octets it takes; what follows is the client's. */
  readonly length: number
}

const WORD = 'PROXY '

/**
 * The header at the beginning of the octets; null while more are needed.
 * @param most how long a header of version 2 may be.
 */
export function readProxyHeader(bytes: Uint8Array, most: number): ReadHeader | Fault | null {
  if (bytes.length === 0) return null
  return bytes[0] === SIGNATURE[0] ? readBinary(bytes, most) : readLine(bytes)
}

// Version 1

function readLine(bytes: Uint8Array): ReadHeader | Fault | null {
  for (let i = 0; i < Math.min(bytes.length, WORD.length); i++)
    if (bytes[i] !== WORD.charCodeAt(i)) return new Fault('the connection does not begin with a PROXY header', i)
  const end = bytes.indexOf(10)
  if (end < 0 || end >= LINE_BYTES)
    return bytes.length < LINE_BYTES ? null : new Fault(`the PROXY line is longer than ${LINE_BYTES} bytes`, LINE_BYTES)
  if (bytes[end - 1] !== 13) return new Fault('the PROXY line ends in LF without CR', end)
  let line = ''
  for (let i = 0; i < end - 1; i++) line += String.fromCharCode(bytes[i]!)
  const [, kind, ...rest] = line.split(' ')
  const header = { ...NOTHING_SAID, version: 1 } as const
  // §2.1: whatever follows UNKNOWN is not to be looked at.
  if (kind === 'UNKNOWN') return { header, length: end + 1 }
  const family = kind === 'TCP4' ? 4 : kind === 'TCP6' ? 6 : 0
  if (family === 0) return new Fault('the PROXY line must name TCP4, TCP6 or UNKNOWN', WORD.length)
  const [from, to, fromPort, toPort] = rest
  const source = endOf(from, fromPort, family)
  const destination = endOf(to, toPort, family)
  if (source === null || destination === null || rest.length !== 4)
    return new Fault(`the PROXY line must have two IPv${family} addresses and two ports`, WORD.length)
  return { header: { ...header, source, destination }, length: end + 1 }
}

function endOf(text: string | undefined, digits: string | undefined, family: 4 | 6): Address | null {
  if (text === undefined || digits === undefined || text.includes('%') || ipVersion(text) !== family) return null
  if (!/^(0|[1-9]\d{0,4})$/.test(digits) || Number(digits) > 65_535) return null
  return { address: canonicalIp(text)!, port: Number(digits) }
}

// Version 2

function readBinary(bytes: Uint8Array, most: number): ReadHeader | Fault | null {
  for (let i = 0; i < Math.min(bytes.length, SIGNATURE.length); i++)
    if (bytes[i] !== SIGNATURE[i]) return new Fault('the connection does not begin with a PROXY header', i)
  if (bytes.length < PREAMBLE_BYTES) return null
  const command = bytes[12]! & 15
  if (bytes[12]! >> 4 !== 2) return new Fault('the binary PROXY header must be of version 2', 12)
  if (command > 1) return new Fault('the PROXY command must be LOCAL or PROXY', 12)
  const length = PREAMBLE_BYTES + u16(bytes, 14)
  if (length > most) return new Fault(`the PROXY header is longer than ${most} bytes`, 14)
  if (bytes.length < length) return null
  const whole = bytes.subarray(0, length)
  const ends = endsOf(whole)
  if (ends instanceof Fault) return ends
  // §2.2: of a connection that the proxy made for itself the addresses are not to be looked at; the checksum is.
  const said = readTlvs(whole, ends.length)
  if (said instanceof Fault) return said
  return { header: command === 0 ? NOTHING_SAID : { ...NOTHING_SAID, ...said, ...ends.said }, length }
}

interface Ends {
  readonly said: Pick<ProxyHeader, 'source' | 'destination'>
  /** Where the further information begins. */
  readonly length: number
}

function endsOf(bytes: Uint8Array): Ends | Fault {
  const family = bytes[13]! >> 4
  const transport = bytes[13]! & 15
  if (family > 3 || transport > 2) return new Fault('the PROXY header names an unknown family or protocol', 13)
  const size = [0, 4, 16, PATH_BYTES][family]!
  const ports = family === 1 || family === 2 ? 4 : 0
  const length = PREAMBLE_BYTES + 2 * size + ports
  if (bytes.length < length) return new Fault('the PROXY header is too short for its addresses', 14)
  if (family === 0 || transport === 0) return { said: { source: null, destination: null }, length }
  const first = PREAMBLE_BYTES
  const portAt = first + 2 * size
  if (family === 3) {
    const said = { source: pathAt(bytes, first), destination: pathAt(bytes, first + size) }
    return { said, length }
  }
  const text = (at: number) => (family === 1 ? formatIp4(u32(bytes, at)) : formatIp6(bytes.subarray(at, at + 16)))
  const source = { address: text(first), port: u16(bytes, portAt) }
  const destination = { address: text(first + size), port: u16(bytes, portAt + 2) }
  return { said: { source, destination }, length }
}

function pathAt(bytes: Uint8Array, at: number): Address {
  const field = bytes.subarray(at, at + PATH_BYTES)
  const end = field.indexOf(0)
  return { path: textOf(end < 0 ? field : field.subarray(0, end)) }
}

type Said = { -readonly [name in keyof ProxyHeader]?: ProxyHeader[name] }

function readTlvs(bytes: Uint8Array, from: number): Said | Fault {
  const more: ProxyTlv[] = []
  const said: Said = { more }
  for (let at = from; at < bytes.length; ) {
    const value = valueAt(bytes, at)
    if (value === null) return new Fault('a part of the PROXY header is longer than the header', at)
    switch (bytes[at]) {
      case TLV.alpn:
        said.alpn = textOf(value)
        break
      case TLV.authority:
        said.authority = textOf(value)
        break
      case TLV.crc32c:
        // §2.2.3: a header whose checksum is wrong is a connection to be dropped.
        if (value.length !== 4 || u32(value, 0) !== crc32c(bytes, at + 3))
          return new Fault('the checksum of the PROXY header is wrong', at)
        break
      case TLV.noop:
        break
      case TLV.uniqueId:
        // §2.2.5
        if (value.length > 128) return new Fault('the unique id of the PROXY header is longer than 128 bytes', at)
        said.uniqueId = value.slice()
        break
      case TLV.namespace:
        said.namespace = textOf(value)
        break
      case TLV.ssl: {
        const ssl = readSsl(value)
        if (ssl === null) return new Fault('the TLS part of the PROXY header is not whole', at)
        said.ssl = ssl
        break
      }
      default:
        more.push({ type: bytes[at]!, value: value.slice() })
    }
    at += 3 + value.length
  }
  return said
}

/** The value of the part that begins at `at`; null when it does not fit. */
function valueAt(bytes: Uint8Array, at: number): Uint8Array | null {
  if (at + 3 > bytes.length) return null
  const end = at + 3 + u16(bytes, at + 1)
  return end > bytes.length ? null : bytes.subarray(at + 3, end)
}

function readSsl(bytes: Uint8Array): ProxySsl | null {
  if (bytes.length < 5) return null
  const texts = new Map<number, string>()
  for (let at = 5; at < bytes.length; ) {
    const value = valueAt(bytes, at)
    if (value === null) return null
    texts.set(bytes[at]!, textOf(value))
    at += 3 + value.length
  }
  const client = bytes[0]!
  const shown = (client & 6) !== 0
  return {
    encrypted: (client & 1) !== 0,
    certificate: (client & 2) !== 0,
    certificateInSession: (client & 4) !== 0,
    // §2.2.6: zero says "verified" only of a client that has shown a certificate.
    verified: shown && u32(bytes, 1) === 0,
    version: texts.get(TLV.sslVersion) ?? '',
    commonName: texts.get(TLV.sslCn) ?? '',
    cipher: texts.get(TLV.sslCipher) ?? '',
    signature: texts.get(TLV.sslSignature) ?? '',
    key: texts.get(TLV.sslKey) ?? '',
  }
}

const decoder = new TextDecoder()

function textOf(bytes: Uint8Array): string {
  return decoder.decode(bytes)
}
