/** Certificates (RFC 5280), written octet by octet. */
import { createHash, type KeyObject, randomBytes, sign } from 'node:crypto'
import { ipVersion, parseIp4, parseIp6 } from '../../../base/ip.ts'
import type { Validity } from '../../settings.ts'
import { bits, boolean, explicit, implicit, integer, octets, oid, sequence, set, time, utf8 } from './der.ts'

const OID = {
  commonName: '2.5.4.3',
  organization: '2.5.4.10',
  ecdsaSha256: '1.2.840.10045.4.3.2',
  subjectAltName: '2.5.29.17',
} as const

/** What a certificate says. */
export interface ToBeSigned {
  readonly issuer: Uint8Array
  readonly subject: Uint8Array
  readonly publicKey: KeyObject
  readonly validity: Validity
  readonly extensions: readonly Uint8Array[]
}

/** A certificate in PEM (RFC 5280 §4.1). */
export function signed(key: KeyObject, { issuer, subject, publicKey, validity, extensions }: ToBeSigned): string {
  const algorithm = sequence(oid(OID.ecdsaSha256))
  // §4.1.2.2: positive, and hard to guess.
  const serial = randomBytes(16)
  serial[0]! &= 0x7f
  serial[0]! |= 0x40
  const body = sequence(
    explicit(0, integer(Uint8Array.of(2))), // version 3
    integer(serial),
    algorithm,
    issuer,
    sequence(time(validity.from), time(validity.until)),
    subject,
    publicKey.export({ type: 'spki', format: 'der' }),
    explicit(3, sequence(...extensions)),
  )
  const der = sequence(body, algorithm, bits(sign('sha256', body, key)))
  const lines = Buffer.from(der)
    .toString('base64')
    .match(/.{1,64}/g)!
  return `-----BEGIN CERTIFICATE-----\n${lines.join('\n')}\n-----END CERTIFICATE-----\n`
}

/** The name of a subject or an issuer. */
export function distinguished(name: string): Uint8Array {
  const attribute = (type: string, value: string) => set(sequence(oid(type), utf8(value)))
  return sequence(attribute(OID.organization, 'Reticle'), attribute(OID.commonName, name))
}

/** The extension with the names and addresses (RFC 5280 §4.2.1.6). */
export function alternativeNames(names: readonly string[]): Uint8Array {
  return extension(OID.subjectAltName, false, sequence(...names.map(generalName)))
}

export function extension(id: string, critical: boolean, value: Uint8Array): Uint8Array {
  return critical ? sequence(oid(id), boolean(true), octets(value)) : sequence(oid(id), octets(value))
}

/** RFC 5280 §4.2.1.6: dNSName, or iPAddress. */
function generalName(name: string): Uint8Array {
  switch (ipVersion(name)) {
    case 4: {
      const address = parseIp4(name)
      return implicit(7, Uint8Array.of(address >>> 24, address >>> 16, address >>> 8, address))
    }
    case 6:
      return implicit(7, parseIp6(name)!)
    default:
      return implicit(2, new TextEncoder().encode(name))
  }
}

/** RFC 7093 §2 (1): the first 160 bits of the SHA-256 of the key. */
export function keyId(key: KeyObject): Uint8Array {
  const spki = key.export({ type: 'spki', format: 'der' })
  return createHash('sha256').update(spki).digest().subarray(0, 20)
}

/** A private key in PEM. */
export function keyPem(key: KeyObject): string {
  return key.export({ type: 'pkcs8', format: 'pem' }) as string
}
