/** An authority of one's own, for development and tests: certificates that a machine's own browser can be told to trust. */
import {
  createHash,
  createPrivateKey,
  generateKeyPairSync,
  type KeyObject,
  randomBytes,
  sign,
  X509Certificate,
} from 'node:crypto'
import { ipVersion, parseIp4, parseIp6 } from '../../../base/ip.ts'
import { TlsError } from '../../errors.ts'
import type { Identity, Validity } from '../../settings.ts'
import { bits, boolean, explicit, implicit, integer, octets, oid, sequence, set, time, utf8 } from './der.ts'

const OID = {
  commonName: '2.5.4.3',
  organization: '2.5.4.10',
  ecdsaSha256: '1.2.840.10045.4.3.2',
  subjectKey: '2.5.29.14',
  keyUsage: '2.5.29.15',
  subjectAltName: '2.5.29.17',
  basicConstraints: '2.5.29.19',
  authorityKey: '2.5.29.35',
  extendedKeyUsage: '2.5.29.37',
  serverAuth: '1.3.6.1.5.5.7.3.1',
  clientAuth: '1.3.6.1.5.5.7.3.2',
} as const

const DAY = 86_400_000
/** Apple's systems refuse certificates of more than 825 days, whoever made them. */
const LEAF_DAYS = 397
const AUTHORITY_DAYS = 3650
/** What a clock may go slow. */
const BEFORE = DAY

/** A new authority with a key of its own (ECDSA P-256). @param name as certificate managers show it */
export function createAuthority(name: string, validity: Validity = lasting(AUTHORITY_DAYS)): Identity {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const issuer = distinguished(name)
  const key = keyId(publicKey)
  const certificate = signed(privateKey, {
    issuer,
    subject: issuer,
    publicKey,
    validity,
    extensions: [
      // RFC 5280 §4.2.1.9: it signs certificates, and none that sign others.
      extension(OID.basicConstraints, true, sequence(boolean(true), integer(Uint8Array.of(0)))),
      // keyCertSign and cRLSign, bits 5 and 6 (§4.2.1.3).
      extension(OID.keyUsage, true, bits(Uint8Array.of(0b0000_0110), 1)),
      extension(OID.subjectKey, false, octets(key)),
    ],
  })
  return { certificate, key: pem(privateKey) }
}

/**
 * A certificate for host names and addresses, and its key, signed by an authority.
 *
 * @example
 * const authority = createAuthority('development')
 * const certificates = new Certificates([issue(authority, ['localhost', '127.0.0.1', '::1'])])
 *
 * @throws TlsError TLS_SETTINGS for no name at all.
 */
export function issue(
  authority: Identity,
  names: readonly string[],
  validity: Validity = lasting(LEAF_DAYS),
): Identity {
  if (names.length === 0) throw new TlsError('TLS_SETTINGS', 'a certificate needs at least one name or address')
  const above = new X509Certificate(authority.certificate)
  const aboveKey = createPrivateKey(typeof authority.key === 'string' ? authority.key : Buffer.from(authority.key))
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const certificate = signed(aboveKey, {
    issuer: subjectOf(above),
    subject: distinguished(names[0]!),
    publicKey,
    validity,
    extensions: [
      extension(OID.basicConstraints, true, sequence()),
      // digitalSignature, bit 0.
      extension(OID.keyUsage, true, bits(Uint8Array.of(0b1000_0000), 7)),
      extension(OID.extendedKeyUsage, false, sequence(oid(OID.serverAuth), oid(OID.clientAuth))),
      extension(OID.subjectAltName, false, sequence(...names.map(generalName))),
      extension(OID.authorityKey, false, sequence(implicit(0, keyId(above.publicKey)))),
      extension(OID.subjectKey, false, octets(keyId(publicKey))),
    ],
  })
  return { certificate, key: pem(privateKey) }
}

function lasting(days: number): Validity {
  const now = Date.now()
  return { from: new Date(now - BEFORE), until: new Date(now + days * DAY) }
}

interface ToBeSigned {
  readonly issuer: Uint8Array
  readonly subject: Uint8Array
  readonly publicKey: KeyObject
  readonly validity: Validity
  readonly extensions: readonly Uint8Array[]
}

/** RFC 5280 §4.1. */
function signed(key: KeyObject, { issuer, subject, publicKey, validity, extensions }: ToBeSigned): string {
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

function distinguished(name: string): Uint8Array {
  const attribute = (type: string, value: string) => set(sequence(oid(type), utf8(value)))
  return sequence(attribute(OID.organization, 'Reticle'), attribute(OID.commonName, name))
}

/** The subject as the authority's own certificate has it: what it has signed must name it so, octet by octet. */
function subjectOf({ subject }: X509Certificate): Uint8Array {
  const name = /^CN=(.*)$/m.exec(subject)?.[1]
  if (name === undefined || !subject.includes('O=Reticle'))
    throw new TlsError('TLS_SETTINGS', 'the authority must be one that createAuthority has made')
  return distinguished(name)
}

function extension(id: string, critical: boolean, value: Uint8Array): Uint8Array {
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
function keyId(key: KeyObject): Uint8Array {
  const spki = key.export({ type: 'spki', format: 'der' })
  return createHash('sha256').update(spki).digest().subarray(0, 20)
}

function pem(key: KeyObject): string {
  return key.export({ type: 'pkcs8', format: 'pem' }) as string
}
