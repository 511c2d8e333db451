/**
 * Which replies may be compressed (BREACH): where a reply holds a secret of the visitor beside something that an attacker
 * chose, its compressed length tells the secret letter by letter to whoever makes the visitor's browser ask often enough and
 * sees how much comes back. What protects here is that such a request is known: browsers say when another site's page has
 * caused it (`Sec-Fetch-Site`, W3C Fetch Metadata §2.3), and then a visitor's own pages are sent as they are.
 */
import type { CompressOptions, Exchange } from '../../http/index.ts'

/** How a site compresses its replies. */
export interface CompressSettings extends CompressOptions {
  /**
   * Compresses the pages of known visitors also for requests that other sites may have caused. **Only where no page holds a
   * secret beside what its address or another visitor chose.** CSRF tokens are masked and tell nothing.
   */
  readonly dangerouslyPersonal?: boolean
}

/** The settings of an option `compress`; null for none. */
export function compressSettings(option: boolean | CompressSettings): CompressSettings | null {
  if (option === false) return null
  return option === true ? {} : option
}

/**
 * Whether the length of the reply to this request can be of no use to a stranger.
 * @param knownLater whether the reply makes the visitor known: it sets cookies
 */
export function mayCompress(exchange: Exchange, settings: CompressSettings, knownLater: boolean): boolean {
  if (settings.dangerouslyPersonal === true || (!knownLater && !isKnown(exchange))) return true
  const site = exchange.header('sec-fetch-site')
  // `none`: typed or bookmarked by the visitor, caused by no page.
  return site === 'same-origin' || site === 'none'
}

/** Whether the browser has said who the visitor is, as it does for every request, whoever caused it. */
function isKnown(exchange: Exchange): boolean {
  if (exchange.header('cookie') !== undefined) return true
  if (exchange.security !== null && exchange.security.certificate !== null) return true
  const authorization = exchange.header('authorization')
  // No page of another site can make a browser send a bearer's token; passwords that it has kept it sends by itself.
  return authorization !== undefined && !/^bearer /i.test(authorization)
}
