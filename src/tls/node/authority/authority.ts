/** An authority of one's own, for development and tests: certificates that a machine's own browser can be told to trust. */
import { createPrivateKey, generateKeyPairSync, X509Certificate } from 'node:crypto'
import { TlsError } from '../../errors.ts'
import type { Identity, Validity } from '../../settings.ts'
import { bits, boolean, implicit, integer, octets, oid, sequence } from './der.ts'
import { alternativeNames, distinguished, extension, keyId, keyPem, signed } from './x509.ts'

const OID = {
  subjectKey: '2.5.29.14',
  keyUsage: '2.5.29.15',
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
  return { certificate, key: keyPem(privateKey) }
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
      alternativeNames(names),
      extension(OID.authorityKey, false, sequence(implicit(0, keyId(above.publicKey)))),
      extension(OID.subjectKey, false, octets(keyId(publicKey))),
    ],
  })
  return { certificate, key: keyPem(privateKey) }
}

function lasting(days: number): Validity {
  const now = Date.now()
  return { from: new Date(now - BEFORE), until: new Date(now + days * DAY) }
}

/** The subject as the authority's own certificate has it: what it has signed must name it so, octet by octet. */
function subjectOf({ subject }: X509Certificate): Uint8Array {
  const name = /^CN=(.*)$/m.exec(subject)?.[1]
  if (name === undefined || !subject.includes('O=Reticle'))
    throw new TlsError('TLS_SETTINGS', 'the authority must be one that createAuthority has made')
  return distinguished(name)
}
