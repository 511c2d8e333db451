/** An HTTP client on any host: requests through a chain of layers, bodies that are pushed, upgrades. */
import type { Connection, Host } from '../../socket/host.ts'
import { RequestError } from '../errors.ts'
import type { BodyWriter } from '../exchange.ts'
import { expectations } from './expectation.ts'
import { redirects } from './redirect.ts'
import { outgoing, type RequestOptions } from './request.ts'
import { chain, type Layer, type Reply, type Send } from './send.ts'
import { type TransportOptions, Transports } from './transports.ts'
import { Upload } from './upload.ts'

/** How a client keeps its connections, how long it waits, and what happens to its requests on their way. */
export interface ClientOptions extends TransportOptions {
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
  /** The connection as it is from now on: attach an owner to it. */
  readonly connection: Connection
}

/** The server did not switch. The reply is there to be read; it has to be read or discarded, as any. */
export class UpgradeRefused extends RequestError {
  override readonly name = 'UpgradeRefused'
  /** What the server answered instead. */
  readonly reply: Reply

  constructor(reply: Reply, protocol: string) {
    super('refused', `the server did not switch to ${protocol}: it answered ${reply.status} ${reply.reason}`)
    this.reply = reply
  }
}

/**
 * An HTTP client of a host: connections are kept per origin and used again.
 *
 * @example
 * const client = new Client(kernelHost())
 * const reply = await client.request('http://example.com/', { redirect: 'follow' })
 * console.log(reply.status, await reply.body.text())
 * client.close()
 */
export class Client implements Disposable {
  /** The host whose connections it uses. */
  readonly host: Host
  readonly #transports: Transports
  readonly #send: Send

  constructor(host: Host, options: ClientOptions = {}) {
    this.host = host
    this.#transports = new Transports(host, options)
    const layers = [redirects(this.#transports.limits.redirects), ...(options.layers ?? []), expectations]
    this.#send = chain(layers, (request) => this.#transports.send(request), host)
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
    const body = new Upload(this.#transports.limits.backlogBytes)
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
    this.#transports.close()
  }

  [Symbol.dispose](): void {
    this.close()
  }

  /** Open connections to all origins. */
  get connections(): number {
    return this.#transports.size
  }
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
