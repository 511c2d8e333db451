/** An HTTP client on any host: connections kept per origin, requests that wait for one, clear failures. */
import { type Nanos, SECOND } from '../../base/clock.ts'
import type { Connection, Host } from '../../socket/host.ts'
import { RequestError } from '../errors.ts'
import type { FieldLines } from '../exchange.ts'
import { type HttpLimits, LIMITS } from '../limits.ts'
import { Output } from '../machine/output.ts'
import { Sweep } from '../sweep.ts'
import { ClientConnection, type ConnectionClient } from './connection.ts'
import { dial, type Resolve } from './dial.ts'
import { ClientExchange } from './exchange.ts'
import { Pool } from './pool.ts'
import type { Reply } from './reply.ts'
import { type Prepared, prepare, type RequestOptions } from './request.ts'
import { tunnel } from './tunnel.ts'

export interface ProxyOptions {
  /** `http://proxy.example:3128`. */
  readonly url: string
  /** Reach origins through CONNECT instead of asking the proxy for whole URLs. */
  readonly tunnel?: boolean
  /** For the proxy alone: Proxy-Authorization. */
  readonly fields?: FieldLines
}

export interface ClientOptions {
  readonly limits?: Partial<HttpLimits>
  /** From a call to the reply's head; default 60 s. */
  readonly timeout?: Nanos
  /** How long a reply's body may make no progress; default 60 s. */
  readonly bodyTime?: Nanos
  /** How long an unused connection is kept; default 4 s, less where the server advertises less. */
  readonly idleTime?: Nanos
  /** Open connections per origin; default 16. */
  readonly connections?: number
  /** Requests that wait for a connection per origin; default 1024. */
  readonly waiting?: number
  /** Requests under way on one connection; default 1: more only for servers known to stand it, safe methods only. */
  readonly pipelining?: number
  /** Keep connections for the next request; default true. */
  readonly keepAlive?: boolean
  readonly proxy?: ProxyOptions
  /** In place of `host.lookup`. */
  readonly resolve?: Resolve
}

/** Who pipelines must not send again what changes something (RFC 9112 §9.3.2). */
const SAFE: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS', 'QUERY'])

export class Client implements ConnectionClient {
  readonly machine: Host
  readonly limits: HttpLimits
  readonly output = new Output()
  readonly idleTime: Nanos
  readonly bodyTime: Nanos
  readonly #options: ClientOptions
  readonly #sweep: Sweep
  readonly #pools = new Map<string, Pool>()
  #exchanges = 0
  #closed = false

  constructor(host: Host, options: ClientOptions = {}) {
    this.machine = host
    this.limits = { ...LIMITS, ...options.limits }
    this.idleTime = options.idleTime ?? 4 * SECOND
    this.bodyTime = options.bodyTime ?? 60 * SECOND
    this.#options = options
    this.#sweep = new Sweep(host.clock)
  }

  /**
   * Sends a request; resolves with the head of the reply, whose body is still to be read or discarded.
   * Rejects with `SocketError` (no connection), `RequestError` (timeout, closed, aborted, …), `MessageRefused` (the
   * reply is no HTTP). @throws TypeError for what cannot be sent.
   */
  request(url: string | URL, options: RequestOptions = {}): Promise<Reply> {
    const { proxy, keepAlive = true, timeout = 60 * SECOND } = this.#options
    if (this.#closed) return Promise.reject(new RequestError('closed', 'the client has been closed'))
    let prepared: Prepared
    try {
      prepared = prepare(url, options, proxy !== undefined && proxy.tunnel !== true, keepAlive)
    } catch (error) {
      return Promise.reject(error)
    }
    const { clock } = this.machine
    const due = clock.now() + (options.timeout ?? timeout)
    const exchange = new ClientExchange(++this.#exchanges, prepared, due, options.onInformation)
    this.#watch(exchange, options.signal)
    if (!exchange.settled) this.#pool(prepared.url.host).add(exchange)
    return exchange.reply
  }

  /** Ends idle connections now and the others after their reply; requests from now on are refused. */
  close(): void {
    this.#closed = true
    for (const pool of this.#pools.values()) pool.close()
  }

  /** Open connections to all origins. */
  get connections(): number {
    let count = 0
    for (const pool of this.#pools.values()) count += pool.connections.size
    return count
  }

  // ConnectionClient

  noteDeadline(deadline: Nanos): void {
    this.#sweep.note(deadline)
  }

  free(connection: ClientConnection): void {
    this.#pools.get(connection.origin)?.next()
  }

  gone(connection: ClientConnection): void {
    this.#sweep.delete(connection)
    this.#pools.get(connection.origin)?.remove(connection)
  }

  /**
   * RFC 9112 §9.3.1: a connection that has served before may have been closed by the server just as the request went
   * out; what is idempotent is then sent once more, on another.
   */
  retry(exchange: ClientExchange, error: Error): boolean {
    const { request, attempts, answered, interims } = exchange
    if (!request.repeatable || attempts > 1 || answered !== null || interims > 0 || exchange.settled) return false
    const cut = error instanceof RequestError ? error.reason === 'closed' : 'code' in error
    if (!cut || this.#closed || exchange.due <= this.machine.clock.now()) return false
    exchange.sent = false
    exchange.sentBytes = 0
    this.#pool(request.url.host).add(exchange)
    return true
  }

  #pool(origin: string): Pool {
    let pool = this.#pools.get(origin)
    if (pool === undefined) {
      const { connections = 16, waiting = 1024, pipelining = 1 } = this.#options
      const depth = (exchange: ClientExchange) => (SAFE.has(exchange.request.method) ? pipelining : 1)
      const open = async (exchange: ClientExchange) => this.#open(origin, exchange)
      pool = new Pool(origin, { connections, waiting, depth, open }, () => this.#pools.delete(origin))
      this.#pools.set(origin, pool)
    }
    return pool
  }

  async #open(origin: string, exchange: ClientExchange): Promise<ClientConnection> {
    const connection = new ClientConnection(await this.#dial(exchange), origin, this)
    this.#sweep.add(connection)
    connection.connection.attach(connection)
    connection.setDeadline()
    return connection
  }

  #dial(exchange: ClientExchange): Promise<Connection> {
    const { proxy, resolve } = this.#options
    const { url } = exchange.request
    const giveUp = new AbortController()
    const { clock } = this.machine
    const late = clock.at(exchange.due, () => giveUp.abort())
    const authority = `${url.hostname}:${url.port || '80'}`
    const dialled =
      proxy === undefined
        ? dial(this.machine, url.hostname, Number(url.port || '80'), giveUp.signal, resolve)
        : proxy.tunnel === true
          ? tunnel(this.machine, proxy.url, authority, { fields: proxy.fields ?? [], signal: giveUp.signal, resolve })
          : dialProxy(this.machine, proxy.url, giveUp.signal, resolve)
    return dialled.finally(() => late.cancel())
  }

  /** The call's own deadline and signal, which hold while it waits for a connection too. */
  #watch(exchange: ClientExchange, signal: AbortSignal | undefined): void {
    const { origin } = exchange.request.url
    const cancel = (error: Error) => {
      for (const pool of this.#pools.values()) if (pool.drop(exchange, error)) return
      exchange.fail(error)
    }
    const late = this.machine.clock.at(exchange.due, () => {
      if (exchange.answered === null) cancel(new RequestError('timeout', `no reply from ${origin} in time`))
    })
    const abort = () => cancel(new RequestError('aborted', 'the request was aborted', signal?.reason))
    signal?.addEventListener('abort', abort, { once: true })
    exchange.onSettled = () => {
      late.cancel()
      signal?.removeEventListener('abort', abort)
    }
    if (signal?.aborted) abort()
  }
}

function dialProxy(host: Host, proxy: string, signal: AbortSignal, resolve?: Resolve): Promise<Connection> {
  const url = new URL(proxy)
  return dial(host, url.hostname, Number(url.port || '80'), signal, resolve)
}

const clients = new WeakMap<Host, Client>()

/** One request by the host's shared client, with its default options. */
export function request(host: Host, url: string | URL, options: RequestOptions = {}): Promise<Reply> {
  return clientOf(host).request(url, options)
}

/** The client that `request` and `fetchOn` share on a host. */
export function clientOf(host: Host): Client {
  let client = clients.get(host)
  if (client === undefined) clients.set(host, (client = new Client(host)))
  return client
}
