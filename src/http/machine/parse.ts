/**
 * The grammar of heads (RFC 9112 §2–5), read once from left to right, so that the first fault in byte order is the
 * one that is named, however the bytes were cut. Only CRLF ends a line; folding in a request, space before a colon and
 * every other thing that two recipients could read in two ways is a fault.
 */
import { isTargetCode, isTokenCode, isValueCode } from '../fields/characters.ts'
import { Verdict } from '../verdict.ts'
import { FRAMING, type Head } from './head.ts'
import { methodAt } from './names.ts'

export interface HeadLimits {
  readonly startLineBytes: number
  readonly fieldCount: number
}

const TAB = 9
const LF = 10
const CR = 13
const SPACE = 32
const COLON = 58

/** Reads a whole head out of `head.text`, which has the empty line that ends it. */
export function parseHead(head: Head, kind: 'request' | 'response', limits: HeadLimits): Verdict | null {
  const fields = kind === 'request' ? parseRequestLine(head, limits) : parseStatusLine(head, limits)
  if (typeof fields !== 'number') return fields
  return kind === 'request' ? parseFields(head, fields, limits, 400) : parseFields(head, fields, limits, 502, true)
}

/**
 * `method SP target SP HTTP/d.d CRLF`; the offset after it, or what is wrong. Of a line that is too long, and of a fault
 * beyond the limit, the same is said, so that it does not matter how much of the line is there.
 */
export function parseRequestLine(head: Head, limits: HeadLimits): number | Verdict {
  const most = limits.startLineBytes
  const end = readRequestLine(head, most)
  if (typeof end === 'number' ? end - 2 <= most : end.at < most || end.status === 501) return end
  return new Verdict(414, `the request line is longer than ${most} bytes`, most)
}

function readRequestLine(head: Head, most: number): number | Verdict {
  const { text } = head
  let i = 0
  while (i < most && isTokenCode(text.charCodeAt(i))) i++
  // RFC 9112 §3: 501 for a method longer than any that is known.
  if (i >= most) return new Verdict(501, `the method is longer than ${most} bytes`, most)
  if (i === 0 || text.charCodeAt(i) !== SPACE) return fault(text, i, 'the method is not a token followed by one space')
  head.method = methodAt(text, 0, i)
  const start = ++i
  let all = 0
  for (let code = text.charCodeAt(i); i <= most && isTargetCode(code); code = text.charCodeAt(++i)) all |= code
  if (i === start) return fault(text, i, 'the request target is missing')
  if (text.charCodeAt(i) === CR) return fault(text, i, 'the version is missing')
  if (text.charCodeAt(i) !== SPACE) return fault(text, i, 'the request target has a character that no URI has')
  head.target = text.slice(start, i)
  head.rawTarget = all > 127
  return parseVersion(head, i + 1, 400, '\r\n')
}

/** `HTTP/d.d SP 3DIGIT SP [reason] CRLF`; the last space may be missing, as it is from servers without a phrase. */
export function parseStatusLine(head: Head, limits: HeadLimits): number | Verdict {
  const most = limits.startLineBytes
  const end = readStatusLine(head, most)
  if (typeof end === 'number' ? end - 2 <= most : end.at < most) return end
  return new Verdict(502, `the status line is longer than ${most} bytes`, most)
}

function readStatusLine(head: Head, most: number): number | Verdict {
  const { text } = head
  const after = parseVersion(head, 0, 502, ' ')
  if (typeof after !== 'number') return after
  for (let i = after; i < after + 3; i++) {
    const code = text.charCodeAt(i)
    if (!(code >= (i === after ? 49 : 48) && code <= 57)) return fault(text, i, 'the status is not three digits', 502)
  }
  head.status = Number(text.slice(after, after + 3))
  let i = after + 3
  if (text.charCodeAt(i) === SPACE) {
    const start = ++i
    while (i <= most && isValueCode(text.charCodeAt(i))) i++
    head.reason = text.slice(start, i)
  }
  if (text.charCodeAt(i) !== CR) return fault(text, i, 'the status line has a character out of place', 502)
  if (text.charCodeAt(i + 1) !== LF) return fault(text, i + 1, 'CR without LF', 502)
  return i + 2
}

/** `HTTP/1.x` and what must follow it (RFC 9112 §2.3: 1.2 is read as 1.1, another major version is 505). */
function parseVersion(head: Head, at: number, status: number, then: string): number | Verdict {
  const { text } = head
  if (text.startsWith('HTTP/1.1', at)) head.minor = 1
  else {
    for (let i = 0; i < 5; i++)
      if (text.charCodeAt(at + i) !== 'HTTP/'.charCodeAt(i)) return fault(text, at + i, 'expected HTTP/', status)
    for (const i of [5, 7])
      if (!isDigit(text.charCodeAt(at + i)) || (i === 5 && text.charCodeAt(at + 6) !== 46))
        return fault(
          text,
          at + (isDigit(text.charCodeAt(at + 5)) ? i + (i === 5 ? 1 : 0) : 5),
          'the version must be HTTP/ and digit.digit',
          status,
        )
    if (text.charCodeAt(at + 5) !== 49)
      return new Verdict(
        status === 400 ? 505 : status,
        `HTTP/${text.slice(at + 5, at + 8)} is not supported: use HTTP/1.1`,
        at + 5,
      )
    head.minor = text.charCodeAt(at + 7) === 48 ? 0 : 1
  }
  for (let i = 0; i < then.length; i++)
    if (text.charCodeAt(at + 8 + i) !== then.charCodeAt(i))
      return fault(text, at + 8 + i, 'the version is followed by something else', status)
  return at + 8 + then.length
}

/**
 * `*( name ":" OWS value OWS CRLF ) CRLF` from `at`; the fields go into the head. Trailers are read with it too.
 * @param folds whether a folded line is read as spaces, as a user agent must (RFC 9112 §5.2), and not refused.
 */
export function parseFields(
  head: Head,
  at: number,
  limits: Pick<HeadLimits, 'fieldCount'>,
  status: number,
  folds = false,
): Verdict | null {
  const sent = head.text
  let text = sent
  let i = at
  for (;;) {
    let code = text.charCodeAt(i)
    if (code === CR) return text.charCodeAt(i + 1) === LF ? null : fault(text, i + 1, 'CR without LF', status)
    if (code === SPACE || code === TAB)
      return new Verdict(status, head.count === 0 ? 'space before the first field' : 'folded field line', i)
    const start = i
    while (isTokenCode(code)) code = text.charCodeAt(++i)
    if (code !== COLON || i === start) return fault(text, i, nameFault(code, i === start), status)
    const nameEnd = i
    do code = text.charCodeAt(++i)
    while (code === SPACE || code === TAB)
    const value = i
    let end = i
    for (; isValueCode(code); code = text.charCodeAt(++i)) if (code !== SPACE && code !== TAB) end = i + 1
    if (code !== CR) return fault(text, i, 'a field value has a control character', status)
    if (text.charCodeAt(i + 1) !== LF) return fault(text, i + 1, 'CR without LF', status)
    if (folds && isFold(text, i)) {
      // RFC 9112 §5.2: each fold is replaced by spaces; all of them at once, and the offsets stay what they were.
      text = head.text = text.slice(0, i) + text.slice(i).replace(/\r\n(?=[ \t])/g, '  ')
      i = start
      continue
    }
    if (head.count >= limits.fieldCount)
      return new Verdict(status === 400 ? 431 : status, `more than ${limits.fieldCount} fields`, start)
    head.add(start, nameEnd, value, end)
    // A fold within what frames the message could be read in two ways by those who come between.
    if (text !== sent && head.last & FRAMING && sent.lastIndexOf('\r', i - 1) > start)
      return new Verdict(status, `folded ${text.slice(start, nameEnd)}`, start)
    i += 2
  }
}

function isFold(text: string, at: number): boolean {
  const next = text.charCodeAt(at + 2)
  return next === SPACE || next === TAB
}

function nameFault(code: number, empty: boolean): string {
  if (code === COLON && empty) return 'a field has no name'
  if (code === SPACE || code === TAB) return 'space before the colon of a field'
  if (code === CR) return 'a field line has no colon'
  return 'a field name has a character that no token has'
}

function isDigit(code: number): boolean {
  return code >= 48 && code <= 57
}

/** Names the commonest culprits for what they are. */
function fault(text: string, at: number, why: string, status = 400): Verdict {
  const code = text.charCodeAt(at)
  if (code === LF && text.charCodeAt(at - 1) !== CR) return new Verdict(status, 'bare LF', at)
  if (code === 0) return new Verdict(status, 'NUL', at)
  return new Verdict(status, why, at)
}
