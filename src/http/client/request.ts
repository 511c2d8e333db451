/** What a client is asked to send, checked before any connection is touched. */
import type { Duration } from '../../base/duration.ts'
import { HttpMisuse } from '../errors.ts'
import type { FieldLines } from '../exchange.ts'
import { isToken } from '../fields/characters.ts'
import { utf8Length } from '../machine/text.ts'
import { formatFields, type Lines, requestLine } from '../machine/writer.ts'
import { authorityOf, originOf } from '../origin.ts'
import type { Outgoing, OutgoingContent, Progress, PushedContent, RedirectMode } from './send.ts'

/** What a request may be made of, all of it optional. */
export interface RequestOptions {
  /** Default GET. */
  readonly method?: string
  /** Name, value, name, value. Host, framing and Connection are the client's; `Connection: close` is obeyed. */
  readonly fields?: FieldLines
  /** Strings go out as UTF-8. Streams are chunked unless a Content-Length is among the fields. */
  readonly body?: OutgoingContent
  /** Called when a chunked body has ended. */
  readonly trailers?: () => FieldLines
  /** In place of the URL's path and query: `*` for OPTIONS. */
  readonly target?: string
  /** Gives the request up: the promise of the reply rejects, or its body breaks off. */
  readonly signal?: AbortSignal
  /**
   * How long the reply's head may take, counted from when the whole request is out; before that, how long the request
   * may wait for a connection. Not counted while a body goes out: that must make progress (`ClientOptions.bodyTime`).
   * Default `ClientOptions.timeout`.
   */
  readonly timeout?: Duration
  /** Interim responses (1xx). What the function throws, or rejects with, ends the request. */
  readonly onInformation?: (status: number, fields: FieldLines) => void | Promise<void>
  /** Default `manual`: a redirect is the reply. */
  readonly redirect?: RedirectMode
  /**
   * Asks the server before the body goes out (`Expect: 100-continue`, RFC 9110 §10.1.1): the body follows when the server
   * says 100, or says nothing for `ClientOptions.continueTime`. After any final reply the body is not sent. A reply of 417 has
   * the request sent again without asking, if its body is text or bytes. Default false.
   */
  readonly expectContinue?: boolean
  /**
   * Told as the bodies move, either way: of an upload what the connection has taken, of a download what has come. What
   * the function throws ends the request.
   */
  readonly onProgress?: (progress: Progress) => void
}

/** A request ready to be sent, perhaps again. */
export interface Prepared {
  readonly outgoing: Outgoing
  readonly method: string
  readonly target: string
  readonly lines: Lines
  /** Bytes of the body; -1 when only its end will tell. */
  readonly length: number
  readonly closes: boolean
  /** The body waits for the server's word. */
  readonly expects: boolean
  /** Whether sending it twice is sending it once (RFC 9110 §9.2.2) and the body can be had again. */
  readonly repeatable: boolean
}

const IDEMPOTENT: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS', 'TRACE', 'PUT', 'DELETE', 'QUERY'])
/** Methods whose lack of content is said, since a server may expect some (RFC 9110 §8.6). */
const EXPECTS_CONTENT: ReadonlySet<string> = new Set(['POST', 'PUT', 'PATCH'])

/** @throws HttpMisuse for what is no URL that can be asked for. */
export function outgoing(
  address: string | URL,
  options: RequestOptions,
  more: { readonly upgrade?: string; readonly body?: PushedContent } = {},
): Outgoing {
  const url = URL.parse(address)
  if (url === null)
    throw new HttpMisuse(
      'HTTP_INVALID_URL',
      `the URL must be absolute, like http://example.com/, not ${JSON.stringify(String(address))}`,
    )
  url.hash = ''
  const origin = originOf(url)
  if (origin === null)
    throw new HttpMisuse(
      'HTTP_INVALID_URL',
      `this client cannot ask for ${url.protocol}// URLs, only for http:// and https://`,
    )
  if (url.username !== '' || url.password !== '')
    throw new HttpMisuse('HTTP_INVALID_URL', 'credentials in a URL are not sent: put them into an Authorization field')
  const { method = 'GET', fields = [], trailers, target, signal, timeout, onInformation, redirect = 'manual' } = options
  const { expectContinue = false, onProgress } = options
  const body = more.body ?? options.body ?? null
  const { upgrade } = more
  const told = { signal, timeout, onInformation, onProgress }
  return { url, origin, method, fields, body, trailers, target, upgrade, redirect, expectContinue, ...told }
}

/**
 * @param told what a proxy is told that is asked for the whole URL (RFC 9112 §3.2.2); null where the origin itself is asked.
 * @param keep whether the connection is to be kept.
 * @throws HttpMisuse for what cannot be sent.
 */
export function prepare(request: Outgoing, told: FieldLines | null, keep: boolean): Prepared {
  const { url, method, body, upgrade } = request
  if (method === 'CONNECT')
    throw new HttpMisuse('HTTP_INVALID_METHOD', 'CONNECT makes a connection, not a reply: use tunnel()')
  if (upgrade !== undefined && !upgrade.split('/').every(isToken))
    throw new HttpMisuse(
      'HTTP_CANNOT_UPGRADE',
      `the protocol must be a token like websocket, not ${JSON.stringify(upgrade)}`,
    )
  const lines = formatFields(told === null || told.length === 0 ? request.fields : [...request.fields, ...told])
  if (lines.forProxy && told === null)
    throw new HttpMisuse(
      'HTTP_INVALID_FIELD',
      'Proxy-Authorization is for a proxy, and this request goes to its origin: give the field in ClientOptions.proxy.fields',
    )
  const known = knownLength(body)
  if (known >= 0 && lines.length >= 0 && lines.length !== known)
    throw new HttpMisuse('HTTP_INVALID_LENGTH', `Content-Length ${lines.length} is given for a body of ${known} bytes`)
  const length = known >= 0 ? known : lines.length
  const path = request.target ?? url.pathname + url.search
  const target = told !== null && path.startsWith('/') ? url.origin + path : path
  requestLine(method, target)
  const repeatable = IDEMPOTENT.has(method) && known >= 0 && upgrade === undefined
  const expects = request.expectContinue && body !== null && length !== 0
  return { outgoing: request, method, target, lines, length, closes: lines.close || !keep, expects, repeatable }
}

/** The Content-Length to state; -1 for none. */
export function saidLength({ method, lines, length }: Prepared): number {
  return length > 0 || (length === 0 && (EXPECTS_CONTENT.has(method) || lines.length >= 0)) ? length : -1
}

/** The head in HTTP/1.1. */
export function headText(request: Prepared): string {
  const { method, target, lines, length, closes, expects, outgoing } = request
  const said = saidLength(request)
  const framing = said >= 0 ? `Content-Length: ${said}\r\n` : length < 0 ? 'Transfer-Encoding: chunked\r\n' : ''
  const expect = expects ? 'Expect: 100-continue\r\n' : ''
  const host = lines.hasHost ? '' : `Host: ${authorityOf(outgoing.origin)}\r\n`
  const connection =
    outgoing.upgrade === undefined
      ? closes
        ? 'Connection: close\r\n'
        : ''
      : `Connection: Upgrade\r\nUpgrade: ${outgoing.upgrade}\r\n`
  return `${requestLine(method, target)}${host}${lines.text}${framing}${expect}${connection}\r\n`
}

/** -1 where only the end of the body will tell. @throws HttpMisuse for what cannot be a body. */
function knownLength(body: OutgoingContent | PushedContent): number {
  if (body === null) return 0
  if (typeof body === 'string') return utf8Length(body)
  if (body instanceof Uint8Array) return body.length
  if (typeof body === 'object' && (Symbol.asyncIterator in body || 'begin' in body)) return -1
  throw new HttpMisuse(
    'HTTP_INVALID_BODY',
    'a body must be a string, a Uint8Array, a ReadableStream, an async iterable or null',
  )
}
