/** Set-Cookie as a user agent reads it (RFC 6265bis §5.6): what is strange is left out, and nothing throws. */
import { stripSpace } from '../../fields/list.ts'
import { parseCookieDate } from './cookie-date.ts'

/** A Set-Cookie line, taken apart. */
export interface SetCookie {
  readonly name: string
  readonly value: string
  /** Milliseconds since 1970; null for the length of the session; -Infinity for what is to go. */
  readonly expires: number | null
  /** In lower case, without its first dot; '' for none. */
  readonly domain: string
  /** As given; '' where it is absent or not absolute. */
  readonly path: string
  readonly secure: boolean
  readonly httpOnly: boolean
  readonly sameSite: 'none' | 'lax' | 'strict' | 'default'
}

/** What one line may cost. */
export interface SetCookieLimits {
  /** Name and value. */
  readonly cookieBytes: number
  /** The value of an attribute; longer ones are left out. */
  readonly cookieAttributeBytes: number
}

const DAY = 86_400_000
/** RFC 6265bis §5.5: no cookie lives longer, so that what was forgotten goes. */
const LONGEST = 400 * DAY

/** @returns null for a line that sets nothing. @param now milliseconds since 1970 */
export function parseSetCookie(line: string, now: number, limits: SetCookieLimits): SetCookie | null {
  // Controls in a name or value would let one party say what another reads differently.
  if (/[\x00-\x08\x0a-\x1f\x7f]/.test(line)) return null
  const [pair = '', ...attributes] = line.split(';')
  const equals = pair.indexOf('=')
  const name = equals < 0 ? '' : stripSpace(pair, 0, equals)
  const value = stripSpace(pair, equals + 1)
  if (name === '' && value === '') return null
  if (name.length + value.length > limits.cookieBytes) return null
  // A value alone is sent back as it is: it must not come back as a name that has a prefix's promise.
  if (name === '' && /^__(?:secure|host)-/i.test(value)) return null
  const cookie = { expires: null as number | null, domain: '', path: '', secure: false, httpOnly: false }
  let sameSite: SetCookie['sameSite'] = 'default'
  let maxAge: number | null = null
  for (const attribute of attributes) {
    const mark = attribute.indexOf('=')
    const key = stripSpace(attribute, 0, mark < 0 ? attribute.length : mark).toLowerCase()
    const text = mark < 0 ? '' : stripSpace(attribute, mark + 1)
    if (text.length > limits.cookieAttributeBytes) continue
    if (key === 'expires') cookie.expires = until(parseCookieDate(text), now) ?? cookie.expires
    else if (key === 'max-age') maxAge = age(text, now) ?? maxAge
    else if (key === 'domain') cookie.domain = (text.startsWith('.') ? text.slice(1) : text).toLowerCase()
    else if (key === 'path') cookie.path = text.startsWith('/') ? text : ''
    else if (key === 'secure') cookie.secure = true
    else if (key === 'httponly') cookie.httpOnly = true
    else if (key === 'samesite') sameSite = siteRule(text)
  }
  return { name, value, ...cookie, expires: maxAge ?? cookie.expires, sameSite }
}

function until(date: number | null, now: number): number | null {
  return date === null ? null : Math.min(date, now + LONGEST)
}

function age(text: string, now: number): number | null {
  if (!/^-?\d+$/.test(text)) return null
  const seconds = Number(text)
  return seconds <= 0 ? Number.NEGATIVE_INFINITY : Math.min(now + seconds * 1000, now + LONGEST)
}

function siteRule(text: string): SetCookie['sameSite'] {
  const rule = text.toLowerCase()
  return rule === 'none' || rule === 'lax' || rule === 'strict' ? rule : 'default'
}
