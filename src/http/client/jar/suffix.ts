/**
 * Under which names strangers have names: a cookie for such a name would reach all of them. The list that browsers carry
 * (publicsuffix.org) changes every week and is as large as this client; a program that talks to mutually hostile sites under
 * one shared name (`github.io`) gives a function over that list. Without it stands a rule that errs on the safe side:
 * a name of one label, and `co.uk` and its like.
 */

/** Whether strangers register names directly below this one. @param domain in lower case, without a dot at either end. */
export type IsPublicSuffix = (domain: string) => boolean

/** Second labels under which countries register: the cookie of such a name is refused, whoever owns it. */
const SECOND = /^(?:ac|co|com|edu|gob|go|gouv|gov|gv|id|info|ltd|me|mil|ne|net|nhs|nom|or|org|plc|police|sch)$/

/** The rule without a list. */
export const likelySuffix: IsPublicSuffix = (domain) => {
  const labels = domain.split('.')
  if (labels.length === 1) return true
  return labels.length === 2 && labels[1]!.length === 2 && SECOND.test(labels[0]!)
}

/** The name that a stranger could have registered: the public suffix and one label more; the host itself where there is none. */
export function registrable(host: string, isPublicSuffix: IsPublicSuffix): string {
  if (isAddress(host)) return host
  for (let at = host.indexOf('.'), from = 0; at >= 0; from = at + 1, at = host.indexOf('.', from))
    if (isPublicSuffix(host.slice(at + 1)) && !isPublicSuffix(host.slice(from))) return host.slice(from)
  return host
}

/** Whether the host of a URL is an IP address, which has no domains. */
export function isAddress(host: string): boolean {
  return host.startsWith('[') || /^\d+\.\d+\.\d+\.\d+$/.test(host)
}

/** RFC 6265bis §5.1.3. */
export function domainMatches(host: string, domain: string): boolean {
  return host === domain || (host.endsWith(`.${domain}`) && !isAddress(host))
}

/** RFC 6265bis §5.1.4. */
export function pathMatches(asked: string, path: string): boolean {
  if (!asked.startsWith(path)) return false
  return asked.length === path.length || path.endsWith('/') || asked[path.length] === '/'
}
