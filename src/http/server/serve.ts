/** An HTTP server on any host. */
import { MILLISECOND, type Nanos, SECOND } from '../../base/clock.ts'
import { type Duration, requireDuration, seconds } from '../../base/duration.ts'
import { Fault } from '../../base/fault.ts'
import type { Address } from '../../socket/address.ts'
import type { Connection, Host, Listener, ListenOptions } from '../../socket/host.ts'
import { promptAt } from '../dial.ts'
import { HttpMisuse } from '../errors.ts'
import type { Exchange, Handler } from '../exchange.ts'
import { DateLine } from '../fields/date.ts'
import { Trust, type TrustOptions } from '../forwarded/trust.ts'
import { completeLimits, type HttpLimits } from '../limits.ts'
import { Output } from '../machine/output.ts'
import { PLAIN_TEXT } from '../reply/failure.ts'
import { Sweep } from '../sweep.ts'
import type { ServerExchange } from './exchange.ts'
import { ServerConnection } from './h1/connection.ts'
import { Http2Connection } from './h2/connection.ts'
import { Opening } from './opening.ts'
import { replyTrace } from './trace.ts'
import type { ServerTransport, TransportServer } from './transport.ts'
import { type TunnelOptions, Tunnels } from './tunnel.ts'

/** Where a server listens, and what it allows. */
export interface ServeOptions {
  /** Default 80; 0 lets the host choose. */
  readonly port?: number
  /** Default 0.0.0.0, every IPv4 interface. */
  readonly address?: string
  /**
   * Serve at a Unix socket instead: its path (`/run/site.sock`), or `\\0name` for Linux's abstract name space. Who may
   * connect, `listen: { mode: 0o660 }` says. A file that a server which was killed has left there is removed.
   */
  readonly unix?: string
  /** Those that differ from `HTTP_LIMITS`. */
  readonly limits?: Partial<HttpLimits>
  /**
   * Serve clients on that have ended their side of the connection (`printf … | nc -N`). By default such a client is
   * taken to have gone, as a closed browser tab has: `exchange.signal` is aborted at once, and what the handler still
   * writes goes out as long as it makes progress (`limits.leaveTime`).
   */
  readonly halfClose?: boolean
  /**
   * HTTP/2 beside HTTP/1.1, to the same handler: where TLS has agreed on `h2`, and to a client that begins with it
   * unasked. Default true.
   */
  readonly http2?: boolean
  /** Answer TRACE by what arrived, credentials withheld; off by default, then 405. */
  readonly trace?: boolean
  /**
   * Proxies that are believed when they say who the client is: `exchange.remote`, `scheme` and `authority` are then those of
   * the client's own request. By default nobody is.
   */
  readonly trust?: TrustOptions
  /** Open tunnels for CONNECT, or have a handler answer it (`forwardProxy`); without it 405. */
  readonly connect?: TunnelOptions | Handler
  /**
   * Told of what a handler threw: the client sees a bare 500, or a connection cut. Not of clients that went away.
   * What `onError` itself throws, or rejects with, is of interest to nobody.
   */
  readonly onError?: (error: unknown, exchange: Exchange) => void | Promise<void>
  /** For the host's `listen`: backlog, socket options (`SO_REUSEPORT`). */
  readonly listen?: ListenOptions
}

const METHODS = 'GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS'
/** How long `close` waits when it is not told. */
const DRAIN: Duration = seconds(30)

/**
 * Listens and lets `handler` answer. Rejects as `host.listen` does (EADDRINUSE, EACCES), and with HttpMisuse for what is
 * no host or no handler.
 *
 * @example
 * const server = await serve(kernelHost(), (exchange) => exchange.reply(200, [], 'hello'), { port: 8080 })
 * console.log(server.local)
 * await server.close()
 */
export async function serve(host: Host, handler: Handler, options: ServeOptions = {}): Promise<HttpServer> {
  if (typeof host?.listen !== 'function')
    throw new HttpMisuse(
      'HTTP_INVALID_ARGUMENT',
      'serve() takes a Host first, where it listens: kernelHost(), or a host of a simulated Internet',
    )
  if (typeof handler !== 'function')
    throw new HttpMisuse(
      'HTTP_INVALID_ARGUMENT',
      `serve() takes a function (exchange) => … second, not ${String(handler)}`,
    )
  const server = new RunningServer(host, handler, options)
  await server.listen()
  return server
}

/** A server that listens; `serve` makes it. Disposing of it closes it. */
export interface HttpServer extends AsyncDisposable {
  /** Where the server listens, with the port that was really bound. */
  readonly local: Address
  /** Open connections, without those that were handed over to another protocol. */
  readonly connections: number
  /** Open tunnels. */
  readonly tunnels: number
  /** Whether `close` has been called. */
  readonly draining: boolean
  /**
   * Takes no more connections, tells long handlers by `exchange.draining`, answers what is under way with
   * `Connection: close`, and resolves when all connections are closed.
   * @param within after so long the rest is reset; default 30 s.
   */
  close(within?: Duration): Promise<void>
}

class RunningServer implements HttpServer, TransportServer {
  readonly machine: Host
  readonly limits: HttpLimits
  readonly output = new Output()
  readonly keepAlive: string
  readonly halfClose: boolean
  readonly #handler: Handler
  readonly #options: ServeOptions
  readonly #transports = new Set<ServerTransport>()
  readonly #tunnels: Tunnels | null
  readonly #trust: Trust | null
  readonly #sweep: Sweep
  readonly #dateLine: DateLine
  readonly #drain = new AbortController()
  #listener: Listener | null = null
  #exchanges = 0
  #closed: (() => void) | null = null

  constructor(host: Host, handler: Handler, options: ServeOptions) {
    this.machine = host
    this.limits = completeLimits('serve()', options.limits)
    this.halfClose = options.halfClose === true
    this.#handler = handler
    this.#options = options
    this.#sweep = new Sweep(host.clock)
    this.#dateLine = new DateLine(host.clock)
    const { connect } = options
    const permitted = typeof connect === 'object'
    this.#tunnels = permitted ? new Tunnels(host, connect, this.#sweep, this.limits.tunnelTime) : null
    this.#trust = options.trust === undefined ? null : new Trust('serve()', options.trust)
    // Advertised a little shorter than kept: a client that relies on it does not meet the close half-way.
    const seconds = Math.max(1, Math.floor(this.limits.idleTime / SECOND) - 1)
    this.keepAlive = `Connection: keep-alive\r\nKeep-Alive: timeout=${seconds}\r\n`
  }

  get local(): Address {
    return this.#listener!.local
  }

  get connections(): number {
    return this.#transports.size
  }

  get tunnels(): number {
    return this.#tunnels?.count ?? 0
  }

  get draining(): boolean {
    return this.#drain.signal.aborted
  }

  async listen(): Promise<void> {
    const { unix, address = '0.0.0.0', port = 80, listen } = this.#options
    const at: Address = unix === undefined ? { address, port } : { path: unix }
    // Accepted connections inherit it from the listener: no call for each.
    const options = { removeStale: true, ...listen, options: { ...promptAt(at), ...listen?.options } }
    this.#listener = await this.machine.listen(at, (connection) => this.#accept(connection), options)
  }

  async close(within: Duration = DRAIN): Promise<void> {
    requireDuration('server.close(within)', within, MILLISECOND)
    this.#drain.abort(new Error('the server is closing'))
    await this.#listener?.close()
    this.#tunnels?.close()
    for (const transport of [...this.#transports]) transport.drain()
    if (this.#transports.size === 0) return
    const { clock } = this.machine
    const timer = clock.at(clock.now() + within, () => {
      for (const transport of [...this.#transports]) transport.abort()
    })
    await new Promise<void>((resolve) => {
      this.#closed = resolve
    })
    timer.cancel()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }

  #accept(connection: Connection): void {
    if (this.draining || this.#transports.size >= this.limits.connections) {
      connection.reset()
      return
    }
    const { security } = connection
    if (this.#options.http2 === false) connection.attach(this.#first(connection))
    // RFC 9113 §3.2: over TLS the protocol has been agreed on; else the first octets say (§3.3).
    else if (security?.protocol === 'h2') connection.attach(this.#second(connection))
    else if (security !== null && security.protocol !== null) connection.attach(this.#first(connection))
    else {
      const plain = this.#first(connection)
      const second = () => {
        const transport = this.#second(connection)
        plain.patience.rest()
        this.forget(plain)
        return transport
      }
      connection.attach(new Opening(connection, plain, second))
    }
  }

  #first(connection: Connection): ServerConnection {
    const transport = new ServerConnection(connection, this)
    this.#keep(transport)
    return transport
  }

  #second(connection: Connection): Http2Connection {
    const transport = new Http2Connection(connection, this)
    this.#keep(transport)
    return transport
  }

  #keep(transport: ServerTransport): void {
    this.#transports.add(transport)
    this.#sweep.add(transport.patience)
  }

  // TransportServer

  get drainSignal(): AbortSignal {
    return this.#drain.signal
  }

  nextId(): number {
    return ++this.#exchanges
  }

  date(): string {
    return this.#dateLine.text()
  }

  noteDeadline(deadline: Nanos): void {
    this.#sweep.note(deadline)
  }

  forget(transport: ServerTransport): void {
    this.#transports.delete(transport)
    this.#sweep.delete(transport.patience)
    if (this.#transports.size === 0) this.#closed?.()
  }

  dispatch(exchange: ServerExchange): void {
    try {
      const done = this.#answer(exchange)
      if (done !== undefined) exchange.handledBy(done)
    } catch (error) {
      exchange.fail(error)
    }
  }

  reportError(error: unknown, exchange: Exchange): void {
    try {
      const told = this.#options.onError?.(error, exchange)
      if (told instanceof Promise) told.catch(() => {})
    } catch {
      // The one who is told of errors must not add to them.
    }
  }

  #answer(received: Exchange): void | Promise<void> {
    const exchange = this.#trust === null ? received : this.#trust.see(received)
    if (exchange instanceof Fault) {
      received.reply(400, PLAIN_TEXT, `${exchange.why}\n`)
      return
    }
    if (exchange.method === 'TRACE') {
      if (this.#options.trace === true) replyTrace(exchange)
      else refuseMethod(exchange, 'TRACE is not allowed here')
      return
    }
    // An extended CONNECT asks this server for a protocol (RFC 8441 §4), not for a tunnel.
    if (exchange.method !== 'CONNECT' || exchange.protocol !== null) return this.#handler(exchange)
    const { connect } = this.#options
    if (typeof connect === 'function') return connect(exchange)
    if (this.#tunnels !== null) return this.#tunnels.answer(exchange)
    refuseMethod(exchange, 'CONNECT is not allowed here')
  }
}

function refuseMethod(exchange: Exchange, why: string): void {
  exchange.reply(405, ['Allow', METHODS, 'Content-Type', 'text/plain', 'Connection', 'close'], `${why}\n`)
}
