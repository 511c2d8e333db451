/** Why a handshake has failed, in words, and whether a server's certificate is taken. */
import { createHash, type KeyObject, X509Certificate } from 'node:crypto'
import { checkServerIdentity, type PeerCertificate, type TLSSocket } from 'node:tls'
import { SocketError } from '../../base/errors.ts'
import { ipVersion } from '../../base/ip.ts'
import { TlsError } from '../errors.ts'
import type { TlsClientOptions } from '../settings.ts'
import { shownNames } from './certificates.ts'

/**
 * RFC 9525 §6.3: the names of subjectAltName count, and nothing else; an asterisk is a whole label, the leftmost. Node would look at the
 * subject where there is no name (a URI alone, say), and takes `a*.example`.
 */
export function checkName(name: string, { subjectaltname, ...rest }: PeerCertificate): Error | undefined {
  if (subjectaltname === undefined) return wrongName('the certificate has no subjectAltName')
  const refused = checkServerIdentity(name, { ...rest, subjectaltname, subject: {} as PeerCertificate['subject'] })
  if (refused !== undefined || ipVersion(name) !== 0) return refused
  const host = name.toLowerCase().replace(/\.$/, '')
  const above = `*${host.slice(host.indexOf('.'))}`
  const named = subjectaltname.split(', ').map((entry) => entry.toLowerCase().replace(/\.$/, ''))
  if (named.includes(`dns:${host}`) || (host.includes('.') && named.includes(`dns:${above}`))) return undefined
  return wrongName(`the certificate is not for ${name}`)
}

function wrongName(why: string): Error {
  return Object.assign(new Error(why), { code: 'ERR_TLS_CERT_ALTNAME_INVALID' })
}

/** What speaks against the server at the other end; null: it is the one that was asked for. */
export function refusalOf(socket: TLSSocket, name: string, options: TlsClientOptions): TlsError | null {
  if (options.acceptAnyCertificate === true) return null
  if (!socket.authorized) return untrusted(socket, name)
  if (options.pins === undefined) return null
  return pinned(socket, options.pins)
    ? null
    : new TlsError(
        'TLS_NOT_PINNED',
        `${name} shows a certificate chain with none of the ${options.pins.length} pinned keys`,
      )
}

function untrusted(socket: TLSSocket, name: string): TlsError {
  const certificate = socket.getPeerX509Certificate()
  const reason = String(socket.authorizationError)
  if (certificate === undefined) return new TlsError('TLS_UNTRUSTED', `${name} shows no certificate`)
  if (reason === 'CERT_HAS_EXPIRED')
    return new TlsError(
      'TLS_CERTIFICATE_EXPIRED',
      `the certificate of ${name} has expired: it was valid until ${certificate.validTo}`,
    )
  if (reason === 'CERT_NOT_YET_VALID')
    return new TlsError(
      'TLS_CERTIFICATE_EXPIRED',
      `the certificate of ${name} is not valid before ${certificate.validFrom}: is this machine's clock right?`,
    )
  if (reason === 'ERR_TLS_CERT_ALTNAME_INVALID')
    return new TlsError('TLS_WRONG_NAME', `the certificate that ${name} shows is for ${shownNames(certificate)}`)
  return new TlsError('TLS_UNTRUSTED', `the certificate of ${name} is not trusted: ${trouble(reason, certificate)}`)
}

function trouble(reason: string, certificate: X509Certificate): string {
  switch (reason) {
    case 'DEPTH_ZERO_SELF_SIGNED_CERT':
      return 'it has signed itself. To trust it, give it in the option trust'
    case 'SELF_SIGNED_CERT_IN_CHAIN':
      return 'its authority is not among the trusted ones. To trust that, give its certificate in the option trust'
    case 'UNABLE_TO_GET_ISSUER_CERT':
    case 'UNABLE_TO_GET_ISSUER_CERT_LOCALLY':
    case 'UNABLE_TO_VERIFY_LEAF_SIGNATURE':
      return (
        `its issuer (${certificate.issuer.replaceAll('\n', ', ')}) is unknown here. ` +
        'Give the authority in the option trust; or the server does not send the certificates in between'
      )
    case 'CERT_REVOKED':
      return 'it was revoked'
    default:
      return reason
  }
}

/**
 * Whether a pinned key is the server's own, or one of those that vouch for it. What a server sends is a heap of certificates that
 * it says are a chain, and not the chain that was verified: each link is proven here by its signature, or a stranger with a
 * certificate of any trusted authority would send the pinned one along with his own.
 */
function pinned(socket: TLSSocket, pins: readonly string[]): boolean {
  const seen = new Set<string>()
  let each: PeerCertificate | undefined = socket.getPeerCertificate(true)
  let below: X509Certificate | null = null
  while (each?.raw !== undefined && !seen.has(each.fingerprint256)) {
    seen.add(each.fingerprint256)
    const certificate = new X509Certificate(each.raw)
    const publicKey = keyOf(certificate)
    if (publicKey === null) return false
    if (below !== null && !(below.checkIssued(certificate) && below.verify(publicKey))) return false
    const key = publicKey.export({ type: 'spki', format: 'der' })
    if (pins.includes(createHash('sha256').update(key).digest('base64'))) return true
    below = certificate
    each = (each as { issuerCertificate?: PeerCertificate }).issuerCertificate
  }
  return false
}

/** Null for a kind of key that is not known here: what is sent along can be anything. */
function keyOf(certificate: X509Certificate): KeyObject | null {
  try {
    return certificate.publicKey
  } catch {
    return null
  }
}

/** A handshake that did not come to its end. */
export function handshakeFailed(error: unknown, who: string): Error {
  if (error instanceof TlsError || error instanceof SocketError) return error
  const { code = '', reason, message } = error as NodeJS.ErrnoException & { reason?: string }
  const said = (reason ?? message).toLowerCase()
  if (code === 'ECONNRESET' || code === 'EPIPE')
    return new TlsError('TLS_HANDSHAKE', `${who} closed the connection during the handshake`, error)
  if (said.includes('wrong version number') || said.includes('packet length too long') || said.includes('http request'))
    return new TlsError('TLS_HANDSHAKE', `${who} does not speak TLS on this port`, error)
  if (said.includes('no application protocol'))
    return new TlsError(
      'TLS_HANDSHAKE',
      `${who} speaks none of the application protocols that were offered (ALPN)`,
      error,
    )
  if (said.includes('protocol version') || said.includes('unsupported protocol'))
    return new TlsError('TLS_HANDSHAKE', `${who} speaks none of the TLS versions that are allowed here`, error)
  if (said.includes('certificate required') || said.includes('peer did not return a certificate'))
    return new TlsError('TLS_HANDSHAKE', `${who} has shown no certificate, and must`, error)
  return new TlsError('TLS_HANDSHAKE', `the handshake with ${who} failed: ${reason ?? message}`, error)
}
