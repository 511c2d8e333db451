/**
 * Signed texts: `text.time.mac`, HMAC-SHA256 (RFC 2104) under a key of its own for every purpose, so that what was
 * signed as one thing is never taken for another. The first secret signs; all of them verify, which lets a secret be
 * changed without throwing everybody out.
 */
import { createHmac, timingSafeEqual } from 'node:crypto'
import { SECRET_MINIMUM } from '../limits.ts'

/** Clocks of several servers differ: a signature from this many seconds ahead is still taken. */
const SKEW = 60

export class SecretError extends Error {
  override readonly name = 'SecretError'
}

/** @throws SecretError when there is none or one is too short. */
export function checkSecrets(secrets: readonly string[]): void {
  if (secrets.length === 0) throw new SecretError('the site has no secret: give app({ secret: … }) a long random text')
  for (const secret of secrets) {
    if (typeof secret !== 'string' || secret.length < SECRET_MINIMUM)
      throw new SecretError(
        `a secret has ${secret?.length ?? 0} characters and needs ${SECRET_MINIMUM}: make one with \`openssl rand -base64 32\``,
      )
  }
}

export class Signer {
  readonly #keys: readonly Buffer[]

  /** @param purpose what is signed: `session`. */
  constructor(secrets: readonly string[], purpose: string) {
    checkSecrets(secrets)
    this.#keys = secrets.map((secret) => createHmac('sha256', secret).update(`reticle ${purpose}`).digest())
  }

  /** @param text without line ends; anything else is kept as it is. */
  sign(text: string, wallMillis: number): string {
    const dated = `${text}.${Math.floor(wallMillis / 1000).toString(36)}`
    return `${dated}.${mac(this.#keys[0]!, dated)}`
  }

  /** The text and its age in seconds, or null when it was not signed here, is too old, or was tampered with. */
  verify(signed: string, wallMillis: number, maxAge: number): { readonly text: string; readonly age: number } | null {
    const end = signed.lastIndexOf('.')
    const middle = signed.lastIndexOf('.', end - 1)
    if (middle < 0 || end < 0) return null
    const dated = signed.slice(0, end)
    const given = signed.slice(end + 1)
    if (!this.#keys.some((key) => equal(mac(key, dated), given))) return null
    const age = Math.floor(wallMillis / 1000) - Number.parseInt(signed.slice(middle + 1, end), 36)
    if (!(age >= -SKEW && age <= maxAge)) return null
    return { text: signed.slice(0, middle), age: Math.max(0, age) }
  }

  /** A keyed fingerprint of a text: says whether two are equal, and nothing of what they are. */
  fingerprint(text: string): string {
    return mac(this.#keys[0]!, `fingerprint ${text}`).slice(0, 22)
  }

  /** Whether a fingerprint was made of this text, by any of the secrets. */
  matches(text: string, fingerprint: string): boolean {
    return this.#keys.some((key) => equal(mac(key, `fingerprint ${text}`).slice(0, 22), fingerprint))
  }
}

function mac(key: Buffer, text: string): string {
  return createHmac('sha256', key).update(text).digest('base64url')
}

/** Compares in time that depends on the lengths only. */
export function equal(a: string, b: string): boolean {
  const left = Buffer.from(a)
  const right = Buffer.from(b)
  return left.length === right.length && timingSafeEqual(left, right)
}
