/** What both ends have in common: versions, ciphers, and the objects of OpenSSL that hold an identity. */
import { constants } from 'node:crypto'
import { createSecureContext, type SecureContext, type SecureContextOptions } from 'node:tls'
import { TlsError } from '../errors.ts'
import type { Identity, Pem, TlsVersion } from '../settings.ts'

/**
 * Forward secret, and authenticated in one pass (AEAD), as RFC 9325 §4.2 recommends. AES with 128 bits comes first: it is
 * the quicker one, and nobody breaks either.
 */
const CIPHERS = [
  'TLS_AES_128_GCM_SHA256',
  'TLS_AES_256_GCM_SHA384',
  'TLS_CHACHA20_POLY1305_SHA256',
  'ECDHE-ECDSA-AES128-GCM-SHA256',
  'ECDHE-RSA-AES128-GCM-SHA256',
  'ECDHE-ECDSA-AES256-GCM-SHA384',
  'ECDHE-RSA-AES256-GCM-SHA384',
  'ECDHE-ECDSA-CHACHA20-POLY1305',
  'ECDHE-RSA-CHACHA20-POLY1305',
].join(':')

/** What one end brings along. */
export interface ContextParts {
  readonly identity?: Identity | undefined
  readonly trust?: readonly Pem[] | undefined
  readonly minVersion?: TlsVersion | undefined
}

export function contextOptions({ identity, trust, minVersion }: ContextParts): SecureContextOptions {
  return {
    ciphers: CIPHERS,
    // The client knows whether its processor has AES: its order is taken.
    honorCipherOrder: false,
    minVersion: minVersion ?? 'TLSv1.2',
    // A renegotiated TLS 1.2 would be another identity on the same connection, and costs a server what a handshake costs.
    secureOptions: constants.SSL_OP_NO_RENEGOTIATION,
    ...(trust !== undefined && { ca: trust.map(bytes) }),
    ...(identity !== undefined && {
      cert: bytes(identity.certificate),
      key: bytes(identity.key),
      ...(identity.passphrase !== undefined && { passphrase: identity.passphrase }),
    }),
  }
}

/** @throws TlsError TLS_SETTINGS for what OpenSSL does not take. */
export function context(parts: ContextParts): SecureContext {
  try {
    return createSecureContext(contextOptions(parts))
  } catch (error) {
    throw new TlsError('TLS_SETTINGS', `the certificates cannot be used: ${(error as Error).message}`, error)
  }
}

function bytes(pem: Pem): string | Buffer {
  return typeof pem === 'string' ? pem : Buffer.from(pem)
}
