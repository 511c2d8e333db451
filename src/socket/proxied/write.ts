/** Writing a PROXY header, in either version. */
import { type Ip4, parseIp4, parseIp6 } from '../../base/ip.ts'
import { putU16, putU32 } from '../../base/octets.ts'
import { type Address, formatAddress } from '../address.ts'
import { crc32c } from './crc32c.ts'
import { PATH_BYTES, PREAMBLE_BYTES, type ProxyHeaderInit, type ProxySsl, SIGNATURE, TLV } from './header.ts'

const encoder = new TextEncoder()

/**
 * The octets of a header. Version 1 says the addresses and nothing else; version 2 has a checksum. Addresses of two
 * families are both written as IPv6; what neither version can say is written as unknown.
 * @throws RangeError for what cannot be written: information that is too long.
 */
export function writeProxyHeader(version: 1 | 2, header: ProxyHeaderInit): Uint8Array {
  return version === 1 ? encoder.encode(line(header)) : binary(header)
}

interface Ends {
  readonly family: 4 | 6
  readonly from: Ip4 | Uint8Array
  readonly to: Ip4 | Uint8Array
  readonly ports: readonly [number, number]
}

function line({ source, destination }: ProxyHeaderInit): string {
  const ends = ipEnds(source, destination)
  if (ends === null || source === null || destination === null) return 'PROXY UNKNOWN\r\n'
  const text = ({ address = '' }: Address) =>
    ends.family === 6 && !address.includes(':') ? `::ffff:${address}` : withoutScope(address)
  return `PROXY TCP${ends.family} ${text(source)} ${text(destination)} ${ends.ports[0]} ${ends.ports[1]}\r\n`
}

function binary(header: ProxyHeaderInit): Uint8Array {
  const { source, destination } = header
  const ends = ipEnds(source, destination)
  const paths =
    ends === null && source !== null && destination !== null && (source.path ?? destination.path) !== undefined
  const addresses = ends !== null ? ipOctets(ends) : paths ? pathOctets(source, destination) : new Uint8Array(0)
  const parts = [addresses, ...tlvs(header)]
  const length = parts.reduce((sum, part) => sum + part.length, 0) + 7
  if (length > 65_535) throw new RangeError(`the PROXY header would have ${length} bytes: it may have 65535`)
  const bytes = new Uint8Array(PREAMBLE_BYTES + length)
  bytes.set(SIGNATURE)
  // LOCAL for a connection of the proxy's own.
  bytes[12] = source === null && destination === null ? 0x20 : 0x21
  bytes[13] = ends !== null ? (ends.family === 4 ? 0x11 : 0x21) : paths ? 0x31 : 0
  putU16(bytes, 14, length)
  let at = PREAMBLE_BYTES
  for (const part of parts) {
    bytes.set(part, at)
    at += part.length
  }
  bytes[at] = TLV.crc32c
  putU16(bytes, at + 1, 4)
  putU32(bytes, at + 3, crc32c(bytes))
  return bytes
}

/** Both ends as addresses of one family; null when one of them is not an IP socket. */
function ipEnds(source: Address | null, destination: Address | null): Ends | null {
  if (source?.address === undefined || destination?.address === undefined) return null
  const ports = [source.port, destination.port] as const
  const four = [parseIp4(source.address), parseIp4(destination.address)] as const
  if (four[0] >= 0 && four[1] >= 0) return { family: 4, from: four[0], to: four[1], ports }
  const from = asIp6(source.address)
  const to = asIp6(destination.address)
  return from === null || to === null ? null : { family: 6, from, to, ports }
}

function asIp6(address: string): Uint8Array | null {
  return parseIp6(address.includes(':') ? withoutScope(address) : `::ffff:${address}`)
}

function withoutScope(address: string): string {
  const scope = address.indexOf('%')
  return scope < 0 ? address : address.slice(0, scope)
}

function ipOctets({ from, to, ports }: Ends): Uint8Array {
  const size = typeof from === 'number' ? 4 : 16
  const bytes = new Uint8Array(2 * size + 4)
  for (const [i, end] of [from, to].entries()) {
    if (typeof end === 'number') putU32(bytes, 4 * i, end)
    else bytes.set(end, 16 * i)
    putU16(bytes, 2 * size + 2 * i, ports[i]!)
  }
  return bytes
}

function pathOctets(source: Address, destination: Address): Uint8Array {
  const bytes = new Uint8Array(2 * PATH_BYTES)
  for (const [i, end] of [source, destination].entries()) {
    const path = encoder.encode(end.path ?? formatAddress(end))
    if (path.length > PATH_BYTES)
      throw new RangeError(`a path in a PROXY header may have ${PATH_BYTES} bytes: ${end.path}`)
    bytes.set(path, PATH_BYTES * i)
  }
  return bytes
}

function tlvs({ alpn, authority, uniqueId, namespace, ssl, more }: ProxyHeaderInit): Uint8Array[] {
  const parts: Uint8Array[] = []
  if (alpn) parts.push(tlv(TLV.alpn, encoder.encode(alpn)))
  if (authority) parts.push(tlv(TLV.authority, encoder.encode(authority)))
  if (uniqueId) {
    if (uniqueId.length > 128) throw new RangeError('the unique id of a PROXY header may have 128 bytes')
    parts.push(tlv(TLV.uniqueId, uniqueId))
  }
  if (ssl) parts.push(tlv(TLV.ssl, sslOctets(ssl)))
  if (namespace) parts.push(tlv(TLV.namespace, encoder.encode(namespace)))
  for (const { type, value } of more ?? []) parts.push(tlv(type, value))
  return parts
}

function sslOctets(ssl: ProxySsl): Uint8Array {
  const texts: readonly (readonly [number, string])[] = [
    [TLV.sslVersion, ssl.version],
    [TLV.sslCn, ssl.commonName],
    [TLV.sslCipher, ssl.cipher],
    [TLV.sslSignature, ssl.signature],
    [TLV.sslKey, ssl.key],
  ]
  const parts = texts.filter(([, text]) => text !== '').map(([type, text]) => tlv(type, encoder.encode(text)))
  const bytes = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 5))
  bytes[0] = (ssl.encrypted ? 1 : 0) | (ssl.certificate ? 2 : 0) | (ssl.certificateInSession ? 4 : 0)
  putU32(bytes, 1, ssl.verified ? 0 : 1)
  let at = 5
  for (const part of parts) {
    bytes.set(part, at)
    at += part.length
  }
  return bytes
}

function tlv(type: number, value: Uint8Array): Uint8Array {
  if (value.length > 65_535) throw new RangeError(`a part of a PROXY header may have 65535 bytes, not ${value.length}`)
  const bytes = new Uint8Array(3 + value.length)
  bytes[0] = type
  putU16(bytes, 1, value.length)
  bytes.set(value, 3)
  return bytes
}
