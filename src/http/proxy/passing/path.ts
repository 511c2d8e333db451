/** The target that an upstream is asked for. */

/**
 * Whether a path has a segment that says "one up", in whichever way it may be read further on: `..`, `%2e%2e`, behind an encoded
 * slash or a backslash. Clients resolve such segments before they ask; what still has them means to get out of somewhere.
 */
export function climbs(path: string): boolean {
  if (path.indexOf('..') < 0 && path.indexOf('%') < 0) return false
  const plain = path.replace(/%(2e|2f|5c)/gi, (_, code: string) =>
    code === '2f' || code === '2F' ? '/' : /5c/i.test(code) ? '\\' : '.',
  )
  return /(?:^|[/\\])\.\.(?:[/\\;]|$)/.test(plain)
}

/** Octets above 0x7F percent-encoded, as they should have been sent. */
export function asciiTarget(target: string): string {
  return /[\x80-\xff]/.test(target)
    ? target.replace(/[\x80-\xff]/g, (octet) => `%${octet.charCodeAt(0).toString(16).toUpperCase()}`)
    : target
}

/** Whether the path is the prefix, or lies below it: `/api` has `/api`, `/api/x`, and not `/apis`. */
export function isBelow(path: string, prefix: string): boolean {
  if (!path.startsWith(prefix)) return false
  return prefix.endsWith('/') || path.length === prefix.length || path[prefix.length] === '/'
}

/**
 * The target below another base: `/api/x?q` without `/api` below `/v1` is `/v1/x?q`. A target that is the prefix itself is the
 * base's `/`.
 * @param base a path without its last slash; '' for the root.
 */
export function rebased(target: string, strip: string, base: string): string {
  const cut = strip === '' || strip === '/' ? 0 : strip.endsWith('/') ? strip.length - 1 : strip.length
  const rest = target.slice(cut)
  return base + (rest.startsWith('/') ? rest : `/${rest}`)
}
