/** Cookies (RFC 6265bis): the Cookie field read, Set-Cookie lines made. */

import { HttpMisuse } from '../errors.ts'
import { HTTP_LIMITS } from '../limits.ts'
import { isToken } from './characters.ts'
import { formatDate } from './date.ts'
import { stripSpace } from './list.ts'

/** Attributes of a cookie that is set (RFC 6265bis §4.1.2). */
export interface CookieAttributes {
  /** Default `/`. */
  readonly path?: string
  /** Hosts that get the cookie: this one and all below it. Without it only the host that set the cookie. */
  readonly domain?: string
  /** Seconds; 0 or less deletes it. */
  readonly maxAge?: number
  /** Milliseconds since 1970. */
  readonly expires?: number
  /** Sent over https only. */
  readonly secure?: boolean
  /** Kept from the page's scripts. */
  readonly httpOnly?: boolean
  /** Whether requests that other sites cause carry it; browsers take `Lax` when absent. */
  readonly sameSite?: 'Strict' | 'Lax' | 'None'
  /** Kept apart for each site that embeds this one (CHIPS). */
  readonly partitioned?: boolean
}

/**
 * The cookies of a request by name. Of several with one name the first counts: browsers send the one with the most
 * specific path first (RFC 6265bis §5.8.3). Pairs without a name are left out, and what comes past `most`.
 *
 * @example
 * const cookies = parseCookies(exchange.header('cookie'))
 * cookies.get('theme')
 */
export function parseCookies(field: string | undefined, most = HTTP_LIMITS.cookieCount): Map<string, string> {
  const cookies = new Map<string, string>()
  if (field === undefined) return cookies
  // The next one from `at` on: looked for again only behind it, or pairs without a name would make that quadratic.
  let equals = field.indexOf('=')
  for (let at = 0; at < field.length && cookies.size < most; ) {
    const mark = field.indexOf(';', at)
    const end = mark < 0 ? field.length : mark
    if (equals >= 0 && equals < at) equals = field.indexOf('=', at)
    if (equals >= 0 && equals < end) {
      // RFC 6265bis §5.6 strips SP and HTAB. U+00A0 is a letter of a name: without it `\xa0__Host-id` would be `__Host-id`.
      const name = stripSpace(field, at, equals)
      if (name !== '' && !cookies.has(name)) cookies.set(name, stripSpace(field, equals + 1, end))
    }
    at = end + 1
  }
  return cookies
}

/** What JavaScript may hand over is checked: an attribute of its own would be one more than was meant. */
const SAME_SITE: ReadonlySet<string> = new Set(['Strict', 'Lax', 'None'])

/**
 * A Set-Cookie value.
 * @throws HttpMisuse for what a browser would refuse or read as something else: a bad name or value, a prefix
 * (`__Host-`, `__Secure-`, `__Http-`, `__Host-Http-`) without its attributes, SameSite=None without Secure, name and value longer than `most` bytes.
 *
 * @example
 * exchange.reply(200, ['Set-Cookie', formatCookie('theme', 'dark', { httpOnly: true, sameSite: 'Lax' })], 'kept')
 */
export function formatCookie(
  name: string,
  value: string,
  attributes: CookieAttributes = {},
  most = HTTP_LIMITS.cookieBytes,
): string {
  const { path = '/', domain, maxAge, expires, secure, httpOnly, sameSite, partitioned } = attributes
  const wrong = (why: string) => new HttpMisuse('HTTP_INVALID_COOKIE', `cookie ${JSON.stringify(name)}: ${why}`)
  if (!isToken(name)) throw wrong('the name is not a token')
  if (/[^\x21\x23-\x2b\x2d-\x3a\x3c-\x5b\x5d-\x7e]/.test(value))
    throw wrong(
      `value ${JSON.stringify(value)} has a character that a cookie cannot have: encodeURIComponent() or base64url the value`,
    )
  if (name.length + value.length > most) throw wrong(`name and value take more than ${most} bytes`)
  if (!/^\/[\x20-\x3a\x3c-\x7e]*$/.test(path))
    throw wrong(`path ${JSON.stringify(path)} must start with / and have no semicolon or control character`)
  if (domain !== undefined && !/^\.?[A-Za-z0-9.-]+$/.test(domain))
    throw wrong(`domain ${JSON.stringify(domain)} is not a host name`)
  // RFC 6265bis §4.1.3: browsers look at the prefix in any case of its letters.
  const prefix = /^__(?:host-http|host|http|secure)-/i.exec(name)?.[0].toLowerCase()
  if (prefix !== undefined && !secure) throw wrong(`the prefix ${prefix} needs Secure`)
  if (prefix?.startsWith('__host-') && (path !== '/' || domain !== undefined))
    throw wrong(`the prefix ${prefix} needs Path=/ and no Domain`)
  if (prefix?.endsWith('http-') && !httpOnly) throw wrong(`the prefix ${prefix} needs HttpOnly`)
  if (sameSite !== undefined && !SAME_SITE.has(sameSite))
    throw wrong(`sameSite must be 'Strict', 'Lax' or 'None', not ${JSON.stringify(sameSite)}`)
  if (sameSite === 'None' && !secure) throw wrong('SameSite=None needs Secure')
  if (partitioned && !secure) throw wrong('Partitioned needs Secure')
  let text = `${name}=${value}; Path=${path}`
  if (domain !== undefined) text += `; Domain=${domain}`
  if (maxAge !== undefined) {
    if (!Number.isSafeInteger(maxAge)) throw wrong(`maxAge must be a whole number of seconds, not ${maxAge}`)
    text += `; Max-Age=${maxAge}`
  }
  if (expires !== undefined) {
    if (!Number.isFinite(expires)) throw wrong(`expires must be milliseconds since 1970, not ${expires}`)
    text += `; Expires=${formatDate(expires)}`
  }
  if (secure) text += '; Secure'
  if (httpOnly) text += '; HttpOnly'
  if (sameSite !== undefined) text += `; SameSite=${sameSite}`
  if (partitioned) text += '; Partitioned'
  return text
}
