/** The connections of a client: kept per origin in pools, made when they are needed, and given requests to carry. */
import { MILLISECOND, type Nanos, type Timer } from '../../base/clock.ts'
import { type Duration, requireDuration, seconds } from '../../base/duration.ts'
import type { Connection, Host } from '../../socket/host.ts'
import { RequestError } from '../errors.ts'
import { completeLimits, type HttpLimits } from '../limits.ts'
import { Output } from '../machine/output.ts'
import type { Origin } from '../origin.ts'
import { Sweep } from '../sweep.ts'
import { ClientExchange } from './exchange.ts'
import { ClientConnection } from './h1/connection.ts'
import { Http2ClientConnection } from './h2/connection.ts'
import { Pool } from './pool.ts'
import { prepare } from './request.ts'
import type { Outgoing, Reply } from './send.ts'
import type { ClientTransport, TransportClient } from './transport.ts'
import { type WayOptions, Ways } from './way.ts'

/** How a client keeps its connections and how long it waits. */
export interface TransportOptions extends WayOptions {
  /** Those that differ from `HTTP_LIMITS`. */
  readonly limits?: Partial<HttpLimits>
  /** What `RequestOptions.timeout` is by default; 60 s when not given. */
  readonly timeout?: Duration
  /** How long a request may wait for a connection; default: as long as for its reply. */
  readonly connectTime?: Duration
  /** How long a body may make no progress, a reply's or an upload's; default 60 s. */
  readonly bodyTime?: Duration
  /**
   * How long a server that is asked whether it wants a body (`RequestOptions.expectContinue`) may say nothing, before the body
   * is sent all the same; default 1 s.
   */
  readonly continueTime?: Duration
  /** How long an unused connection is kept; default 4 s, less where the server advertises less. */
  readonly idleTime?: Duration
  /** Open connections per origin; default 16. */
  readonly connections?: number
  /** Requests that wait for a connection per origin; default 1024. */
  readonly waiting?: number
  /** Requests under way on one connection; default 1: more only for servers known to stand it, safe methods only. */
  readonly pipelining?: number
  /** Keep connections for the next request; default true. */
  readonly keepAlive?: boolean
  /**
   * HTTP/2 where the server of an https origin agrees to it, which is the default (true); never (false); or, by
   * `'prior knowledge'`, to every http origin without asking, too (RFC 9113 §3.3). One connection carries the requests then, as many
   * at once as the server takes.
   */
  readonly http2?: boolean | 'prior knowledge'
}

/** Who pipelines must not send again what changes something (RFC 9112 §9.3.2). */
const SAFE: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS', 'QUERY'])

export class Transports implements TransportClient {
  readonly machine: Host
  readonly limits: HttpLimits
  readonly output = new Output()
  readonly idleTime: Nanos
  readonly bodyTime: Nanos
  readonly continueTime: Nanos
  readonly #options: TransportOptions
  readonly #ways: Ways
  readonly #timeout: Nanos
  readonly #connectTime: Nanos
  readonly #sweep: Sweep
  readonly #pools = new Map<string, Pool>()
  /** Deadlines of those that wait for a connection, or have waited. */
  readonly #late = new Map<ClientExchange, Timer>()
  #exchanges = 0
  #closed = false

  constructor(host: Host, options: TransportOptions) {
    this.machine = host
    this.limits = completeLimits('new Client()', options.limits)
    this.idleTime = requireDuration('new Client(): idleTime', options.idleTime ?? seconds(4), MILLISECOND)
    this.bodyTime = requireDuration('new Client(): bodyTime', options.bodyTime ?? seconds(60), MILLISECOND)
    this.continueTime = requireDuration('new Client(): continueTime', options.continueTime ?? seconds(1), MILLISECOND)
    this.#timeout = requireDuration('new Client(): timeout', options.timeout ?? seconds(60), MILLISECOND)
    this.#connectTime =
      options.connectTime === undefined
        ? Number.POSITIVE_INFINITY
        : requireDuration('new Client(): connectTime', options.connectTime, MILLISECOND)
    this.#options = options
    this.#ways = new Ways(host, options)
    this.#sweep = new Sweep(host.clock)
  }

  /** Ends idle connections now and the others after their reply; requests from now on are refused. */
  close(): void {
    this.#closed = true
    for (const pool of this.#pools.values()) pool.close()
  }

  /** Open connections to all origins. */
  get size(): number {
    let count = 0
    for (const pool of this.#pools.values()) count += pool.size
    return count
  }

  /** The innermost `Send`: a connection is found or made, and the request put on it. */
  async send(request: Outgoing): Promise<Reply> {
    if (this.#closed) throw new RequestError('closed', 'the client has been closed')
    const prepared = prepare(request, this.#ways.absolute(request.origin), this.#options.keepAlive ?? true)
    const { signal } = request
    if (signal?.aborted) throw aborted(signal)
    const { clock } = this.machine
    const patience = requireDuration('request(): timeout', request.timeout ?? this.#timeout, MILLISECOND)
    const due = clock.now() + Math.min(patience, this.#connectTime)
    const exchange = new ClientExchange(++this.#exchanges, prepared, due, patience)
    this.#watch(exchange)
    this.#add(exchange)
    return exchange.reply
  }

  // TransportClient

  depth(exchange: ClientExchange): number {
    return SAFE.has(exchange.request.method) ? (this.#options.pipelining ?? 1) : 1
  }

  noteDeadline(deadline: Nanos): void {
    this.#sweep.note(deadline)
  }

  free(transport: ClientTransport): void {
    this.#pools.get(transport.origin.key)?.next()
  }

  gone(transport: ClientTransport): void {
    this.#sweep.delete(transport)
    this.#pools.get(transport.origin.key)?.remove(transport)
  }

  unprocessed(exchange: ClientExchange): boolean {
    if (!exchange.resendable || this.#closed || exchange.due <= this.machine.clock.now()) return false
    exchange.again()
    this.#add(exchange)
    return true
  }

  /**
   * RFC 9112 §9.3.1: a connection that has rested may have been closed by the server just as the request went out; what
   * is idempotent is then sent once more, on another. What fails on a fresh connection fails.
   */
  retry(exchange: ClientExchange, error: Error): boolean {
    const cut = error instanceof RequestError ? error.reason === 'closed' : 'code' in error
    if (!exchange.retryable || !cut || this.#closed) return false
    if (exchange.due <= this.machine.clock.now()) return false
    exchange.again()
    this.#add(exchange)
    return true
  }

  #pool(origin: Origin): Pool {
    let pool = this.#pools.get(origin.key)
    if (pool === undefined) {
      const { connections = 16, waiting = 1024, http2 = true } = this.#options
      const open = (exchange: ClientExchange) => this.#open(origin, exchange)
      const mayMultiplex = origin.scheme === 'https' ? http2 !== false : this.#knows(origin)
      const empty = () => this.#pools.delete(origin.key)
      pool = new Pool(origin.key, { connections, waiting, mayMultiplex, open }, empty)
      this.#pools.set(origin.key, pool)
    }
    return pool
  }

  /** Whether the origin's server is known to speak HTTP/2. What a proxy is asked for by whole URLs, it is asked for in HTTP/1.1. */
  #knows(origin: Origin): boolean {
    return this.#options.http2 === 'prior knowledge' && origin.scheme === 'http' && this.#ways.absolute(origin) === null
  }

  async #open(origin: Origin, exchange: ClientExchange): Promise<ClientTransport> {
    const connection = await this.#dial(origin, exchange)
    const second = connection.security?.protocol === 'h2' || this.#knows(origin)
    const transport = second
      ? new Http2ClientConnection(connection, origin, this)
      : new ClientConnection(connection, origin, this)
    this.#sweep.add(transport)
    connection.attach(transport)
    return transport
  }

  #dial(origin: Origin, exchange: ClientExchange): Promise<Connection> {
    const giveUp = new AbortController()
    const late = this.machine.clock.at(exchange.due, () => giveUp.abort())
    // An upgrade is of HTTP/1.1 (RFC 9113 §8.6).
    const second = this.#options.http2 !== false && exchange.request.outgoing.upgrade === undefined
    const protocols = second ? ['h2', 'http/1.1'] : ['http/1.1']
    return this.#ways.open(origin, protocols, giveUp.signal).finally(() => late.cancel())
  }

  /** The call's signal. */
  #watch(exchange: ClientExchange): void {
    const { signal } = exchange.request.outgoing
    const abort = () => this.#cancel(exchange, aborted(signal!))
    signal?.addEventListener('abort', abort, { once: true })
    exchange.onOver = () => {
      if (this.#late.size > 0) this.#late.get(exchange)?.cancel()
      this.#late.delete(exchange)
      signal?.removeEventListener('abort', abort)
    }
  }

  /** Has it sent, at once where there is a connection: only who has to wait has a deadline for that. */
  #add(exchange: ClientExchange): void {
    const { origin } = exchange.request.outgoing
    this.#pool(origin).add(exchange)
    if (!exchange.waiting || this.#late.has(exchange)) return
    const late = this.machine.clock.at(exchange.due, () => {
      if (!exchange.waiting) return
      const why = this.#pools.get(origin.key)?.failure
      this.#cancel(exchange, new RequestError('timeout', `no connection to ${origin.key} in time`, why, false))
    })
    this.#late.set(exchange, late)
  }

  #cancel(exchange: ClientExchange, error: Error): void {
    for (const pool of this.#pools.values()) if (pool.drop(exchange, error)) return
    exchange.fail(error)
  }
}

function aborted(signal: AbortSignal): RequestError {
  return new RequestError('aborted', 'the request was aborted', signal.reason)
}
