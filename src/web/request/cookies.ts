/** The cookies of one exchange: what the client sent, and what is to be set. */

import { SECOND } from '../../base/clock.ts'
import { type Duration, requireDuration } from '../../base/duration.ts'
import { type CookieAttributes, formatCookie, parseCookies } from '../../http/index.ts'
import { UsageError } from '../errors.ts'

/** Browsers drop a cookie whose name, value and attributes are longer (RFC 6265 §6.1 asks for at least that). */
const COOKIE_BYTES = 4096

/** How a cookie is kept and sent. */
export interface CookieOptions {
  readonly path?: string
  readonly domain?: string
  /** How long the browser keeps it; without it the cookie ends with the browser's session. */
  readonly maxAge?: Duration
  readonly sameSite?: 'Strict' | 'Lax' | 'None'
  /** Lets the page's scripts read it. */
  readonly dangerouslyReadableByScripts?: boolean
  /** Lets it travel unencrypted although this request was not. */
  readonly dangerouslyInsecure?: boolean
}

/** The cookies of one request, and those that its reply sets. */
export class CookieJar {
  readonly #received: ReadonlyMap<string, string>
  readonly #secure: boolean
  readonly #lines = new Map<string, string>()

  constructor(field: string | undefined, secure: boolean) {
    this.#received = parseCookies(field)
    this.#secure = secure
  }

  get(name: string): string | undefined {
    return this.#received.get(name)
  }
  has(name: string): boolean {
    return this.#received.has(name)
  }
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
      secure: (this.#secure || options.sameSite === 'None') && !options.dangerouslyInsecure,
      sameSite: options.sameSite ?? 'Lax',
      ...(options.domain === undefined ? {} : { domain: options.domain }),
      ...(options.maxAge === undefined ? {} : { maxAge: secondsOf(options.maxAge) }),
    }
    const line = formatCookie(name, value, attributes)
    if (line.length > COOKIE_BYTES)
      throw new UsageError(`cookie ${name} takes ${line.length} bytes, and browsers keep at most ${COOKIE_BYTES}`)
    this.#lines.set(`${name};${attributes.path};${options.domain ?? ''}`, line)
  }

  delete(name: string, options: Pick<CookieOptions, 'path' | 'domain'> = {}): void {
    this.set(name, '', { ...options, maxAge: 0 as Duration })
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
