/** Where a redirect may lead. */

/**
 * The path and query of a target within this site; null for any other. Browsers read `//host`, `/\host` and targets
 * with tabs or line ends in them as other hosts (WHATWG URL): the one who decides here is the same parser.
 */
export function localTarget(to: string, origin: string): string | null {
  if (/[\x00-\x20\x7f]/.test(to)) return null
  if (to.startsWith('/')) return pathWithin(to, NOWHERE)
  // Relative to which page? A target that is no path says its origin too.
  return /^https?:\/\//i.test(to) ? pathWithin(to, origin) : null
}

/** Not the site's own, whose name came from a client and may be none that a URL can hold. RFC 6761 §6.4. */
const NOWHERE = 'http://site.invalid'

function pathWithin(to: string, origin: string): string | null {
  if (!URL.canParse(to, origin)) return null
  const url = new URL(to, origin)
  if (url.origin !== new URL(origin).origin || url.username !== '' || url.password !== '') return null
  const path = url.pathname + url.search + url.hash
  return path.startsWith('//') ? null : path
}
