/** Which proxy a request goes through, and what is told the proxy. */
import { toBase64 } from '../../../base/base64.ts'
import { HttpMisuse } from '../../errors.ts'
import type { FieldLines } from '../../exchange.ts'
import { utf8 } from '../../machine/text.ts'
import type { Origin } from '../../origin.ts'
import { withoutPassword } from '../tunnel.ts'
import type { SocksProxy } from './socks.ts'

/** The proxy through which a client reaches its origins. */
export interface ProxyOptions {
  /**
   * `http://proxy.example:3128`, or `socks5://proxy.example:1080`, which resolves the names, too. User and password in the URL
   * are for the proxy alone: `http://user:password@proxy.example:3128`.
   */
  readonly url: string
  /** Reach http origins, too, through CONNECT instead of asking the proxy for whole URLs; https origins always are. */
  readonly tunnel?: boolean
  /** For the proxy alone, and never for an origin: Proxy-Authorization. */
  readonly fields?: FieldLines
}

/** The proxy for an origin; null to reach the origin directly. */
export type ProxyChoice = (origin: Origin) => ProxyOptions | null

/** A proxy, looked at once. */
export type ProxyWay =
  | { readonly kind: 'http'; readonly url: URL; readonly tunnel: boolean; readonly fields: FieldLines }
  | { readonly kind: 'socks'; readonly at: SocksProxy }

/** @throws HttpMisuse for a URL that is no proxy's. */
export function proxyOf({ url: text, tunnel = false, fields = [] }: ProxyOptions): ProxyWay {
  const url = URL.parse(text)
  const scheme = url?.protocol
  if (url === null || url.hostname === '' || !(scheme === 'http:' || scheme === 'socks5:' || scheme === 'socks5h:'))
    throw new HttpMisuse(
      'HTTP_INVALID_URL',
      `the proxy must be an http:// or socks5:// URL, not ${JSON.stringify(withoutPassword(text))}`,
    )
  const user = decoded(url.username)
  const password = decoded(url.password)
  if (scheme !== 'http:') {
    const credentials = user === '' && password === '' ? null : { user, password }
    return { kind: 'socks', at: { host: url.hostname, port: Number(url.port || 1080), credentials } }
  }
  url.username = ''
  url.password = ''
  const own = fields.some((name, index) => index % 2 === 0 && name.toLowerCase() === 'proxy-authorization')
  if (own || (user === '' && password === '')) return { kind: 'http', url, tunnel, fields }
  const basic = `Basic ${toBase64(utf8(`${user}:${password}`))}`
  return { kind: 'http', url, tunnel, fields: [...fields, 'Proxy-Authorization', basic] }
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}
