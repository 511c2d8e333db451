/** A connection through an HTTP proxy by CONNECT (RFC 9110 §9.3.6). */
import type { SocketError } from '../../base/errors.ts'
import type { Connection, ConnectionOwner, Host } from '../../socket/host.ts'
import { dial, type Resolve } from '../dial.ts'
import { HttpMisuse, MessageRefused, RequestError } from '../errors.ts'
import type { FieldLines } from '../exchange.ts'
import { HTTP_LIMITS } from '../limits.ts'
import type { Framing } from '../machine/framing.ts'
import type { Head } from '../machine/head.ts'
import { Reader, type ReaderSink } from '../machine/reader.ts'
import { isAuthority } from '../machine/target.ts'
import { latin1Bytes } from '../machine/text.ts'
import { formatFields, requestLine } from '../machine/writer.ts'
import { type Origin, originOf } from '../origin.ts'
import type { Verdict } from '../verdict.ts'

/** What is sent to the proxy, and how it is found. */
export interface TunnelRequest {
  /** Proxy-Authorization and the like. */
  readonly fields?: FieldLines
  readonly signal?: AbortSignal
  readonly resolve?: Resolve | undefined
}

/**
 * Asks the proxy for a connection to `authority`, which is `host:port`. Rejects with `RequestError` 'tunnel' when it
 * refuses, naming its status.
 *
 * @example
 * const connection = await tunnel(kernelHost(), 'http://proxy.example:3128', 'mail.example:25')
 * connection.attach(owner)
 */
export async function tunnel(
  host: Host,
  proxy: string | URL,
  authority: string,
  options: TunnelRequest = {},
): Promise<Connection> {
  if (!isAuthority(authority) || !/:\d+$/.test(authority))
    throw new HttpMisuse('HTTP_INVALID_TARGET', `a tunnel goes to host:port, not to ${JSON.stringify(authority)}`)
  const origin = proxyOrigin(proxy)
  const head = `${requestLine('CONNECT', authority)}Host: ${authority}\r\n${formatFields(options.fields ?? []).text}\r\n`
  const signal = options.signal ?? new AbortController().signal
  const connection = await dial(host, origin.host, origin.port, signal, options.resolve)
  return new Promise((resolve, reject) => {
    const abort = () => opening.fail(new RequestError('aborted', 'the tunnel was given up', signal.reason))
    const over = () => signal.removeEventListener('abort', abort)
    const opening = new Opening(connection, resolve, reject, over)
    signal.addEventListener('abort', abort)
    connection.attach(opening)
    connection.write(latin1Bytes(head))
  })
}

/** The origin of an HTTP proxy. @throws HttpMisuse for what is none. */
export function proxyOrigin(proxy: string | URL): Origin {
  const url = URL.parse(proxy)
  const origin = url === null ? null : originOf(url)
  if (origin === null || origin.scheme !== 'http')
    throw new HttpMisuse(
      'HTTP_INVALID_URL',
      `the proxy must be an http:// URL, not ${JSON.stringify(withoutPassword(proxy))}`,
    )
  return origin
}

/**
 * A proxy's URL as messages show it, which are logged: without what stands before the last @. A password that is not encoded as it
 * should be (`u:a/b@c@proxy`) is why such a URL is refused, and ends at none of its own signs.
 */
export function withoutPassword(proxy: string | URL): string {
  return String(proxy).replace(/^([a-z0-9+.-]*:?\/\/)?.*@/is, '$1…@')
}

/** Owns the connection until the proxy has answered. */
class Opening implements ConnectionOwner, ReaderSink {
  readonly #connection: Connection
  readonly #resolve: (connection: Connection) => void
  readonly #reject: (error: Error) => void
  readonly #reader = new Reader('response', this, HTTP_LIMITS)
  readonly #over: () => void
  #done = false

  constructor(
    connection: Connection,
    resolve: (connection: Connection) => void,
    reject: (error: Error) => void,
    over: () => void,
  ) {
    this.#over = over
    this.#connection = connection
    this.#resolve = resolve
    this.#reject = reject
    this.#reader.expect('CONNECT')
  }

  fail(error: Error): void {
    if (this.#done) return
    this.#finish()
    this.#connection.reset()
    this.#reject(error)
  }

  onData(bytes: Uint8Array): void {
    if (this.#done) return
    this.#reader.feed(bytes)
    if (this.#reader.state === 'tunnel') this.#open()
  }

  #finish(): void {
    this.#done = true
    this.#over()
  }

  #open(): void {
    this.#finish()
    // What arrives before the next owner is there waits in the host; so does what the far side has said already.
    this.#connection.pause()
    this.#connection.unread(this.#reader.rest())
    this.#resolve(this.#connection)
  }

  onHead(head: Head, framing: Framing): void {
    if (head.status >= 200 && framing.kind !== 'tunnel')
      this.fail(new RequestError('tunnel', `the proxy answered ${head.status} ${head.reason}`))
  }

  onBody(): void {}
  onMessageEnd(): void {}
  onDrain(): void {}

  onRefused(verdict: Verdict): void {
    this.fail(new MessageRefused(verdict))
  }

  onEnd(): void {
    this.fail(new RequestError('tunnel', 'the proxy closed without an answer'))
  }

  onClose(error: SocketError | null): void {
    this.fail(error ?? new RequestError('tunnel', 'the proxy closed without an answer'))
  }
}
