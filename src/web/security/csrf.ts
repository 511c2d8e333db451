/**
 * Cross-site request forgery: whether a request that changes something was made by a page of this site.
 *
 * Browsers say it themselves: `Sec-Fetch-Site` (W3C Fetch Metadata §2.3), where it is missing `Origin` (RFC 6454 §7).
 * Only a request that carries neither has to show the token of its session.
 */
import { fromBase64, toBase64Url } from '../../base/base64.ts'
import type { Random } from '../../base/random.ts'
import { equal } from './signing.ts'

export const CSRF_FIELD = '_csrf'
export const CSRF_HEADER = 'x-csrf-token'
const SECRET_BYTES = 24

/** RFC 9110 §9.2.1: methods that change nothing. */
export function isSafe(method: string): boolean {
  return method === 'GET' || method === 'HEAD' || method === 'OPTIONS' || method === 'TRACE'
}

/**
 * Whether a request asks to become a WebSocket. It is a GET, and what follows it may change anything, while no rule of the
 * browser keeps another site's page from opening one with the visitor's cookies (RFC 6455 §10.2).
 */
export function opensSocket(upgrade: string | null | undefined): boolean {
  return typeof upgrade === 'string' && /\bwebsocket\b/i.test(upgrade)
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
    return { from: 'other', why: `Sec-Fetch-Site is ${JSON.stringify(secFetchSite.slice(0, 40))}` }
  }
  if (origin !== undefined) {
    // The scheme is not compared: behind a proxy that ends TLS this server sees http where the browser saw https.
    const host = /^https?:\/\/([^/?#@\s]+)$/i.exec(origin)?.[1]
    if (host !== undefined && host.toLowerCase() === authority.toLowerCase()) return { from: 'own' }
    return { from: 'other', why: `Origin is ${JSON.stringify(origin.slice(0, 100))}` }
  }
  return { from: 'unknown' }
}

/** A new secret for a session. */
export function csrfSecret(random: Random): string {
  const bytes = new Uint8Array(SECRET_BYTES)
  random.fill(bytes)
  return toBase64Url(bytes)
}

/** The token for one page: the secret under a fresh mask, so that compression cannot be used to guess it (BREACH). */
export function maskedToken(secret: string, random: Random): string {
  const bytes = fromBase64(secret) ?? new Uint8Array(0)
  const masked = new Uint8Array(bytes.length * 2)
  random.fill(masked.subarray(0, bytes.length))
  for (let i = 0; i < bytes.length; i++) masked[bytes.length + i] = bytes[i]! ^ masked[i]!
  return toBase64Url(masked)
}

export function tokenMatches(token: string, secret: string): boolean {
  if (token.length !== Math.ceil((SECRET_BYTES * 2 * 4) / 3)) return false
  const masked = fromBase64(token)
  if (masked === null || masked.length !== SECRET_BYTES * 2) return false
  const bytes = new Uint8Array(SECRET_BYTES)
  for (let i = 0; i < SECRET_BYTES; i++) bytes[i] = masked[i]! ^ masked[SECRET_BYTES + i]!
  return equal(toBase64Url(bytes), secret)
}

/** Schemes whose credentials a browser sends again by itself, once somebody has typed them. */
const REMEMBERED: ReadonlySet<string> = new Set(['basic', 'digest', 'negotiate', 'ntlm', 'kerberos', 'hoba', 'mutual'])

/**
 * Whether the Authorization field can only have been set by a program: a page of another site can set it only after a
 * CORS preflight, which this site refuses, and no browser sends what is not on the list above by itself.
 */
export function isProgramsOwn(authorization: string | undefined): boolean {
  const scheme = /^([A-Za-z0-9!#$%&'*+.^_`|~-]+) +\S/.exec(authorization ?? '')?.[1]
  return scheme !== undefined && !REMEMBERED.has(scheme.toLowerCase())
}
