/** The cookies of one exchange: what the client sent, and what is to be set. */

import { SECOND } from '../../base/clock.ts'
import { type Duration, requireDuration } from '../../base/duration.ts'
import { type CookieAttributes, formatCookie, parseCookies } from '../../http/index.ts'
import { UsageError } from '../errors.ts'

/** Browsers drop a cookie whose name, value and attributes are longer (RFC 6265 §6.1 asks for at least that). */
const COOKIE_BYTES = 4096

/** How a cookie is kept and sent. */
export interface CookieOptions {
  /** Where below the site it is sent; default `/`. */
  readonly path?: string
  /** This host and all below it; without it this host only. */
  readonly domain?: string
  /** How long the browser keeps it; without it the cookie ends with the browser's session. */
  readonly maxAge?: Duration
  /** Whether requests that other sites cause carry it; default `Lax`. */
  readonly sameSite?: 'Strict' | 'Lax' | 'None'
  /** Kept apart for each site that the page is embedded in (CHIPS); always Secure. */
  readonly partitioned?: boolean
  /** Lets the page's scripts read it. */
  readonly dangerouslyReadableByScripts?: boolean
  /** Lets it travel unencrypted although this request was not. */
  readonly dangerouslyInsecure?: boolean
}

/**
 * The cookies of one request, and those that its reply sets.
 *
 * @example
 * c.cookies.set('theme', 'dark', { maxAge: days(365) })
 * c.cookies.get('theme')
 */
export class CookieJar {
  readonly #received: ReadonlyMap<string, string>
  readonly #secure: boolean
  readonly #lines = new Map<string, string>()

  constructor(field: string | undefined, secure: boolean) {
    this.#received = parseCookies(field)
    this.#secure = secure
  }

  /** The value that the client sent; undefined when it sent none of that name. */
  get(name: string): string | undefined {
    return this.#received.get(name)
  }
  /** Whether the client sent a cookie of that name. */
  has(name: string): boolean {
    return this.#received.has(name)
  }
  /** The names that the client sent. */
  names(): IterableIterator<string> {
    return this.#received.keys()
  }

  /**
   * HttpOnly, SameSite=Lax, for the whole site, Secure over https, unless the options say otherwise.
   * @throws UsageError for what cannot be framed; RangeError past what browsers keep.
   */
  set(name: string, value: string, options: CookieOptions = {}): void {
    const attributes: CookieAttributes = {
      path: options.path ?? '/',
      httpOnly: !options.dangerouslyReadableByScripts,
      secure:
        (this.#secure || options.sameSite === 'None' || options.partitioned === true) && !options.dangerouslyInsecure,
      sameSite: options.sameSite ?? 'Lax',
      ...(options.partitioned === undefined ? {} : { partitioned: options.partitioned }),
      ...(options.domain === undefined ? {} : { domain: options.domain }),
      ...(options.maxAge === undefined ? {} : { maxAge: secondsOf(options.maxAge) }),
    }
    const line = formatCookie(name, value, attributes)
    if (line.length > COOKIE_BYTES)
      throw new UsageError(`cookie ${name} takes ${line.length} bytes, and browsers keep at most ${COOKIE_BYTES}`)
    this.#lines.set(`${name};${attributes.path};${options.domain ?? ''}`, line)
  }

  /** Takes a cookie away; path and domain must be those that it was set with. */
  delete(name: string, options: Pick<CookieOptions, 'path' | 'domain'> = {}): void {
    this.set(name, '', { ...options, maxAge: 0 as Duration })
  }

  /** Whether the reply sets any. */
  get changed(): boolean {
    return this.#lines.size > 0
  }

  /** The values of the Set-Cookie fields. */
  lines(): Iterable<string> {
    return this.#lines.values()
  }
}

/** RFC 6265 §4.1.1: whole seconds. */
function secondsOf(maxAge: Duration): number {
  return Math.round(requireDuration('cookies.set(…, { maxAge })', maxAge, SECOND) / SECOND)
}
