/** A connection through an HTTP proxy by CONNECT (RFC 9110 §9.3.6). */
import type { SocketError } from '../../base/errors.ts'
import type { Connection, ConnectionOwner, Host } from '../../socket/host.ts'
import { MessageRefused, RequestError } from '../errors.ts'
import type { FieldLines } from '../exchange.ts'
import { LIMITS } from '../limits.ts'
import type { Framing } from '../machine/framing.ts'
import type { Head } from '../machine/head.ts'
import { Reader, type ReaderSink } from '../machine/reader.ts'
import { isAuthority } from '../machine/target.ts'
import type { Verdict } from '../machine/verdict.ts'
import { formatFields, requestLine } from '../machine/writer.ts'
import { dial, type Resolve } from './dial.ts'

export interface TunnelRequest {
  /** Proxy-Authorization and the like. */
  readonly fields?: FieldLines
  readonly signal?: AbortSignal
  readonly resolve?: Resolve | undefined
}

/**
 * Asks the proxy for a connection to `authority`, which is `host:port`. Rejects with `RequestError` 'tunnel' when it
 * refuses, naming its status.
 */
export async function tunnel(
  host: Host,
  proxy: string | URL,
  authority: string,
  options: TunnelRequest = {},
): Promise<Connection> {
  if (!isAuthority(authority) || !/:\d+$/.test(authority))
    throw new TypeError(`a tunnel goes to host:port, not to ${JSON.stringify(authority)}`)
  const url = new URL(proxy)
  if (url.protocol !== 'http:') throw new TypeError(`proxy ${url.protocol}// is not spoken, only http://`)
  const head = `${requestLine('CONNECT', authority)}Host: ${authority}\r\n${formatFields(options.fields ?? []).text}\r\n`
  const signal = options.signal ?? new AbortController().signal
  const connection = await dial(host, url.hostname, Number(url.port || '80'), signal, options.resolve)
  return new Promise((resolve, reject) => {
    const opening = new Opening(connection, resolve, reject)
    signal.addEventListener('abort', () => opening.fail(new RequestError('aborted', 'the tunnel was given up')))
    connection.attach(opening)
    connection.write(Buffer.from(head, 'latin1'))
  })
}

/** Owns the connection until the proxy has answered. */
class Opening implements ConnectionOwner, ReaderSink {
  readonly #connection: Connection
  readonly #resolve: (connection: Connection) => void
  readonly #reject: (error: Error) => void
  readonly #reader = new Reader('response', this, LIMITS)
  #done = false

  constructor(connection: Connection, resolve: (connection: Connection) => void, reject: (error: Error) => void) {
    this.#connection = connection
    this.#resolve = resolve
    this.#reject = reject
    this.#reader.expect('CONNECT')
  }

  fail(error: Error): void {
    if (this.#done) return
    this.#done = true
    this.#connection.reset()
    this.#reject(error)
  }

  onData(bytes: Uint8Array): void {
    if (this.#done) return
    this.#reader.feed(bytes)
    if (this.#reader.state !== 'tunnel') return
    // The far side speaks when it is spoken to, in HTTP; others would need what came early.
    if (this.#reader.unread > 0) this.fail(new RequestError('tunnel', 'the far side spoke before it was asked'))
    else this.#open()
  }

  #open(): void {
    this.#done = true
    // What arrives before the next owner is there waits in the host; for that owner it flows.
    this.#connection.pause()
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
    this.fail(new MessageRefused(verdict.status, verdict.why, verdict.at))
  }

  onEnd(): void {
    this.fail(new RequestError('tunnel', 'the proxy closed without an answer'))
  }

  onClose(error: SocketError | null): void {
    this.fail(error ?? new RequestError('tunnel', 'the proxy closed without an answer'))
  }
}
