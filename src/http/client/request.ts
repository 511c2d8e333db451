/** What a client is asked to send, checked and put into a head before any connection is touched. */
import type { Nanos } from '../../base/clock.ts'
import type { FieldLines } from '../exchange.ts'
import { formatFields, requestLine } from '../machine/writer.ts'

export type OutgoingContent =
  | string
  | Uint8Array
  | ReadableStream<Uint8Array>
  | AsyncIterable<Uint8Array | string>
  | null

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
  readonly signal?: AbortSignal
  /** From the call to the reply's head; default `ClientOptions.timeout`. */
  readonly timeout?: Nanos
  /** Interim responses (1xx). */
  readonly onInformation?: (status: number, fields: FieldLines) => void
}

/** A request ready to be sent, perhaps again. */
export interface Prepared {
  readonly url: URL
  readonly method: string
  readonly target: string
  readonly head: string
  readonly fields: FieldLines
  readonly body: OutgoingContent
  readonly chunked: boolean
  /** Declared length of a streamed body, -1 when it is chunked or none. */
  readonly length: number
  readonly closes: boolean
  readonly trailers: (() => FieldLines) | undefined
  /** Whether sending it twice is sending it once (RFC 9110 §9.2.2) and the body can be had again. */
  readonly repeatable: boolean
}

const IDEMPOTENT: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS', 'TRACE', 'PUT', 'DELETE', 'QUERY'])
/** Methods whose lack of content is said, since a server may expect some (RFC 9110 §8.6). */
const EXPECTS_CONTENT: ReadonlySet<string> = new Set(['POST', 'PUT', 'PATCH'])

/**
 * @param absolute send the whole URL as the target, as a proxy wants it (RFC 9112 §3.2.2).
 * @throws TypeError for what cannot be sent.
 */
export function prepare(address: string | URL, options: RequestOptions, absolute: boolean, keep: boolean): Prepared {
  const url = new URL(address)
  if (url.protocol !== 'http:') throw new TypeError(`${url.protocol}// is not spoken by this client, only http://`)
  if (url.username !== '' || url.password !== '')
    throw new TypeError('credentials in a URL are not sent: put them into an Authorization field')
  const method = options.method ?? 'GET'
  if (method === 'CONNECT') throw new TypeError('CONNECT makes a connection, not a reply: use tunnel()')
  const target = options.target ?? url.pathname + url.search
  const body = options.body ?? null
  const lines = formatFields(options.fields ?? [])
  const known = body === null ? 0 : typeof body === 'string' ? Buffer.byteLength(body) : lengthOf(body)
  if (known >= 0 && lines.length >= 0 && lines.length !== known)
    throw new TypeError(`Content-Length ${lines.length} is given for a body of ${known} bytes`)
  const length = known >= 0 ? known : lines.length
  const chunked = length < 0
  const closes = lines.close || !keep
  const framing = chunked
    ? 'Transfer-Encoding: chunked\r\n'
    : length > 0 || EXPECTS_CONTENT.has(method) || lines.length >= 0
      ? `Content-Length: ${length}\r\n`
      : ''
  const full = absolute && target.startsWith('/') ? url.origin + target : target
  const head =
    `${requestLine(method, full)}${lines.hasHost ? '' : `Host: ${url.host}\r\n`}${lines.text}${framing}` +
    `${closes ? 'Connection: close\r\n' : ''}\r\n`
  const repeatable = IDEMPOTENT.has(method) && known >= 0
  const { trailers } = options
  return {
    url,
    method,
    target: full,
    head,
    fields: options.fields ?? [],
    body,
    chunked,
    length,
    closes,
    trailers,
    repeatable,
  }
}

/** -1 for a stream. */
function lengthOf(body: Exclude<OutgoingContent, string | null>): number {
  return body instanceof Uint8Array ? body.length : -1
}
