/** Signed requests (RFC 8555 §6.2, RFC 7515): the key of an account, and what is signed with it. */
import {
  createHash,
  createHmac,
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
  sign,
} from 'node:crypto'
import { fromBase64, toBase64Url } from '../../base/base64.ts'
import { CertificateError } from '../errors.ts'

const encoder = new TextEncoder()
const utf8 = (text: string): Uint8Array => encoder.encode(text)

/** The public key of an account (RFC 7518 §6.2), members in the order that RFC 7638 §3.2 wants. */
export interface Jwk {
  readonly crv: 'P-256'
  readonly kty: 'EC'
  readonly x: string
  readonly y: string
}

/** A signed request (RFC 7515 §7.2.2). */
export interface Jws {
  readonly protected: string
  readonly payload: string
  readonly signature: string
}

/** The key of an account: ECDSA P-256, which every authority takes (RFC 8555 §6.2). */
export class AccountKey {
  readonly jwk: Jwk
  /** RFC 7638: the hash of the public key, by which answers to challenges are bound to the account. */
  readonly thumbprint: string
  readonly #key: KeyObject

  private constructor(key: KeyObject) {
    const { crv, kty, x, y } = createPublicKey(key).export({ format: 'jwk' }) as Record<string, string>
    if (kty !== 'EC' || crv !== 'P-256' || x === undefined || y === undefined)
      throw new CertificateError('CERTIFICATE_SETTINGS', 'the key of an ACME account must be ECDSA P-256')
    this.#key = key
    this.jwk = { crv, kty, x, y }
    this.thumbprint = toBase64Url(createHash('sha256').update(JSON.stringify(this.jwk)).digest())
  }

  static generate(): AccountKey {
    return new AccountKey(generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey)
  }

  /** @throws CertificateError CERTIFICATE_SETTINGS for what is no such key. */
  static read(pem: string): AccountKey {
    let key: KeyObject
    try {
      key = createPrivateKey(pem)
    } catch (error) {
      throw new CertificateError('CERTIFICATE_SETTINGS', 'the key of the ACME account cannot be read: it must be PEM', {
        cause: error,
      })
    }
    return new AccountKey(key)
  }

  toPem(): string {
    return this.#key.export({ type: 'pkcs8', format: 'pem' }) as string
  }

  /**
   * A signed request. @param header nonce, URL, and `jwk` or `kid`
   * @param payload null for POST-as-GET, whose payload is empty (RFC 8555 §6.3)
   */
  sign(header: object, payload: object | null): Jws {
    const body = payload === null ? '' : toBase64Url(utf8(JSON.stringify(payload)))
    const head = toBase64Url(utf8(JSON.stringify({ alg: 'ES256', ...header })))
    const signature = sign('sha256', utf8(`${head}.${body}`), { key: this.#key, dsaEncoding: 'ieee-p1363' })
    return { protected: head, payload: body, signature: toBase64Url(signature) }
  }

  /** What answers a challenge (RFC 8555 §8.1). */
  authorize(token: string): string {
    return `${token}.${this.thumbprint}`
  }
}

/** An account that the user has with the authority elsewhere (RFC 8555 §7.3.4). */
export interface ExternalAccount {
  /** The identifier of the key. */
  readonly keyId: string
  /** The key, base64url, as the authority has shown it. */
  readonly key: string
}

/** The statement that the ACME account belongs to the external one. @throws CertificateError CERTIFICATE_SETTINGS. */
export function externalBinding({ keyId, key }: ExternalAccount, { jwk }: AccountKey, url: string): Jws {
  const secret = fromBase64(key)
  if (secret === null || secret.length === 0)
    throw new CertificateError(
      'CERTIFICATE_SETTINGS',
      'externalAccount.key must be base64url, as the authority shows the key',
    )
  const head = toBase64Url(utf8(JSON.stringify({ alg: 'HS256', kid: keyId, url })))
  const payload = toBase64Url(utf8(JSON.stringify(jwk)))
  const signature = createHmac('sha256', secret).update(`${head}.${payload}`).digest()
  return { protected: head, payload, signature: toBase64Url(signature) }
}
