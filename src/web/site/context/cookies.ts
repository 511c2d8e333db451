/** The cookies of one exchange: what the client sent, and what is to be set. */
import { type CookieAttributes, formatCookie, parseCookies } from '../../../http/index.ts'
import { COOKIE_LIMIT } from '../../limits.ts'

export interface CookieOptions {
  readonly path?: string
  readonly domain?: string
  /** Seconds; without it the cookie ends with the browser's session. */
  readonly maxAge?: number
  readonly sameSite?: 'Strict' | 'Lax' | 'None'
  /** Lets the page's scripts read it. */
  readonly dangerouslyReadableByScripts?: boolean
  /** Lets it travel unencrypted although this request was not. */
  readonly dangerouslyInsecure?: boolean
}

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
   * @throws TypeError for what cannot be framed; RangeError past what browsers keep.
   */
  set(name: string, value: string, options: CookieOptions = {}): void {
    const attributes: CookieAttributes = {
      path: options.path ?? '/',
      httpOnly: !options.dangerouslyReadableByScripts,
      secure: (this.#secure || options.sameSite === 'None') && !options.dangerouslyInsecure,
      sameSite: options.sameSite ?? 'Lax',
      ...(options.domain === undefined ? {} : { domain: options.domain }),
      ...(options.maxAge === undefined ? {} : { maxAge: options.maxAge }),
    }
    const line = formatCookie(name, value, attributes)
    if (line.length > COOKIE_LIMIT)
      throw new RangeError(`cookie ${name}: ${line.length} bytes, and browsers keep ${COOKIE_LIMIT}`)
    this.#lines.set(`${name};${attributes.path};${options.domain ?? ''}`, line)
  }

  delete(name: string, options: Pick<CookieOptions, 'path' | 'domain'> = {}): void {
    this.set(name, '', { ...options, maxAge: 0 })
  }

  /** The values of the Set-Cookie fields. */
  lines(): Iterable<string> {
    return this.#lines.values()
  }
}
