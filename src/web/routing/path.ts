/**
 * One resource, one path. A path that could be read in two ways is not found: dot segments, empty segments, encoded
 * slashes, backslashes, NUL, bad percent-encoding. What is left decodes segment by segment without surprises.
 */

/** Whether the raw path needs a closer look before it may be matched as it is. */
const SUSPICIOUS = /%|\/\/|\\|\/\.{1,2}(?:\/|$)|[^\x21-\x7e]/
/** What must not come out of a decoded segment. */
const FORBIDDEN = /[/\\\0]/

/**
 * The path with every segment percent-decoded, or null when it is not canonical.
 * `raw` begins with a slash (RFC 9110 §4.2.1: origin-form).
 */
export function canonicalPath(raw: string): string | null {
  if (!raw.startsWith('/')) return null
  if (!SUSPICIOUS.test(raw)) return raw
  const segments = raw.split('/')
  for (let i = 1; i < segments.length; i++) {
    const segment = decodeSegment(segments[i]!)
    if (segment === null) return null
    // An empty segment is allowed at the end only: that is the trailing slash.
    if (segment === '' && i < segments.length - 1) return null
    segments[i] = segment
  }
  return segments.join('/')
}

function decodeSegment(raw: string): string | null {
  let text = raw
  if (raw.includes('%')) {
    try {
      text = decodeURIComponent(raw)
    } catch {
      return null // not percent-encoded UTF-8
    }
  } else if (/[^\x21-\x7e]/.test(raw)) return null // RFC 3986 §2: only ASCII stands unencoded
  return FORBIDDEN.test(text) || text === '.' || text === '..' ? null : text
}

/** RFC 3986 §3.3: what a segment may hold unencoded beyond encodeURIComponent's own list. */
export function encodeSegment(text: string): string {
  return encodeURIComponent(text).replace(/%(?:24|26|2B|2C|3A|3B|3D|40)/g, decodeURIComponent)
}

/** A value of the query of an address; null and undefined are left out. */
export type QueryValue = string | number | boolean | null | undefined
/** The query of an address, by name; several values of a name as a list. */
export type Query = Readonly<Record<string, QueryValue | readonly QueryValue[]>>

/** `?page=2&tag=a&tag=b`; null and undefined are left out; empty when nothing is left. */
export function encodeQuery(query: Query): string {
  const parts: string[] = []
  for (const [name, values] of Object.entries(query)) {
    for (const value of Array.isArray(values) ? values : [values]) {
      if (value === null || value === undefined) continue
      parts.push(`${encodeURIComponent(name)}=${encodeURIComponent(String(value).toWellFormed())}`)
    }
  }
  return parts.length === 0 ? '' : `?${parts.join('&')}`
}
