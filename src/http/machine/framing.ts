/**
 * Where a message ends, and what becomes of its connection: decided here and nowhere else, from the head alone
 * (RFC 9112 §6.3). What two recipients could decide in two ways is refused: a length beside a transfer coding, two
 * lengths, a coding that is not simply `chunked`.
 */

import { isToken } from '../fields/characters.ts'
import { splitList, stripSpace } from '../fields/list.ts'
import { Verdict } from '../verdict.ts'
import {
  CONNECTION,
  CONTENT_LENGTH,
  EXPECT,
  type Head,
  HOST,
  type KnownField,
  TRANSFER_ENCODING,
  UPGRADE,
} from './head.ts'

export type BodyKind = 'none' | 'sized' | 'chunked' | 'until close' | 'tunnel'

export interface Framing {
  readonly kind: BodyKind
  /** Bytes of a sized body; 0 when there is none; -1 when only its end will tell. */
  readonly length: number
  /** Whether the sender lets the connection live on after this message (RFC 9112 §9.3). */
  readonly persistent: boolean
  /** The sender waits for 100 before it sends the body (RFC 9110 §10.1.1). */
  readonly expectsContinue: boolean
  /** The Upgrade field's value, where Connection names it too; else ''. */
  readonly upgrade: string
}

/** Most requests: no body, nothing said of the connection. */
const PLAIN: Framing = { kind: 'none', length: 0, persistent: true, expectsContinue: false, upgrade: '' }

/** @param requestMethod of the request that a response answers; ignored for requests. */
export function framingOf(head: Head, requestMethod: string): Framing | Verdict {
  const isRequest = head.status === 0
  const interesting = CONTENT_LENGTH | TRANSFER_ENCODING | CONNECTION | EXPECT | UPGRADE
  if (isRequest && (head.seen & interesting) === 0 && head.minor === 1 && head.method !== 'CONNECT') return PLAIN
  const body = isRequest ? requestBody(head) : responseBody(head, requestMethod)
  if (body instanceof Verdict) return body
  const options = connectionOptions(head)
  if (options === null) return refuse(head, CONNECTION, 'Connection is not a list of tokens')
  const expect = head.known(EXPECT).toLowerCase()
  if (isRequest && expect !== '' && (expect !== '100-continue' || head.repeated & EXPECT))
    return new Verdict(417, 'Expect must be 100-continue: no other expectation is supported', head.placeOf(EXPECT))
  return {
    kind: body.kind,
    length: body.length,
    persistent: body.kind !== 'until close' && !outdated(head, body) && isPersistent(head.minor, options),
    // RFC 9110 §10.1.1: a server ignores the expectation of an HTTP/1.0 client.
    expectsContinue: isRequest && expect !== '' && head.minor >= 1 && body.kind !== 'none',
    upgrade: head.minor >= 1 && options.includes('upgrade') ? head.known(UPGRADE) : '',
  }
}

interface Extent {
  readonly kind: BodyKind
  readonly length: number
}

const NO_BODY: Extent = { kind: 'none', length: 0 }

function requestBody(head: Head): Extent | Verdict {
  if (head.method === 'CONNECT') {
    // RFC 9110 §9.3.6: content has no meaning here, and its bytes could be taken for the tunnel's.
    if (head.seen & (CONTENT_LENGTH | TRANSFER_ENCODING))
      return new Verdict(
        400,
        'CONNECT with a body',
        head.placeOf(head.has(CONTENT_LENGTH) ? CONTENT_LENGTH : TRANSFER_ENCODING),
      )
    return { kind: 'tunnel', length: 0 }
  }
  const declared = declaredBody(head)
  if (declared !== null) return declared
  return NO_BODY
}

function responseBody(head: Head, requestMethod: string): Extent | Verdict {
  // A faulty declaration is refused even where there is no body to find the end of.
  const declared = declaredBody(head)
  if (declared instanceof Verdict) return declared
  const { status } = head
  if (requestMethod === 'CONNECT' && status >= 200 && status < 300) return { kind: 'tunnel', length: 0 }
  if (status === 101) return { kind: 'tunnel', length: 0 }
  if (requestMethod === 'HEAD' || status < 200 || status === 204 || status === 304) return NO_BODY
  return declared ?? { kind: 'until close', length: -1 }
}

/** The body as Content-Length or Transfer-Encoding gives it; null when neither is there. */
function declaredBody(head: Head): Extent | Verdict | null {
  if (head.has(TRANSFER_ENCODING)) {
    // RFC 9112 §6.3 allows to let the coding win; §11.2 says why that is a way to smuggle requests.
    if (head.has(CONTENT_LENGTH)) return refuse(head, CONTENT_LENGTH, 'Content-Length beside Transfer-Encoding')
    // RFC 9112 §6.1: framing is faulty then. A client reads such a response as it says, and closes after it.
    if (head.minor === 0 && head.status === 0) return refuse(head, TRANSFER_ENCODING, 'Transfer-Encoding in HTTP/1.0')
    return chunkedBody(head)
  }
  if (!head.has(CONTENT_LENGTH)) return null
  if (head.repeated & CONTENT_LENGTH) return refuse(head, CONTENT_LENGTH, 'more than one Content-Length')
  const length = parseLength(head.known(CONTENT_LENGTH))
  if (length === null) return refuse(head, CONTENT_LENGTH, 'Content-Length is not a decimal number')
  if (length === 0) return NO_BODY
  return { kind: 'sized', length }
}

function chunkedBody(head: Head): Extent | Verdict {
  if (head.repeated & TRANSFER_ENCODING) return refuse(head, TRANSFER_ENCODING, 'more than one Transfer-Encoding')
  const coding = head.known(TRANSFER_ENCODING).toLowerCase()
  if (coding === 'chunked') return { kind: 'chunked', length: -1 }
  const known = /^(?:gzip|x-gzip|deflate|compress|x-compress)(?:[ \t]*,[ \t]*chunked)?$/
  // RFC 9112 §6.1: 501 for a coding that is not understood, here one that is well formed.
  if (known.test(coding) && head.status === 0)
    return new Verdict(
      501,
      'Transfer-Encoding must be chunked: no other coding is supported',
      head.placeOf(TRANSFER_ENCODING),
    )
  return refuse(head, TRANSFER_ENCODING, 'Transfer-Encoding is not exactly "chunked"')
}

/** A body length: digits only, no leading zero (which some read as octal), up to 2^53 - 1. Null for anything else. */
export function parseLength(text: string): number | null {
  if (text.length === 0 || text.length > 16 || (text.length > 1 && text.charCodeAt(0) === 48)) return null
  let length = 0
  for (let i = 0; i < text.length; i++) {
    const digit = text.charCodeAt(i) - 48
    if (digit < 0 || digit > 9) return null
    length = length * 10 + digit
  }
  return length <= Number.MAX_SAFE_INTEGER ? length : null
}

/**
 * The options of all Connection lines, lower case; null for what is no list (RFC 9110 §7.6.1). Parameters after an
 * option (`keep-alive; timeout=5`), which embedded servers write, are not in the grammar and mean nothing: they are
 * left out.
 */
function connectionOptions(head: Head): readonly string[] | null {
  if (!head.has(CONNECTION)) return []
  const value = (head.repeated & CONNECTION ? head.get('connection')! : head.known(CONNECTION)).toLowerCase()
  if (value === 'keep-alive' || value === 'close' || value === 'upgrade') return [value]
  const options: string[] = []
  for (const element of splitList(value)) {
    const mark = element.indexOf(';')
    const option = mark < 0 ? element : stripSpace(element, 0, mark)
    if (!isToken(option)) return null
    options.push(option)
  }
  return options
}

/** Whether a body is chunked in a version that had no chunks. */
function outdated(head: Head, body: Extent): boolean {
  return head.minor === 0 && body.kind === 'chunked'
}

function isPersistent(minor: number, options: readonly string[]): boolean {
  if (options.includes('close')) return false
  return minor >= 1 || options.includes('keep-alive')
}

function refuse(head: Head, field: KnownField, why: string): Verdict {
  return new Verdict(head.status === 0 ? 400 : 502, why, head.placeOf(field))
}

/** RFC 9112 §3.2: one Host in every HTTP/1.1 request, no more than one in any. */
export function hostFault(head: Head): Verdict | null {
  if (head.repeated & HOST) return refuse(head, HOST, 'more than one Host')
  if (head.minor >= 1 && !head.has(HOST)) return new Verdict(400, 'HTTP/1.1 without Host', 0)
  return null
}
