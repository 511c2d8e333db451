/** The four forms of a request target (RFC 9112 §3.2) and the authority that a request is for. */
import { isHexCode, isHostCode } from './characters.ts'
import { hostFault } from './framing.ts'
import { type Head, HOST } from './head.ts'
import { Verdict } from './verdict.ts'

export interface Target {
  /** Percent-encoded, without query; `*` for `OPTIONS *`; '' for CONNECT. */
  readonly path: string
  readonly query: string
  /** Host, or the absolute or authority form's own (RFC 9112 §3.3). */
  readonly authority: string
}

export function targetOf(head: Head): Target | Verdict {
  const fault = hostFault(head)
  if (fault !== null) return fault
  const { target, method } = head
  const host = head.known(HOST)
  if (head.has(HOST) && !isAuthority(host))
    return new Verdict(400, 'Host is not one host with an optional port', head.placeOf(HOST))
  const at = method.length + 1
  if (method === 'CONNECT') {
    if (!isAuthority(target) || !/:\d+$/.test(target)) return new Verdict(400, 'CONNECT is for host:port', at)
    return { path: '', query: '', authority: target }
  }
  if (target.charCodeAt(0) === 47) return split(target, host)
  if (target === '*') {
    if (method !== 'OPTIONS') return new Verdict(400, '* is a target for OPTIONS only', at)
    return { path: '*', query: '', authority: host }
  }
  return absolute(target, method, at)
}

/** `http://authority/path?query`: its authority wins over Host (RFC 9112 §3.2.2). */
function absolute(target: string, method: string, at: number): Target | Verdict {
  const scheme = /^https?:\/\//i.exec(target)
  if (scheme === null) return new Verdict(400, 'the target is neither a path nor an http URI', at)
  const start = scheme[0].length
  let end = target.length
  for (const mark of ['/', '?']) {
    const place = target.indexOf(mark, start)
    if (place >= 0 && place < end) end = place
  }
  const authority = target.slice(start, end)
  if (!isAuthority(authority)) return new Verdict(400, 'the target’s authority is not one host', at + start)
  const rest = target.slice(end)
  // RFC 9112 §3.2.4: an absolute OPTIONS without path and query is `OPTIONS *`.
  if (rest === '' && method === 'OPTIONS') return { path: '*', query: '', authority }
  return split(rest.startsWith('/') ? rest : `/${rest}`, authority)
}

function split(target: string, authority: string): Target {
  const mark = target.indexOf('?')
  if (mark < 0) return { path: target, query: '', authority }
  return { path: target.slice(0, mark), query: target.slice(mark + 1), authority }
}

/**
 * `host [ ":" port ]` without userinfo, and without the sub-delimiters that RFC 3986 allows in a name: a comma would
 * make two hosts of one. Empty is refused, which RFC 9112 allows for targets without an authority only.
 */
export function isAuthority(text: string): boolean {
  let i = 0
  if (text.charCodeAt(0) === 91) {
    const close = text.indexOf(']')
    if (close < 3) return false
    for (i = 1; i < close; i++) {
      const code = text.charCodeAt(i)
      if (!isHexCode(code) && code !== 58 && code !== 46) return false
    }
    i = close + 1
  } else {
    while (i < text.length && isHostCode(text.charCodeAt(i))) i++
    if (i === 0) return false
  }
  if (i === text.length) return true
  // The grammar lets the port be empty; then `a:` and `a` would be two names of one host.
  if (text.charCodeAt(i) !== 58 || text.length - i > 6 || text.length - i === 1) return false
  let port = 0
  for (i++; i < text.length; i++) {
    const digit = text.charCodeAt(i) - 48
    if (digit < 0 || digit > 9) return false
    port = port * 10 + digit
  }
  return port <= 65_535
}
