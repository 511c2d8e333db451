/**
 * Cross-site request forgery: whether a request that changes something was made by a page of this site.
 *
 * Browsers say it themselves: `Sec-Fetch-Site` (W3C Fetch Metadata §2.3), where it is missing `Origin` (RFC 6454 §7).
 * Only a request that carries neither has to show the token of its session.
 */
import type { Random } from '../../base/random.ts'
import { equal } from './signing.ts'

export const CSRF_FIELD = '_csrf'
export const CSRF_HEADER = 'x-csrf-token'
const SECRET_BYTES = 24

/** RFC 9110 §9.2.1: methods that change nothing. */
export function isSafe(method: string): boolean {
  return method === 'GET' || method === 'HEAD' || method === 'OPTIONS' || method === 'TRACE'
}

export interface Provenance {
  readonly secFetchSite: string | undefined
  readonly origin: string | undefined
  /** The effective authority of the request: `board.example:8080`. */
  readonly authority: string
  /** Origins of others that may send forms here: `https://pay.example`. */
  readonly trusted: readonly string[]
}

export type Verdict = { readonly from: 'own' | 'unknown' } | { readonly from: 'other'; readonly why: string }

export function provenance({ secFetchSite, origin, authority, trusted }: Provenance): Verdict {
  if (origin !== undefined && trusted.includes(origin)) return { from: 'own' }
  if (secFetchSite !== undefined) {
    // `none`: typed or bookmarked by the user, not caused by any page.
    if (secFetchSite === 'same-origin' || secFetchSite === 'none') return { from: 'own' }
    return { from: 'other', why: `the browser says the request is ${JSON.stringify(secFetchSite.slice(0, 40))}` }
  }
  if (origin !== undefined) {
    // The scheme is not compared: behind a proxy that ends TLS this server sees http where the browser saw https.
    const host = /^https?:\/\/([^/?#@\s]+)$/i.exec(origin)?.[1]
    if (host !== undefined && host.toLowerCase() === authority.toLowerCase()) return { from: 'own' }
    return { from: 'other', why: `the request comes from ${JSON.stringify(origin.slice(0, 100))}` }
  }
  return { from: 'unknown' }
}

/** A new secret for a session. */
export function csrfSecret(random: Random): string {
  const bytes = new Uint8Array(SECRET_BYTES)
  random.fill(bytes)
  return Buffer.from(bytes).toString('base64url')
}

/** The token for one page: the secret under a fresh mask, so that compression cannot be used to guess it (BREACH). */
export function maskedToken(secret: string, random: Random): string {
  const bytes = Buffer.from(secret, 'base64url')
  const mask = new Uint8Array(bytes.length)
  random.fill(mask)
  const masked = Buffer.alloc(bytes.length * 2)
  masked.set(mask)
  for (let i = 0; i < bytes.length; i++) masked[bytes.length + i] = bytes[i]! ^ mask[i]!
  return masked.toString('base64url')
}

export function tokenMatches(token: string, secret: string): boolean {
  if (token.length !== Math.ceil((SECRET_BYTES * 2 * 4) / 3)) return false
  const masked = Buffer.from(token, 'base64url')
  if (masked.length !== SECRET_BYTES * 2) return false
  const bytes = Buffer.alloc(SECRET_BYTES)
  for (let i = 0; i < SECRET_BYTES; i++) bytes[i] = masked[i]! ^ masked[SECRET_BYTES + i]!
  return equal(bytes.toString('base64url'), secret)
}
