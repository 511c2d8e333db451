/**
 * The client as a chain: `Send` makes a reply of a request, a `Layer` makes another `Send` of it. Redirects are a
 * layer; a jar, a cache, decoding or retries are layers that a program adds.
 */
import type { Duration } from '../../base/duration.ts'
import type { Machine } from '../../base/machine.ts'
import type { Connection } from '../../socket/host.ts'
import type { BodyWriter, FieldLines, MessageBody } from '../exchange.ts'
import { fieldValue } from '../fields/lines.ts'
import type { Origin } from '../origin.ts'

/** What a program can give as a body. A stream or an iterable goes out as it comes, and cannot be sent twice. */
export type OutgoingContent =
  | string
  | Uint8Array
  | ReadableStream<Uint8Array>
  | AsyncIterable<Uint8Array | string>
  | null

/** A body that is pushed: the transport says when there is a connection to push to. */
export interface PushedContent {
  /** @param writer takes the body now. */
  begin(writer: BodyWriter): void
}

/** What becomes of a redirect: it is followed, it is an error, or it is the reply. */
export type RedirectMode = 'follow' | 'error' | 'manual'

/** How far a body has come. */
export interface Progress {
  /** `upload`: the request's body. `download`: the reply's. */
  readonly direction: 'upload' | 'download'
  /** Bytes given to the connection, or received, without framing. */
  readonly bytes: number
  /** Bytes of the whole body; null where only its end will tell. */
  readonly total: number | null
}

/** A request on its way through the layers: a value, of which a layer makes another one. */
export interface Outgoing {
  /** Without fragment. */
  readonly url: URL
  /** Scheme, host and port of the URL: what connections are kept by. */
  readonly origin: Origin
  /** As it is sent; methods are case-sensitive. */
  readonly method: string
  /** Name, value, name, value. Host, framing and Connection are the transport's; `Connection: close` is obeyed. */
  readonly fields: FieldLines
  /** What is sent after the head; null for nothing. */
  readonly body: OutgoingContent | PushedContent
  /** Called when a chunked body has ended. */
  readonly trailers: (() => FieldLines) | undefined
  /** In place of the URL's path and query: `*` for OPTIONS. */
  readonly target: string | undefined
  /** The protocol that the connection is to be switched to; undefined for none. */
  readonly upgrade: string | undefined
  /** Gives the request up. */
  readonly signal: AbortSignal | undefined
  /** How long the reply's head may take; undefined for the client's own `timeout`. */
  readonly timeout: Duration | undefined
  /** Told of interim responses (1xx). */
  readonly onInformation: ((status: number, fields: FieldLines) => void | Promise<void>) | undefined
  /** What becomes of a redirect. */
  readonly redirect: RedirectMode
  /** Whether the server is asked before the body goes out (`Expect: 100-continue`). */
  readonly expectContinue: boolean
  /** Told as the bodies move, either way. */
  readonly onProgress: ((progress: Progress) => void) | undefined
}

/** What a client gets for a request. */
export interface Reply {
  /** Whose reply it is: after redirects not what was asked for. Without fragment. */
  readonly url: URL
  /** Whether a redirect was followed on the way. */
  readonly redirected: boolean
  /** The final status, never 1xx. */
  readonly status: number
  /** The reason phrase as sent; may be empty. */
  readonly reason: string
  /** `HTTP/1.1` or `HTTP/1.0`. */
  readonly version: string
  /** Field lines as received: name, value, name, value. */
  readonly fields: FieldLines
  /** Read the body or `discard()` it: until it has ended the connection serves no other request. */
  readonly body: MessageBody
  /** The connection, where the server has switched protocols on it (101); else null. */
  readonly connection: Connection | null
  /** The field's value, lines joined (RFC 9110 §5.3); the name in lower case. Undefined when absent. */
  header(name: string): string | undefined
}

/** Rejects with `SocketError`, `RequestError`, `MessageRefused`, or `HttpMisuse` for what cannot be sent. */
export type Send = (request: Outgoing) => Promise<Reply>

/**
 * Something that happens to every request and reply of a client. Called once for each client; what the layer keeps there it
 * keeps for that client alone. The second argument is the client's machine: its clock, its randomness.
 * @example
 * const patient: Layer = (next) => async (request) => {
 *   const reply = await next(request)
 *   if (reply.status !== 503 || request.method !== 'GET') return reply
 *   reply.body.discard()
 *   return next(request)
 * }
 */
export type Layer = (next: Send, machine: Machine) => Send

/** @param layers the outermost first. @param machine whose clock and randomness they use */
export function chain(layers: readonly Layer[], innermost: Send, machine: Machine): Send {
  return layers.reduceRight<Send>((next, layer) => layer(next, machine), innermost)
}

/**
 * A reply that passes everything on to another one: what is to be different is overridden.
 *
 * @example
 * class Cached extends ReplyDecorator {
 *   override get body() {
 *     return messageBody(this.#kept)
 *   }
 * }
 */
export class ReplyDecorator implements Reply {
  /** The reply that this one stands for. */
  protected readonly of: Reply

  constructor(of: Reply) {
    this.of = of
  }

  get url(): URL {
    return this.of.url
  }
  get redirected(): boolean {
    return this.of.redirected
  }
  get status(): number {
    return this.of.status
  }
  get reason(): string {
    return this.of.reason
  }
  get version(): string {
    return this.of.version
  }
  get fields(): FieldLines {
    return this.of.fields
  }
  get body(): MessageBody {
    return this.of.body
  }
  get connection(): Connection | null {
    return this.of.connection
  }
  header(name: string): string | undefined {
    return fieldValue(this.fields, name)
  }
}
