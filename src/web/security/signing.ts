/**
 * Signed texts: `text.time.mac`, HMAC-SHA256 (RFC 2104) under a key of its own for every purpose, so that what was
 * signed as one thing is never taken for another. The first secret signs; all of them verify, which lets a secret be
 * changed without throwing everybody out.
 */
import { toBase64Url } from '../../base/base64.ts'
import { SECOND } from '../../base/clock.ts'
import { type Duration, requireDuration, seconds } from '../../base/duration.ts'
import { HmacSha256, sameOctets } from '../../base/sha256.ts'
import { SecretError } from '../errors.ts'

/** Clocks of several servers differ: a signature from this many seconds ahead is still taken. */
const SKEW = 60
/** Characters of secret below which a guess is thinkable: 32 characters of base64 are 192 bits. */
const SHORTEST_SECRET = 32

const utf8 = new TextEncoder()

/** @throws SecretError when there is none or one is too short. */
export function checkSecrets(secrets: readonly string[]): void {
  if (secrets.length === 0) throw new SecretError('the site has no secret: give app({ secret }) a long random text')
  for (const secret of secrets) {
    if (typeof secret !== 'string' || secret.length < SHORTEST_SECRET)
      throw new SecretError(
        `a secret must have at least ${SHORTEST_SECRET} characters, and this one has ${secret?.length ?? 0}: make one with \`openssl rand -base64 32\``,
      )
  }
}

/** What a signature vouches for. */
export interface Verified {
  readonly text: string
  readonly age: Duration
}

/**
 * Signs texts for one purpose, and verifies them. `site.signer(purpose)` makes one of a site's secrets that knows the
 * clock; this one is told the time.
 */
export class Signer {
  readonly #keys: readonly HmacSha256[]

  /** @param purpose what is signed: `session`. */
  constructor(secrets: readonly string[], purpose: string) {
    checkSecrets(secrets)
    this.#keys = secrets.map(
      (secret) => new HmacSha256(new HmacSha256(utf8.encode(secret)).of(utf8.encode(`reticle ${purpose}`))),
    )
  }

  /** @param text without line ends; anything else is kept as it is. */
  sign(text: string, wallMillis: number): string {
    const dated = `${text}.${Math.floor(wallMillis / 1000).toString(36)}`
    return `${dated}.${mac(this.#keys[0]!, dated)}`
  }

  /** The text and its age, or null when it was not signed here, is too old, or was tampered with. */
  verify(signed: string, wallMillis: number, maxAge: Duration): Verified | null {
    requireDuration('verify(…, maxAge)', maxAge, SECOND)
    const end = signed.lastIndexOf('.')
    const middle = signed.lastIndexOf('.', end - 1)
    if (middle < 0 || end < 0) return null
    const dated = signed.slice(0, end)
    const given = signed.slice(end + 1)
    if (!this.#keys.some((key) => equal(mac(key, dated), given))) return null
    const age = Math.floor(wallMillis / 1000) - Number.parseInt(signed.slice(middle + 1, end), 36)
    if (!(age >= -SKEW && age * SECOND <= maxAge)) return null
    return { text: signed.slice(0, middle), age: seconds(Math.max(0, age)) }
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

function mac(key: HmacSha256, text: string): string {
  return toBase64Url(key.of(utf8.encode(text)))
}

/** Compares in time that depends on the lengths only. */
export function equal(a: string, b: string): boolean {
  return sameOctets(utf8.encode(a), utf8.encode(b))
}
