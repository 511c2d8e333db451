/** An HTTP server on any host. */
import { type Nanos, SECOND } from '../../base/clock.ts'
import type { Address } from '../../socket/address.ts'
import type { Connection, Host, Listener, ListenOptions } from '../../socket/host.ts'
import { PROMPT } from '../client/dial.ts'
import type { Exchange, Handler } from '../exchange.ts'
import { DateLine } from '../fields/date.ts'
import { type HttpLimits, LIMITS } from '../limits.ts'
import { Output } from '../machine/output.ts'
import { Sweep } from '../sweep.ts'
import { type ConnectionServer, ServerConnection } from './connection.ts'
import type { ServerExchange } from './exchange.ts'
import { replyTrace } from './trace.ts'
import { openTunnel, type TunnelOptions } from './tunnel.ts'

export interface ServeOptions {
  /** Default 80; 0 lets the host choose. */
  readonly port?: number
  /** Default 0.0.0.0, every IPv4 interface. */
  readonly address?: string
  /** Those that differ from `LIMITS`. */
  readonly limits?: Partial<HttpLimits>
  /** Answer TRACE by what arrived, credentials withheld; off by default, then 405. */
  readonly trace?: boolean
  /** Open tunnels for CONNECT; without it 405. */
  readonly connect?: TunnelOptions
  /** Told of what a handler threw: the client sees a bare 500, or a connection cut. */
  readonly onError?: (error: unknown, exchange: Exchange) => void
  readonly listen?: ListenOptions
}

const METHODS = 'GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS'

/** Listens and lets `handler` answer. Rejects as `host.listen` does: EADDRINUSE, EACCES. */
export async function serve(host: Host, handler: Handler, options: ServeOptions = {}): Promise<HttpServer> {
  const server = new HttpServer(host, handler, options)
  await server.listen()
  return server
}

export class HttpServer implements ConnectionServer {
  readonly machine: Host
  readonly limits: HttpLimits
  readonly output = new Output()
  readonly keepAlive: string
  readonly trace: boolean
  draining = false
  readonly #handler: Handler
  readonly #options: ServeOptions
  readonly #connections = new Set<ServerConnection>()
  readonly #tunnels = new Set<Connection>()
  readonly #sweep: Sweep
  readonly #dateLine: DateLine
  #listener: Listener | null = null
  #exchanges = 0
  #closed: (() => void) | null = null

  constructor(host: Host, handler: Handler, options: ServeOptions) {
    this.machine = host
    this.limits = { ...LIMITS, ...options.limits }
    this.trace = options.trace === true
    this.#handler = handler
    this.#options = options
    this.#sweep = new Sweep(host.clock)
    this.#dateLine = new DateLine(host.clock)
    // Advertised a little shorter than kept: a client that relies on it does not meet the close half-way.
    const seconds = Math.max(1, Math.floor(this.limits.idleTime / SECOND) - 1)
    this.keepAlive = `Connection: keep-alive\r\nKeep-Alive: timeout=${seconds}\r\n`
  }

  /** Where it listens, with the port that was really bound. */
  get local(): Address {
    return this.#listener!.local
  }

  get connections(): number {
    return this.#connections.size
  }

  async listen(): Promise<void> {
    const at = { address: this.#options.address ?? '0.0.0.0', port: this.#options.port ?? 80 }
    // Accepted connections inherit it from the listener: no call for each.
    const options = { ...this.#options.listen, options: { ...PROMPT, ...this.#options.listen?.options } }
    this.#listener = await this.machine.listen(at, (connection) => this.#accept(connection), options)
  }

  /**
   * Takes no more connections, answers what is under way with `Connection: close`, and resolves when all are closed.
   * @param within after so long the rest is reset; default 30 s.
   */
  async close(within: Nanos = 30 * SECOND): Promise<void> {
    this.draining = true
    await this.#listener?.close()
    for (const tunnel of this.#tunnels) tunnel.close()
    for (const connection of [...this.#connections]) connection.drain()
    if (this.#connections.size === 0) return
    const { clock } = this.machine
    const timer = clock.at(clock.now() + within, () => {
      for (const connection of [...this.#connections]) connection.abort()
    })
    await new Promise<void>((resolve) => {
      this.#closed = resolve
    })
    timer.cancel()
  }

  #accept(connection: Connection): void {
    if (this.draining || this.#connections.size >= this.limits.connections) {
      connection.reset()
      return
    }
    const ours = new ServerConnection(connection, this)
    this.#connections.add(ours)
    this.#sweep.add(ours.patience)
    connection.attach(ours)
  }

  // ConnectionServer

  nextId(): number {
    return ++this.#exchanges
  }

  date(): string {
    return this.#dateLine.text()
  }

  noteDeadline(deadline: Nanos): void {
    this.#sweep.note(deadline)
  }

  forget(connection: ServerConnection): void {
    this.#connections.delete(connection)
    this.#sweep.delete(connection.patience)
    if (this.#connections.size === 0) this.#closed?.()
  }

  /** Calls the handler; whatever it throws, the process lives. */
  dispatch(exchange: ServerExchange): void {
    try {
      const done = this.#answer(exchange)
      if (done !== undefined) done.then(undefined, (error) => exchange.fail(error))
    } catch (error) {
      exchange.fail(error)
    }
  }

  reportError(error: unknown, exchange: Exchange): void {
    try {
      this.#options.onError?.(error, exchange)
    } catch {
      // The one who is told of errors must not add to them.
    }
  }

  #answer(exchange: ServerExchange): void | Promise<void> {
    if (exchange.method === 'TRACE') {
      if (this.trace) replyTrace(exchange)
      else refuseMethod(exchange, 'TRACE is off here (serve option trace)')
      return
    }
    if (exchange.method !== 'CONNECT') return this.#handler(exchange)
    const { connect } = this.#options
    if (connect === undefined) refuseMethod(exchange, 'no tunnels are opened here (serve option connect)')
    else return openTunnel(this.machine, exchange, connect, this.#tunnels)
  }
}

function refuseMethod(exchange: Exchange, why: string): void {
  exchange.reply(405, ['Allow', METHODS, 'Content-Type', 'text/plain', 'Connection', 'close'], `${why}\n`)
}
