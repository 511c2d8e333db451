/** What an authority has signed, checked before it is used. */
import { type KeyObject, X509Certificate } from 'node:crypto'
import { toBase64Url } from '../../base/base64.ts'
import { namesOf } from '../../tls/node/certificates.ts'
import { CertificateError } from '../errors.ts'
import { authorityKeyId, serialOctets } from './certificate-reader.ts'

const BLOCK = /-----BEGIN ([A-Z0-9 ]+)-----[\s\S]*?-----END \1-----/g

/**
 * The first certificate of a chain in PEM, which must be for that key and those names.
 * @throws CertificateError ACME_MALFORMED for anything else, and for what is no chain of certificates (RFC 8555 §9.1).
 */
export function leafOf(chain: string, key: KeyObject, names: readonly string[], authority: string): X509Certificate {
  const wrong = (why: string, cause?: unknown) =>
    new CertificateError('ACME_MALFORMED', `what ${authority} gives as the certificate cannot be used: ${why}`, {
      cause,
    })
  const blocks = [...chain.matchAll(BLOCK)]
  if (blocks.length === 0) throw wrong('it has no certificate in PEM')
  const other = blocks.find(([, label]) => label !== 'CERTIFICATE')
  if (other !== undefined) throw wrong(`beside certificates it has a ${other[1]}`)
  let leaf: X509Certificate
  try {
    leaf = new X509Certificate(blocks[0]![0])
  } catch (error) {
    throw wrong('its first certificate cannot be read', error)
  }
  if (!leaf.checkPrivateKey(key)) throw wrong('it is for another key')
  const covered = new Set(namesOf(leaf))
  const missing = names.filter((name) => !covered.has(name))
  if (missing.length > 0) throw wrong(`it is not for ${missing.join(', ')}`)
  return leaf
}

/** By what a certificate is named to the authority (RFC 9773 §4.1); null where it does not say who has signed it. */
export function certificateId(leaf: X509Certificate): string | null {
  const authority = authorityKeyId(leaf.raw)
  const serial = serialOctets(leaf.raw)
  return authority === null || serial === null ? null : `${toBase64Url(authority)}.${toBase64Url(serial)}`
}
