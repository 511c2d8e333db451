/** An HTTP client on any host: connections kept per origin, requests that wait for one, clear failures. */
import { MILLISECOND, type Nanos } from '../../base/clock.ts'
import { type Duration, requireDuration, seconds } from '../../base/duration.ts'
import type { Connection, Host } from '../../socket/host.ts'
import { dial, type Resolve } from '../dial.ts'
import { RequestError } from '../errors.ts'
import type { BodyWriter, FieldLines } from '../exchange.ts'
import { completeLimits, type HttpLimits } from '../limits.ts'
import { Output } from '../machine/output.ts'
import type { Origin } from '../origin.ts'
import { Sweep } from '../sweep.ts'
import { ClientExchange } from './exchange.ts'
import { ClientConnection } from './h1/connection.ts'
import { Pool } from './pool.ts'
import { redirects } from './redirect.ts'
import { outgoing, prepare, type RequestOptions } from './request.ts'
import { chain, type Layer, type Outgoing, type Reply, type Send } from './send.ts'
import type { ClientTransport, TransportClient } from './transport.ts'
import { proxyOrigin, tunnel } from './tunnel.ts'
import { Upload } from './upload.ts'

/** The HTTP proxy through which a client reaches its origins. */
export interface ProxyOptions {
  /** `http://proxy.example:3128`. */
  readonly url: string
  /** Reach origins through CONNECT instead of asking the proxy for whole URLs. */
  readonly tunnel?: boolean
  /** For the proxy alone: Proxy-Authorization. */
  readonly fields?: FieldLines
}

/** How a client keeps its connections and how long it waits. */
export interface ClientOptions {
  /** Those that differ from `HTTP_LIMITS`. */
  readonly limits?: Partial<HttpLimits>
  /** What `RequestOptions.timeout` is by default; 60 s when not given. */
  readonly timeout?: Duration
  /** How long a body may make no progress, a reply's or an upload's; default 60 s. */
  readonly bodyTime?: Duration
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
  readonly proxy?: ProxyOptions
  /** In place of `host.lookup`. */
  readonly resolve?: Resolve
  /** What happens to every request and reply, each hop of a redirect for itself; the outermost first. */
  readonly layers?: readonly Layer[]
}

/** A request whose body the program pushes. */
export interface OpenRequest {
  /** Takes the body; what comes before there is a connection is held, up to `limits.backlogBytes` before `write` is false. */
  readonly body: BodyWriter
  /** The reply, which may come before the body is through. */
  readonly reply: Promise<Reply>
}

/** A request to switch has no body: that would have to be through before the other protocol begins. */
export type UpgradeOptions = Omit<RequestOptions, 'body' | 'trailers' | 'redirect'>

/** A connection that has been switched to another protocol. */
export interface Upgraded {
  /** The 101, with its fields. */
  readonly reply: Reply
  readonly connection: Connection
}

/** The server did not switch. The reply is there to be read; it has to be read or discarded, as any. */
export class UpgradeRefused extends RequestError {
  override readonly name = 'UpgradeRefused'
  readonly reply: Reply

  constructor(reply: Reply, protocol: string) {
    super('refused', `the server did not switch to ${protocol}: it answered ${reply.status} ${reply.reason}`)
    this.reply = reply
  }
}

/** Who pipelines must not send again what changes something (RFC 9112 §9.3.2). */
const SAFE: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS', 'QUERY'])

/**
 * @example
 * const client = new Client(kernelHost())
 * const reply = await client.request('http://example.com/', { redirect: 'follow' })
 * console.log(reply.status, await reply.body.text())
 * client.close()
 */
export class Client implements TransportClient {
  readonly machine: Host
  readonly limits: HttpLimits
  readonly output = new Output()
  readonly idleTime: Nanos
  readonly bodyTime: Nanos
  readonly #options: ClientOptions
  readonly #timeout: Nanos
  readonly #send: Send
  readonly #sweep: Sweep
  readonly #pools = new Map<string, Pool>()
  #exchanges = 0
  #closed = false

  constructor(host: Host, options: ClientOptions = {}) {
    this.machine = host
    this.limits = completeLimits('new Client()', options.limits)
    this.idleTime = requireDuration('new Client(): idleTime', options.idleTime ?? seconds(4), MILLISECOND)
    this.bodyTime = requireDuration('new Client(): bodyTime', options.bodyTime ?? seconds(60), MILLISECOND)
    this.#timeout = requireDuration('new Client(): timeout', options.timeout ?? seconds(60), MILLISECOND)
    this.#options = options
    this.#sweep = new Sweep(host.clock)
    const layers = [redirects(this.limits.redirects), ...(options.layers ?? [])]
    this.#send = chain(layers, (request) => this.#transport(request))
  }

  /**
   * Sends a request; resolves with the head of the reply, whose body is still to be read or discarded.
   * Rejects with `SocketError` (no connection), `RequestError` (timeout, closed, aborted, …), `MessageRefused` (the
   * reply is no HTTP), `HttpMisuse` (what cannot be sent).
   */
  async request(url: string | URL, options: RequestOptions = {}): Promise<Reply> {
    return this.#send(outgoing(url, options))
  }

  /**
   * Sends a request whose body is pushed, with back-pressure and without a promise for each piece.
   * @throws HttpMisuse for a URL that cannot be asked for; all other failures are the reply's.
   * @example
   * const { body, reply } = client.open('http://example.com/in', { method: 'PUT' })
   * for (const piece of pieces) if (!body.write(piece)) await body.ready()
   * body.end()
   * console.log((await reply).status)
   */
  open(url: string | URL, options: Omit<RequestOptions, 'body' | 'trailers'> = {}): OpenRequest {
    const body = new Upload(this.limits.backlogBytes)
    const reply = this.#send(outgoing(url, { method: 'POST', ...options }, { body }))
    reply.catch((error: Error) => body.fail(error))
    return { body, reply }
  }

  /**
   * Asks the server to switch the connection to another protocol (RFC 9110 §7.8), and resolves with the connection once
   * it has. What the server has sent of the protocol already comes first to whoever attaches to the connection; until
   * then the connection waits. Rejects with `UpgradeRefused`, which has the reply, when the server answers otherwise.
   * @param protocol as the Upgrade field has it: `websocket`.
   * @example
   * const { connection } = await client.upgrade('http://example.com/', 'echo')
   * connection.attach(owner)
   */
  async upgrade(url: string | URL, protocol: string, options: UpgradeOptions = {}): Promise<Upgraded> {
    const reply = await this.#send(outgoing(url, options, { upgrade: protocol }))
    const { connection } = reply
    if (connection === null) throw new UpgradeRefused(reply, protocol)
    return { reply, connection }
  }

  /** Ends idle connections now and the others after their reply; requests from now on are refused. */
  close(): void {
    this.#closed = true
    for (const pool of this.#pools.values()) pool.close()
  }

  [Symbol.dispose](): void {
    this.close()
  }

  /** Open connections to all origins. */
  get connections(): number {
    let count = 0
    for (const pool of this.#pools.values()) count += pool.size
    return count
  }

  /** The innermost `Send`: a connection is found or made, and the request put on it. */
  async #transport(request: Outgoing): Promise<Reply> {
    if (this.#closed) throw new RequestError('closed', 'the client has been closed')
    const { proxy, keepAlive = true } = this.#options
    const prepared = prepare(request, proxy !== undefined && proxy.tunnel !== true, keepAlive)
    const { signal } = request
    if (signal?.aborted) throw aborted(signal)
    const { clock } = this.machine
    const patience = requireDuration('request(): timeout', request.timeout ?? this.#timeout, MILLISECOND)
    const due = clock.now() + patience
    const exchange = new ClientExchange(++this.#exchanges, prepared, due, patience)
    this.#watch(exchange)
    this.#pool(request.origin).add(exchange)
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

  /**
   * RFC 9112 §9.3.1: a connection that has rested may have been closed by the server just as the request went out; what
   * is idempotent is then sent once more, on another. What fails on a fresh connection fails.
   */
  retry(exchange: ClientExchange, error: Error): boolean {
    const cut = error instanceof RequestError ? error.reason === 'closed' : 'code' in error
    if (!exchange.retryable || !cut || this.#closed) return false
    if (exchange.due <= this.machine.clock.now()) return false
    exchange.again()
    this.#pool(exchange.request.outgoing.origin).add(exchange)
    return true
  }

  #pool(origin: Origin): Pool {
    let pool = this.#pools.get(origin.key)
    if (pool === undefined) {
      const { connections = 16, waiting = 1024 } = this.#options
      const open = (exchange: ClientExchange) => this.#open(origin, exchange)
      pool = new Pool(origin.key, { connections, waiting, open }, () => this.#pools.delete(origin.key))
      this.#pools.set(origin.key, pool)
    }
    return pool
  }

  async #open(origin: Origin, exchange: ClientExchange): Promise<ClientTransport> {
    const connection = await this.#dial(origin, exchange)
    const transport = new ClientConnection(connection, origin, this)
    this.#sweep.add(transport)
    connection.attach(transport)
    return transport
  }

  #dial({ host, port }: Origin, exchange: ClientExchange): Promise<Connection> {
    const { proxy, resolve } = this.#options
    const giveUp = new AbortController()
    const { clock } = this.machine
    const late = clock.at(exchange.due, () => giveUp.abort())
    const dialled =
      proxy === undefined
        ? dial(this.machine, host, port, giveUp.signal, resolve)
        : proxy.tunnel === true
          ? tunnel(this.machine, proxy.url, `${host}:${port}`, {
              fields: proxy.fields ?? [],
              signal: giveUp.signal,
              resolve,
            })
          : dialProxy(this.machine, proxy.url, giveUp.signal, resolve)
    return dialled.finally(() => late.cancel())
  }

  /** The call's signal, and its own deadline as long as it waits for a connection. */
  #watch(exchange: ClientExchange): void {
    const { signal, origin } = exchange.request.outgoing
    const cancel = (error: Error) => {
      for (const pool of this.#pools.values()) if (pool.drop(exchange, error)) return
      exchange.fail(error)
    }
    const late = this.machine.clock.at(exchange.due, () => {
      if (exchange.waiting)
        cancel(
          new RequestError('timeout', `no connection to ${origin.key} in time`, this.#pools.get(origin.key)?.failure),
        )
    })
    const abort = () => cancel(aborted(signal!))
    signal?.addEventListener('abort', abort, { once: true })
    exchange.onOver = () => {
      late.cancel()
      signal?.removeEventListener('abort', abort)
    }
  }
}

function aborted(signal: AbortSignal): RequestError {
  return new RequestError('aborted', 'the request was aborted', signal.reason)
}

function dialProxy(host: Host, proxy: string, signal: AbortSignal, resolve?: Resolve): Promise<Connection> {
  const origin = proxyOrigin(proxy)
  return dial(host, origin.host, origin.port, signal, resolve)
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
