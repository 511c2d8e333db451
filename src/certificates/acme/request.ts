/** What is sent to be signed (RFC 2986), and what is shown in TLS-ALPN-01 (RFC 8737 §3). */
import { generateKeyPairSync, type KeyObject, sign } from 'node:crypto'
import { bits, explicit, integer, octets, oid, sequence, set } from '../../tls/node/authority/der.ts'
import { alternativeNames, distinguished, extension, keyPem, signed } from '../../tls/node/authority/x509.ts'
import type { Identity } from '../../tls/settings.ts'

const OID = {
  ecdsaSha256: '1.2.840.10045.4.3.2',
  extensionRequest: '1.2.840.113549.1.9.14',
  acmeIdentifier: '1.3.6.1.5.5.7.1.31',
} as const

/** A new key for a certificate: ECDSA P-256. */
export function certificateKey(): KeyObject {
  return generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey
}

/**
 * A request for a certificate of these names, in DER (RFC 2986 §4). The subject is empty: names stand in the extension
 * subjectAltName (RFC 8555 §7.4).
 */
export function certificateRequest(key: KeyObject, publicKey: KeyObject, names: readonly string[]): Uint8Array {
  const attribute = sequence(oid(OID.extensionRequest), set(sequence(alternativeNames(names))))
  const spki = publicKey.export({ type: 'spki', format: 'der' })
  const info = sequence(integer(Uint8Array.of(0)), sequence(), spki, explicit(0, attribute))
  return sequence(info, sequence(oid(OID.ecdsaSha256)), bits(sign('sha256', info, key)))
}

/** Nobody looks at when it is valid: it is shown for some seconds, and believed for its digest. */
const ALWAYS = { from: new Date(0), until: new Date(Date.UTC(2049, 0, 1)) }

/** RFC 8737 §3: self-signed, the name alone, and the critical extension acmeIdentifier with the digest. */
export function challengeIdentity(name: string, digest: Uint8Array): Identity {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const certificate = signed(privateKey, {
    issuer: distinguished(name),
    subject: distinguished(name),
    publicKey,
    validity: ALWAYS,
    extensions: [alternativeNames([name]), extension(OID.acmeIdentifier, true, octets(digest))],
  })
  return { certificate, key: keyPem(privateKey) }
}
