/**
 * Where we differ from llhttp on purpose, case by case, with the reason. A case listed here is skipped only if it
 * differs in the way that is named: `refused` (we refuse what it takes) or `accepted` (we take, or leave unread, what
 * it calls an error).
 */
import type { Case } from './cases.ts'

interface Difference {
  readonly name: RegExp
  readonly how: 'refused' | 'accepted' | 'message'
  readonly reason: string
}

/** Flags that switch a check of llhttp off: there is no such switch here, so the strict reading stands. */
const LENIENT: Readonly<Record<string, string>> = {
  headers: 'folded lines, space before a colon and control characters in values are refused always',
  'header-value-relaxed': 'control characters in values are refused always',
  version: 'only HTTP/1.x is spoken',
  'chunked-length': 'Content-Length beside Transfer-Encoding is refused always',
  'transfer-encoding': 'a coding that is not exactly "chunked" is refused always',
  'keep-alive': 'what follows a message that closes is not read (RFC 9112 §9.6)',
  'data-after-close': 'what follows a message that closes is not read (RFC 9112 §9.6)',
  'optional-lf-after-cr': 'only CRLF ends a line',
  'optional-cr-before-lf': 'only CRLF ends a line',
  'optional-crlf-after-chunk': 'chunk data ends in CRLF always',
  'spaces-after-chunk-size': 'a chunk size is bare hex digits always',
  all: 'only CRLF ends a line',
}

const DIFFERENCES: readonly Difference[] = [
  {
    name: /No restart when keep-alive is off|explicit `close`|keep-alive disabled/,
    how: 'accepted',
    reason: 'what follows a message that closes is left unread (RFC 9112 §9.6); its server closes, its client too',
  },
  {
    name: /CRLF between requests, implicit `keep-alive`/,
    how: 'refused',
    reason: 'one empty line before a request is ignored, as RFC 9112 §2.2 asks, not two',
  },
  {
    name: /`Content-Length` with (?:zeroes|follow-up headers)/,
    how: 'refused',
    reason: 'a Content-Length with leading zeroes is read as octal by some',
  },
  { name: /ANNOUNCE method|Invalid method/, how: 'accepted', reason: 'any token is a method (RFC 9110 §9.1)' },
  { name: /CONNECT with body/, how: 'refused', reason: 'the body of a CONNECT could be taken for the tunnel’s bytes' },
  { name: /with ICE|with RTSP|RTSP response|ICE response/, how: 'refused', reason: 'another protocol than HTTP' },
  { name: /No HTTP version|HTTP version 0.9/, how: 'refused', reason: 'HTTP/0.9 is not spoken' },
  {
    name: /Trailing headers/,
    how: 'refused',
    reason: 'Content-Type may not be a trailer (RFC 9110 §6.5.1); who merges trailers would be fooled',
  },
  {
    name: /Quotes in URI|Fragment in URI|`chunked` as last transfer-encoding/,
    how: 'refused',
    reason: 'a target has no fragment and no backslash (RFC 9112 §3.2); these have',
  },
  {
    name: /^response.*(?:`chunked` before other|chunked is not the last one|`chunkedchunked`)/,
    how: 'refused',
    reason: 'a coding that is not exactly "chunked" is refused; reading to the close could be poisoned',
  },
  {
    name: /Content-Length reset when no body is received/,
    how: 'message',
    reason: 'skips a body at the wish of the caller, which our reader does not offer',
  },
]

/** Why a case may differ as it does; undefined when it may not. */
export function reasonToDiffer(one: Case, why: string): string | undefined {
  const flag = /-lenient-(.*)$/.exec(one.type)?.[1]
  if (flag !== undefined) return LENIENT[flag] && `lenient-${flag}: ${LENIENT[flag]}`
  return DIFFERENCES.find(({ name, how }) => name.test(one.name) && why.startsWith(how))?.reason
}
