/** Values in addresses (URLs). */

import { EncodedText, SafeUrl, withoutHtml } from '../../safe.ts'
import type { Replaced, Settings } from '../content/content.ts'
import { printText } from './print.ts'

/**
 * Schemes that show or send something and run nothing of the page's: what links and forms of ordinary pages have.
 * Relative addresses have none.
 */
export const SCHEMES: ReadonlySet<string> = new Set(
  (
    'http https mailto tel sms mms ftp sftp ftps geo xmpp irc ircs magnet ws wss news nntp webcal matrix sip sips callto ' +
    'facetime facetime-audio skype whatsapp tg signal viber otpauth bitcoin lightning ethereum feed ssh git svn'
  ).split(' '),
)

/** What stands in the place of an address whose scheme is not among them. */
export const BLOCKED_URL = 'about:invalid#blocked'

/** Most paths: nothing in them needs a second look. */
const PLAIN_URL = /^[A-Za-z0-9\-._~/]*$/
/** Pictures that an address may carry: they have no scripts, wherever they are shown. */
const PICTURE =
  /^data:(?:image\/(?:png|jpe?g|gif|webp|avif|bmp|x-icon|vnd\.microsoft\.icon)|audio\/[a-z0-9.+-]+|video\/[a-z0-9.+-]+|font\/[a-z0-9.+-]+);base64,[A-Za-z0-9+/]*={0,2}$/i

/** Text for an address: HTML and escaped text are read. */
export function addressText(value: unknown): string {
  return printText(withoutHtml(value))
}

/** A value where an address begins: its scheme is looked at as browsers see it. */
export function escapeUrlStart(
  value: unknown,
  settings: Settings,
  replaced: Replaced | null,
  pictures = false,
): string {
  const url = addressText(value)
  if (PLAIN_URL.test(url)) return url // no colon, so no scheme
  // URL Standard §4.4: leading controls and spaces go, tabs and line ends go wherever they stand.
  const seen = url.replace(/^[\0- ]+/, '').replace(/[\t\n\r]/g, '')
  if (value instanceof SafeUrl) return escapeUrlPart(seen)
  const colon = seen.search(/[:/?#\\]/)
  if (colon >= 0 && seen[colon] === ':') {
    const scheme = seen.slice(0, colon).toLowerCase()
    // Behind anything else a colon is part of a path.
    const scheming = /^[a-z0-9+.-]*$/.test(scheme)
    if (scheming && !settings.schemes.has(scheme) && !(pictures && PICTURE.test(seen))) {
      replaced?.(
        BLOCKED_URL,
        `the scheme ${scheme}: is not among those that an address may have: add it to the option schemes, or vouch for the whole address with safeUrl`,
      )
      return BLOCKED_URL
    }
  }
  return escapeUrlPart(seen)
}

/** A value inside an address: what cannot stand in one is percent-encoded, what is encoded stays. */
export function escapeUrlPart(url: string): string {
  if (PLAIN_URL.test(url)) return url
  return url.toWellFormed().replace(/%(?![0-9A-Fa-f]{2})|[^A-Za-z0-9\-._~:/?#[\]@!$&*+,;=%]/gu, percent)
}

/** Behind the slash that begins a path: another slash would make the next word the name of a host. */
export function escapeFirstSegment(url: string, replaced: Replaced | null): string {
  const path = url.replace(/[\t\n\r]/g, '').replace(/^[/\\]+/, '')
  if (path.length !== url.length) replaced?.(path, 'a second slash would lead to another site')
  return escapeUrlPart(path)
}

/** A value in the query of an address: everything that could separate is percent-encoded. */
export function escapeUrlQuery(value: unknown): string {
  if (value instanceof EncodedText) return escapeUrlPart(value.text)
  return encodeURIComponent(addressText(value).toWellFormed()).replace(/[!'()*]/g, percent)
}

function percent(char: string): string {
  // encodeURIComponent leaves ! ' ( ) * alone
  return /[!'()*]/.test(char) ? `%${char.charCodeAt(0).toString(16).toUpperCase()}` : encodeURIComponent(char)
}
