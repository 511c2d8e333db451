/** A server's certificates, found by the names in them. */
import { createPrivateKey, X509Certificate } from 'node:crypto'
import { TlsError } from '../errors.ts'
import type { CertificateStore, Identity } from '../settings.ts'

/**
 * The identities of a server. The first one is for clients that ask for no name, or for one that no certificate has.
 * `use` puts others in their place while the server runs: handshakes from then on show them, open connections stay.
 *
 * @example
 * const certificates = new Certificates([{ certificate: await readFile('cert.pem'), key: await readFile('key.pem') }])
 * await serve(tlsHost(host, { server: { certificates } }), handler, { address: '::', port: 443 })
 * certificates.use([renewed])
 *
 * @throws TlsError TLS_SETTINGS for what is no certificate, and for a key that does not belong to it.
 */
export class Certificates implements CertificateStore {
  #version = 0
  #first: Identity | null = null
  /** By names in lower case; what stands behind a wildcard's `*.` in a table of its own. */
  #exact = new Map<string, Identity>()
  #wildcards = new Map<string, Identity>()

  constructor(identities: readonly Identity[] = []) {
    this.use(identities)
  }

  get version(): number {
    return this.#version
  }

  /** Shows these from now on, in place of all others. @throws TlsError as the constructor; the former ones then stay. */
  use(identities: readonly Identity[]): void {
    const exact = new Map<string, Identity>()
    const wildcards = new Map<string, Identity>()
    for (const identity of identities)
      for (const name of namesOf(checked(identity))) {
        const [table, key] = name.startsWith('*.') ? [wildcards, name.slice(2)] : [exact, name]
        if (!table.has(key)) table.set(key, identity)
      }
    this.#first = identities[0] ?? null
    this.#exact = exact
    this.#wildcards = wildcards
    this.#version++
  }

  identityFor(name: string | null): Identity | null {
    if (name === null) return this.#first
    const lower = name.toLowerCase()
    // RFC 9525 §6.3: the asterisk stands for exactly one label, the leftmost.
    return this.#exact.get(lower) ?? this.#wildcards.get(lower.slice(lower.indexOf('.') + 1)) ?? this.#first
  }
}

/** The certificate of an identity. @throws TlsError for one that cannot be used. */
export function checked(identity: Identity): X509Certificate {
  let certificate: X509Certificate
  try {
    certificate = new X509Certificate(identity.certificate)
  } catch (error) {
    throw new TlsError(
      'TLS_SETTINGS',
      'the certificate cannot be read: it must be PEM, -----BEGIN CERTIFICATE-----',
      error,
    )
  }
  const names = shownNames(certificate)
  let key: ReturnType<typeof createPrivateKey>
  try {
    const pem = typeof identity.key === 'string' ? identity.key : Buffer.from(identity.key)
    key = createPrivateKey({ key: pem, ...(identity.passphrase !== undefined && { passphrase: identity.passphrase }) })
  } catch (error) {
    throw new TlsError(
      'TLS_SETTINGS',
      `the key of the certificate for ${names} cannot be read: it must be PEM, and if it is encrypted the passphrase must be right`,
      error,
    )
  }
  if (!certificate.checkPrivateKey(key))
    throw new TlsError('TLS_SETTINGS', `the key does not belong to the certificate for ${names}`)
  return certificate
}

/** The host names of a certificate (RFC 9525 §6.3: those of subjectAltName alone), in lower case. */
export function namesOf(certificate: X509Certificate): readonly string[] {
  return entries(certificate, 'DNS:').map((name) => name.toLowerCase())
}

/** All names of a certificate, for people. */
export function shownNames(certificate: X509Certificate): string {
  const names = [...entries(certificate, 'DNS:'), ...entries(certificate, 'IP Address:')]
  return names.length === 0 ? 'no name' : names.join(', ')
}

function entries(certificate: X509Certificate, kind: string): readonly string[] {
  const listed = certificate.subjectAltName?.split(', ') ?? []
  return listed.filter((entry) => entry.startsWith(kind)).map((entry) => entry.slice(kind.length))
}
