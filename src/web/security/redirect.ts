/** Where a redirect may lead. */

/**
 * The path and query of a target within this site; null for any other. Browsers read `//host`, `/\host` and targets
 * with tabs or line ends in them as other hosts (WHATWG URL): the one who decides here is the same parser.
 */
export function localTarget(to: string, origin: string): string | null {
  if (to === '' || /[\x00-\x20\x7f]/.test(to)) return null
  let base: URL
  let url: URL
  try {
    base = new URL(origin)
    url = new URL(to, base)
  } catch {
    return null
  }
  if (url.origin !== base.origin || url.username !== '' || url.password !== '') return null
  if (!to.startsWith('/') && !/^https?:\/\//i.test(to)) return null // relative to which page? say it whole
  const path = url.pathname + url.search + url.hash
  return path.startsWith('//') ? null : path
}
