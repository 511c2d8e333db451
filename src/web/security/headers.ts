/** The fields that tell browsers what a page of this site may do, and what may be done with it. */

import { SECOND } from '../../base/clock.ts'
import { type Duration, days, requireDuration } from '../../base/duration.ts'
import { UsageError } from '../errors.ts'

/** Directives of a Content-Security-Policy (W3C CSP 3): sources as they are written there, without the nonce. */
export type ContentSecurityPolicy = Readonly<Record<string, readonly string[]>>

/** Own scripts, styles, images; nothing inline without the page's nonce; no plug-ins; no frame around it. */
export const DEFAULT_CSP: ContentSecurityPolicy = {
  'default-src': ["'self'"],
  'img-src': ["'self'", 'data:'],
  'object-src': ["'none'"],
  'base-uri': ["'none'"],
  'form-action': ["'self'"],
  'frame-ancestors': ["'none'"],
}

/** What the fields that protect pages allow. */
export interface SecurityHeaderOptions {
  /** Merged over the default, directive by directive. */
  readonly csp?: ContentSecurityPolicy
  /** Sends no Content-Security-Policy. */
  readonly dangerouslyWithoutCsp?: boolean
  /** Lets other sites put pages of this one into frames (clickjacking). */
  readonly dangerouslyAllowFraming?: boolean
  /** How long browsers must use https only, once they have; default a year. Sent over https only. */
  readonly hsts?: Duration
}

/** Makes the field lines; those that never change are made once. */
export class SecurityHeaders {
  readonly #directives: ContentSecurityPolicy | null
  readonly #page: readonly string[]
  readonly #hsts: readonly string[]
  readonly #policy: string

  constructor(options: SecurityHeaderOptions) {
    const csp: Record<string, readonly string[]> = { ...DEFAULT_CSP }
    if (options.dangerouslyAllowFraming) delete csp['frame-ancestors']
    Object.assign(csp, options.csp)
    this.#directives = options.dangerouslyWithoutCsp ? null : csp
    this.#policy = policy(csp, '')
    this.#page = [
      ...['Referrer-Policy', 'strict-origin-when-cross-origin'],
      ...['Cross-Origin-Opener-Policy', 'same-origin'],
      ...(options.dangerouslyAllowFraming ? [] : ['X-Frame-Options', 'DENY']),
    ]
    const hsts = requireDuration('app({ headers: { hsts } })', options.hsts ?? days(365), SECOND)
    this.#hsts = ['Strict-Transport-Security', `max-age=${Math.round(hsts / SECOND)}`]
  }

  /** Adds the lines for a reply. `page`: whether a browser may show it as a document that can hold scripts. `strict`: whether it is to use https only. */
  add(lines: string[], page: boolean, strict: boolean, nonce: string): void {
    lines.push('X-Content-Type-Options', 'nosniff')
    if (strict) lines.push(...this.#hsts)
    if (!page) return
    lines.push(...this.#page)
    if (this.#directives === null) return
    lines.push('Content-Security-Policy', nonce === '' ? this.#policy : policy(this.#directives, nonce))
  }
}

/** Types that a browser runs scripts of: HTML, SVG, other XML. */
export function isActive(type: string): boolean {
  return /^(?:text\/html|application\/xhtml\+xml|image\/svg\+xml|(?:text|application)\/xml)\b/i.test(type)
}

function policy(directives: ContentSecurityPolicy, nonce: string): string {
  const given: Record<string, readonly string[]> = { ...directives }
  if (nonce !== '') {
    for (const name of ['script-src', 'style-src'])
      given[name] = [...(given[name] ?? given['default-src'] ?? []), `'nonce-${nonce}'`].filter((s) => s !== "'none'")
  }
  const parts: string[] = []
  for (const [name, sources] of Object.entries(given)) {
    const text = [name, ...sources].join(' ')
    if (/[;,\r\n]/.test(text))
      throw new UsageError(
        `app({ headers: { csp } }): '${text}' has a ; , or line end in it, which would end the directive`,
      )
    parts.push(text)
  }
  return parts.join('; ')
}
