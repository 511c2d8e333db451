/** Two fields of a certificate (RFC 5280 §4.1) that Node does not tell, found in its octets. */
import { type Element, elementAt, elements } from './der-reader.ts'

const SEQUENCE = 0x30
const INTEGER = 0x02
const OCTET_STRING = 0x04
const OID = 0x06
const EXTENSIONS = 0xa3
const KEY_IDENTIFIER = 0x80
/** 2.5.29.35. */
const AUTHORITY_KEY = [0x55, 0x1d, 0x23]

/** The keyIdentifier of the extension authorityKeyIdentifier (§4.2.1.1); null where there is none. */
export function authorityKeyId(certificate: Uint8Array): Uint8Array | null {
  const fields = bodyOf(certificate)
  const extensions = fields?.find(({ tag }) => tag === EXTENSIONS)
  if (extensions === undefined) return null
  const [list] = elements(certificate, extensions)
  if (list?.tag !== SEQUENCE) return null
  for (const extension of elements(certificate, list)) {
    const parts = elements(certificate, extension)
    const [id] = parts
    const value = parts.at(-1)
    if (id?.tag !== OID || value?.tag !== OCTET_STRING || !isAuthorityKey(certificate, id)) continue
    const [inner] = elements(certificate, value)
    const found =
      inner === undefined ? undefined : elements(certificate, inner).find(({ tag }) => tag === KEY_IDENTIFIER)
    return found === undefined ? null : certificate.subarray(found.start, found.end)
  }
  return null
}

/** The serial number as its octets, with the one of a sign where it has one. */
export function serialOctets(certificate: Uint8Array): Uint8Array | null {
  const serial = bodyOf(certificate)?.find(({ tag }) => tag === INTEGER)
  return serial === undefined ? null : certificate.subarray(serial.start, serial.end)
}

function isAuthorityKey(certificate: Uint8Array, { start, end }: Element): boolean {
  return end - start === AUTHORITY_KEY.length && AUTHORITY_KEY.every((octet, i) => certificate[start + i] === octet)
}

/** The fields of tbsCertificate. */
function bodyOf(certificate: Uint8Array): readonly Element[] | null {
  const whole = elementAt(certificate, 0, certificate.length)
  if (whole?.tag !== SEQUENCE) return null
  const [body] = elements(certificate, whole)
  return body?.tag === SEQUENCE ? elements(certificate, body) : null
}
