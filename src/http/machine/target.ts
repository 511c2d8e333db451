/** The four forms of a request target (RFC 9112 §3.2) and the authority that a request is for. */
import { isHexCode, isHostCode } from '../fields/characters.ts'
import { Verdict } from '../verdict.ts'
import { hostFault } from './framing.ts'
import { type Head, HOST } from './head.ts'

export interface Target {
  /** Of an absolute target; null where the target does not say. */
  readonly scheme: 'http' | 'https' | null
  /** Percent-encoded, without query; `*` for `OPTIONS *`; '' for CONNECT. */
  readonly path: string
  readonly query: string
  /** Host, or the absolute or authority form's own (RFC 9112 §3.3). */
  readonly authority: string
}

export function targetOf(head: Head): Target | Verdict {
  const target = read(head)
  if (!head.rawTarget || target instanceof Verdict) return target
  // Octets above 0x7F as they should have been sent (RFC 3986 §2.1); an authority that has any was refused.
  return { ...target, path: encoded(target.path), query: encoded(target.query) }
}

function read(head: Head): Target | Verdict {
  const fault = hostFault(head)
  if (fault !== null) return fault
  const { target, method } = head
  const host = head.known(HOST)
  if (head.has(HOST) && host !== head.goodHost) {
    if (!isAuthority(host)) return new Verdict(400, 'Host must be one host with an optional port', head.placeOf(HOST))
    head.goodHost = host
  }
  const at = method.length + 1
  if (method === 'CONNECT') {
    if (!isAuthority(target) || !/:\d+$/.test(target))
      return new Verdict(400, 'the target of CONNECT must be host:port', at)
    return { scheme: null, path: '', query: '', authority: target }
  }
  if (target.charCodeAt(0) === 47) return split(null, target, host)
  if (target === '*') {
    if (method !== 'OPTIONS') return new Verdict(400, '* is a target for OPTIONS only', at)
    return { scheme: null, path: '*', query: '', authority: host }
  }
  return absolute(target, method, at)
}

/** `http://authority/path?query`: its authority wins over Host (RFC 9112 §3.2.2). */
function absolute(target: string, method: string, at: number): Target | Verdict {
  const start = /^https?:\/\//i.exec(target)?.[0].length
  if (start === undefined) return new Verdict(400, 'the target must be a path or an http URL', at)
  const scheme = start === 8 ? 'https' : 'http'
  let end = target.length
  for (const mark of ['/', '?']) {
    const place = target.indexOf(mark, start)
    if (place >= 0 && place < end) end = place
  }
  const authority = target.slice(start, end)
  if (!isAuthority(authority))
    return new Verdict(400, 'the host in the target must be one host with an optional port', at + start)
  const rest = target.slice(end)
  // RFC 9112 §3.2.4: an absolute OPTIONS without path and query is `OPTIONS *`.
  if (rest === '' && method === 'OPTIONS') return { scheme, path: '*', query: '', authority }
  return split(scheme, rest.startsWith('/') ? rest : `/${rest}`, authority)
}

function split(scheme: Target['scheme'], target: string, authority: string): Target {
  const mark = target.indexOf('?')
  if (mark < 0) return { scheme, path: target, query: '', authority }
  return { scheme, path: target.slice(0, mark), query: target.slice(mark + 1), authority }
}

function encoded(text: string): string {
  return text.replace(/[\x80-\xff]/g, (octet) => `%${octet.charCodeAt(0).toString(16).toUpperCase()}`)
}

/**
 * `host [ ":" port ]` without userinfo, and without the sub-delimiters and percent signs that RFC 3986 allows in a
 * name: a comma would make two hosts of one. Empty is refused, which RFC 9112 allows for targets without an authority only.
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
