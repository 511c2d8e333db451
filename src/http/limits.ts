/**
 * What one peer may cost us. Every number can be set (`serve(…, { limits })`, `new Client(…, { limits })`) and each
 * has a test that crosses it. Sizes in bytes, times in nanoseconds.
 */
import { type Nanos, SECOND } from '../base/clock.ts'

export interface HttpLimits {
  /** The start line; past it 414 for a request. 8000 is the least that RFC 9112 §3 wants supported. */
  readonly startLineBytes: number
  /** Start line and fields together; past it 431. The default of node, and twice nginx's first buffer. */
  readonly headBytes: number
  /** Field lines of a head or of trailers; past it 431. Browsers send about 20; hashing floods need thousands. */
  readonly fieldCount: number
  /** A request's body; past it 413. A page's form with a picture fits; a server of large uploads sets its own. */
  readonly bodyBytes: number
  /** All chunk extensions of one body together; past it 413. Nobody uses them but those who want to cost us time. */
  readonly chunkExtensionBytes: number
  /** The trailer section; past it 431. */
  readonly trailerBytes: number
  /** How much of a body that nobody reads is thrown away to keep the connection; past it the connection closes. */
  readonly drainBytes: number
  /** Requests read ahead of their replies on one connection; at it we stop reading. */
  readonly pipelineDepth: number
  /** Bytes of replies that wait for an earlier reply, or for the client to read, before `write` answers false. */
  readonly backlogBytes: number
  /** Requests answered on one connection before it is closed; bounds what leaks and lets load spread anew. */
  readonly requestsPerConnection: number
  /** Open connections; past it a new one is reset at once. */
  readonly connections: number
  /** From the first byte of a head (or the connection's start) to its end: a slow head holds a place for nothing. */
  readonly headTime: Nanos
  /** A connection without a request. Longer than the 60 s that load balancers idle, so that they close first. */
  readonly idleTime: Nanos
  /** The window in which a body must make `bodyRate` progress, or 408. */
  readonly bodyTime: Nanos
  /** Bytes per second that a request body must reach over each `bodyTime`. */
  readonly bodyRate: number
  /** A client that takes nothing of what waits for it for so long is reset. */
  readonly stallTime: Nanos
  /** How long a client may be silent after we have ended our side, before the connection is closed for good. */
  readonly lingerSilence: Nanos
  /** How long one that goes on sending is listened to then, so that it finds our reply when it has done (RFC 9112 §9.6). */
  readonly lingerTime: Nanos
}

export const LIMITS: HttpLimits = {
  startLineBytes: 8_192,
  headBytes: 16_384,
  fieldCount: 100,
  bodyBytes: 16 * 1024 * 1024,
  chunkExtensionBytes: 4_096,
  trailerBytes: 8_192,
  drainBytes: 262_144,
  pipelineDepth: 32,
  backlogBytes: 262_144,
  requestsPerConnection: 1_000_000,
  connections: 100_000,
  headTime: 20 * SECOND,
  idleTime: 75 * SECOND,
  bodyTime: 10 * SECOND,
  bodyRate: 512,
  stallTime: 30 * SECOND,
  lingerSilence: 5 * SECOND,
  lingerTime: 30 * SECOND,
}

/**
 * How much of a reply's body is taken before anybody reads it: small replies free their connection whether or not their
 * bodies are read at once, large ones are held back.
 */
export const PREFETCH_BYTES = 65_536

/** Distinct query parameters or form fields: an attacker's keys must not fill a hash table. */
export const QUERY_COUNT = 1_000
/** Cookies of one request: browsers keep about 180 per site. */
export const COOKIE_COUNT = 200
/** Name and value of a cookie that is set (RFC 6265bis §5.6: browsers drop longer ones). */
export const COOKIE_BYTES = 4_096
/** Parameters of a media type. */
export const MEDIA_TYPE_PARAMETERS = 16

export interface MultipartLimits {
  /** Parts of one body. */
  readonly parts: number
  /** Field lines of one part. */
  readonly fields: number
  /** The head of one part. */
  readonly headBytes: number
  /** Name or filename of a part. */
  readonly nameBytes: number
  /** All parts together. */
  readonly bytes: number
}

export const MULTIPART_LIMITS: MultipartLimits = {
  parts: 1_000,
  fields: 16,
  headBytes: 8_192,
  nameBytes: 255,
  bytes: 16 * 1024 * 1024,
}
