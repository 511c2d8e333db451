/**
 * What one peer may cost us. Every number can be set: `serve(host, handler, { limits })`, `new Client(host, { limits })`,
 * or an argument of the call that the number bounds. Each has a test that crosses it. Sizes are in bytes, times are
 * `Duration`s (`seconds(5)`).
 */
import { MILLISECOND } from '../base/clock.ts'
import { type Duration, hours, requireDuration, seconds } from '../base/duration.ts'

/** What one peer may cost: the numbers behind every refusal and every time-out of this layer. */
export interface HttpLimits {
  // Heads

  /** The start line; past it 414 for a request. RFC 9112 §3 wants at least 8000 supported. */
  readonly startLineBytes: number
  /** Start line and fields of a request together; past it 431. The default of node, and twice nginx's first buffer. */
  readonly headBytes: number
  /** Field lines of a request or of trailers; past it 431. Browsers send about 20; hash floods need thousands. */
  readonly fieldCount: number
  /** The head of a response: pages with many Set-Cookie and Link fields pass 16 KiB. */
  readonly responseHeadBytes: number
  /** Field lines of a response. Names are compared in turn here and never hashed, so that more of them do no harm. */
  readonly responseFieldCount: number
  /** Interim responses (1xx) to one request: 100, 102 and 103 come a few times, a server that sends more does not answer. */
  readonly interims: number

  // Bodies

  /** A request's body, and what `bytes()` and `text()` take when they are not told; past it 413. A form with a picture fits. */
  readonly bodyBytes: number
  /** All chunk extensions of one body together; past it 413. Only attacks use them. */
  readonly chunkExtensionBytes: number
  /** Content codings of one body: two are a mistake that somebody makes, three are an attack. */
  readonly codings: number
  /** The trailer section; past it 431. */
  readonly trailerBytes: number
  /** How much of a body that nobody reads is thrown away to keep the connection; past it the connection is closed. */
  readonly drainBytes: number
  /** How long a client waits for the end of a reply that nobody reads, to keep the connection; past it the connection is closed. */
  readonly drainTime: Duration
  /** How much of a body is taken before anybody reads it: small replies free their connection, large ones are held back. */
  readonly prefetchBytes: number

  // Connections

  /** Requests read ahead of their replies on one connection; at it reading stops. */
  readonly pipelineDepth: number
  /** Bytes of replies that wait for an earlier reply, or of an upload that waits for its connection, before `write` answers false. */
  readonly backlogBytes: number
  /** Requests answered on one connection before it is closed: bounds what leaks and lets load spread anew. */
  readonly requestsPerConnection: number
  /** Open connections of a server; past it a new one is reset at once. */
  readonly connections: number

  // HTTP/2

  /** Streams that a peer may have open at once, past it a stream is refused; and handlers at work for it, past it requests wait. nginx's number; pages have about 100 parts. */
  readonly streams: number
  /** Content of one stream that may come before anybody uses it: at 100 ms of distance an upload of 2.5 MB/s. */
  readonly streamWindowBytes: number
  /** As `streamWindowBytes`, for all streams of a connection together. */
  readonly connectionWindowBytes: number
  /** Content of one stream that waits to be sent, before `write` answers false. */
  readonly streamBacklogBytes: number
  /** CONTINUATION frames of one header block: honest ones need two. Past it the connection ends (CVE-2024-27316). */
  readonly continuations: number
  /** Frames at once that bring nothing (SETTINGS, PING, PRIORITY, empty DATA, …): past it the connection ends (CVE-2019-9512 to 9518). */
  readonly controlFrames: number
  /** How many of those may be added each second. */
  readonly controlFrameRate: number
  /** Streams reset, or refused for what was sent on them, at once: browsers reset a page's worth. Past it the connection ends (CVE-2023-44487, CVE-2025-8671). */
  readonly streamResets: number
  /** How many of those may be added each second. */
  readonly streamResetRate: number

  // Times

  /** From the first byte of a head (or the connection's start) to its end: a slow head holds a place for nothing. */
  readonly headTime: Duration
  /** A connection without a request. Longer than the 60 s that load balancers idle, so that they close first. */
  readonly idleTime: Duration
  /** The window in which a body must make `bodyRate` progress, or 408. nginx waits 60 s too: uploads from mobiles pause. */
  readonly bodyTime: Duration
  /** Bytes per second that a request body must reach over each `bodyTime`. */
  readonly bodyRate: number
  /** A peer that takes nothing of what waits for it for so long is reset. As nginx's: a line that loses a fifth may rest half a minute. */
  readonly stallTime: Duration
  /** A client that has ended its side without `halfClose`: a reply that makes no progress for so long is given up. */
  readonly leaveTime: Duration
  /** How long a client may be silent after the server has ended its side, before the connection is closed for good. */
  readonly silenceTime: Duration
  /** How long a client that goes on sending is listened to then, so that it finds the reply when it has done (RFC 9112 §9.6). */
  readonly lingerTime: Duration
  /** A tunnel through which nothing passes for so long is closed. The default of HAProxy's and nginx's guides. */
  readonly tunnelTime: Duration

  // WebSocket

  /** A message, decompressed; past it 1009. */
  readonly messageBytes: number
  /** Frames of one message; past it 1008. Each costs the receiver far more than the two octets that it costs the sender. */
  readonly messageFragments: number
  /** Octets that wait for a peer who does not read; past it the connection is reset. A broadcast cannot wait for everybody. */
  readonly messageBacklogBytes: number
  /** A peer of whom nothing has come for so long (up to twice that) is sent a Ping, and is gone when nothing comes for as long again. 0 for never. */
  readonly heartbeatTime: Duration
  /** How long the closing handshake may take, and then the end of the connection. */
  readonly closeTime: Duration
  /** Extensions in a Sec-WebSocket-Extensions field, parameters of each, and subprotocols that a client offers. */
  readonly offerCount: number

  // Fields and forms

  /** Distinct query parameters or form fields: an attacker's keys must not fill a hash table. */
  readonly queryCount: number
  /** Cookies of one request: browsers keep about 180 per site. */
  readonly cookieCount: number
  /** Name and value of a cookie that is set (RFC 6265bis §5.6: browsers drop longer ones). */
  readonly cookieBytes: number
  /** Parameters of a media type, a disposition or a list's element. */
  readonly parameterCount: number
  /** Byte ranges of one request; past it the whole is sent. Players and PDF readers ask for a few; floods ask for hundreds. */
  readonly ranges: number
  /** Members of a structured list, dictionary or inner list. RFC 9651 §3.1 and §3.2 want 1024 supported. */
  readonly structuredMembers: number
  /** Parameters of one structured item. RFC 9651 §3.1.2 wants 256 supported. */
  readonly structuredParameters: number
  /** Parts of one multipart body. */
  readonly parts: number
  /** Field lines of one part. */
  readonly partFields: number
  /** The head of one part. */
  readonly partHeadBytes: number
  /** Name or filename of a part. */
  readonly partNameBytes: number
  /** All parts together. */
  readonly partsBytes: number

  // The client

  /** The value of one attribute of a Set-Cookie line; longer ones are left out, as browsers do (RFC 6265bis §5.6). */
  readonly cookieAttributeBytes: number
  /** Cookies in a jar: browsers keep about as many. Past it the expired, then the insecure, then the longest unused goes. */
  readonly jarCookies: number
  /** Cookies of one domain in a jar: a site must not push out those of others. Chromium's number. */
  readonly jarCookiesPerDomain: number
  /** What a client's cache keeps in memory; past it what was asked for longest ago goes. */
  readonly cacheBytes: number
  /** One reply in a cache; a longer one is passed on and not kept, or it would push out a thousand others. */
  readonly cacheEntryBytes: number
  /** Variants of one URL in a cache: whoever chooses fields that Vary names could fill it with them. */
  readonly cacheVariants: number
  /** Directives of one Cache-Control that are looked at. */
  readonly cacheDirectives: number
  /** URLs of which a cache remembers that their replies are not kept, so that nobody waits for them. */
  readonly cachePassed: number
  /** Origins of which a circuit breaker remembers failures: a program that asks strangers' hosts meets many. */
  readonly circuits: number
  /** Redirects that one request follows, as the Fetch standard has it (§4.4). */
  readonly redirects: number
}

/** The limits where a program sets none. */
export const HTTP_LIMITS: HttpLimits = Object.freeze({
  startLineBytes: 8_192,
  headBytes: 16_384,
  fieldCount: 100,
  responseHeadBytes: 65_536,
  responseFieldCount: 1_000,
  interims: 32,
  bodyBytes: 16 * 1024 * 1024,
  chunkExtensionBytes: 4_096,
  codings: 2,
  trailerBytes: 8_192,
  drainBytes: 262_144,
  drainTime: seconds(1),
  prefetchBytes: 65_536,
  pipelineDepth: 32,
  backlogBytes: 262_144,
  requestsPerConnection: 1_000_000,
  connections: 100_000,
  streams: 128,
  streamWindowBytes: 262_144,
  connectionWindowBytes: 1_048_576,
  streamBacklogBytes: 65_536,
  continuations: 16,
  controlFrames: 1_000,
  controlFrameRate: 100,
  streamResets: 500,
  streamResetRate: 50,
  headTime: seconds(20),
  idleTime: seconds(75),
  bodyTime: seconds(60),
  bodyRate: 512,
  stallTime: seconds(60),
  leaveTime: seconds(10),
  silenceTime: seconds(5),
  lingerTime: seconds(30),
  tunnelTime: hours(1),
  messageBytes: 16 * 1024 * 1024,
  messageFragments: 16_384,
  messageBacklogBytes: 16 * 1024 * 1024,
  heartbeatTime: seconds(30),
  closeTime: seconds(10),
  offerCount: 32,
  queryCount: 1_000,
  cookieCount: 200,
  cookieBytes: 4_096,
  parameterCount: 16,
  ranges: 16,
  structuredMembers: 1_024,
  structuredParameters: 256,
  parts: 1_000,
  partFields: 16,
  partHeadBytes: 8_192,
  partNameBytes: 255,
  partsBytes: 16 * 1024 * 1024,
  cookieAttributeBytes: 1_024,
  jarCookies: 3_000,
  jarCookiesPerDomain: 180,
  cacheBytes: 64 * 1024 * 1024,
  cacheEntryBytes: 8 * 1024 * 1024,
  cacheVariants: 16,
  cacheDirectives: 32,
  cachePassed: 1_000,
  circuits: 1_000,
  redirects: 20,
})

/** The limits of a multipart body. */
export type MultipartLimits = Pick<
  HttpLimits,
  'parts' | 'partFields' | 'partHeadBytes' | 'partNameBytes' | 'partsBytes' | 'parameterCount'
>

/**
 * The limits that a program has set, with the defaults for the others.
 * @param what the call, for messages: `serve`
 * @throws RangeError for a number that is negative or none, or a time that is no `Duration`.
 */
export function completeLimits(what: string, limits: Partial<HttpLimits> = {}): HttpLimits {
  const complete = { ...HTTP_LIMITS, ...limits }
  for (const [name, value] of Object.entries(complete))
    if (name.endsWith('Time')) requireDuration(`${what}: limits.${name}`, value, MILLISECOND)
    else if (typeof value !== 'number' || !(value >= 0))
      throw new RangeError(`${what}: limits.${name} must be a number from 0, not ${String(value)}`)
  return complete
}
