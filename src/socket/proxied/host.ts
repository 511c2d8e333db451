/** The PROXY protocol as a host: connections that come with the client's own address, and go out with it. */
import type { Timer } from '../../base/clock.ts'
import type { Duration } from '../../base/duration.ts'
import { requireDuration } from '../../base/duration.ts'
import type { SocketError } from '../../base/errors.ts'
import { Fault } from '../../base/fault.ts'
import { guarded } from '../accept.ts'
import type { Address } from '../address.ts'
import { AddressSet } from '../address-set.ts'
import { ConnectionDecorator, HostDecorator } from '../decorate.ts'
import type {
  Accept,
  Connection,
  ConnectionOwner,
  ConnectOptions,
  Host,
  Listener,
  ListenOptions,
  Security,
} from '../host.ts'
import { SOCKET_LIMITS, type SocketLimits } from '../limits.ts'
import type { ProxyHeader, ProxyHeaderInit } from './header.ts'
import { readProxyHeader } from './read.ts'
import { writeProxyHeader } from './write.ts'

/** Who speaks the PROXY protocol with a host. */
export interface ProxiedOptions {
  /**
   * The proxies in front: `['10.0.0.0/8']`, as `AddressSet` has it. Every connection from there must begin with a header
   * of version 1 or 2; without one it is reset, since a guess could be wrong. Without `from` nobody is expected to.
   */
  readonly from?: readonly string[]
  /**
   * What becomes of a connection that does not come from a proxy: reset (`refuse`, the default), or taken as it is
   * (`take`), a header never looked for.
   */
  readonly others?: 'refuse' | 'take'
  /** Writes a header of that version before anything else on every connection that is made. */
  readonly send?: 1 | 2
  /** What that header says. By default the connection is the host's own: LOCAL, or UNKNOWN in version 1. */
  readonly header?: (connection: Connection) => ProxyHeaderInit
  /** Told of connections that were reset: who it was, and what was wrong. */
  readonly onRefused?: (why: Fault, connection: Connection) => void | Promise<void>
  /** `proxyHeaderBytes` and `proxyHeaderTime`. */
  readonly limits?: Partial<SocketLimits>
}

/** A connection whose proxy has said for whom it speaks: `remote` and `local` are the client's. */
export class ProxiedConnection extends ConnectionDecorator {
  /** What the proxy has said. */
  readonly header: ProxyHeader

  constructor(of: Connection, header: ProxyHeader) {
    super(of)
    this.header = header
  }

  override get remote(): Address {
    return this.header.source ?? this.of.remote
  }
  override get local(): Address {
    return this.header.destination ?? this.of.local
  }
  /** Of the connection itself, or of the client's TLS where the proxy has ended it and says so. */
  override get security(): Security | null {
    const { ssl, alpn, authority } = this.header
    if (this.of.security !== null || ssl === null || !ssl.encrypted) return this.of.security
    const { version, cipher, verified } = ssl
    return { protocol: alpn, serverName: authority, version, cipher, authorized: verified, certificate: null }
  }
  /** The proxy itself, whose connection this is. */
  get proxy(): Address {
    return this.of.remote
  }
}

/**
 * The host with the PROXY protocol (HAProxy's specification, versions 1 and 2) on connections that it takes, on those that
 * it makes, or on both. What is accepted knows the client: `connection.remote` is the client's address, and the connection
 * is a `ProxiedConnection` with the whole header.
 *
 * @example
 * const host = proxied(kernelHost(), { from: ['10.0.0.0/8'] })
 * await serve(host, (exchange) => exchange.reply(200, [], formatAddress(exchange.remote)), { port: 8080 })
 */
export function proxied(host: Host, options: ProxiedOptions): Host {
  return new ProxiedHost(host, options)
}

class ProxiedHost extends HostDecorator {
  readonly #options: ProxiedOptions
  readonly #from: AddressSet | null
  readonly #bytes: number
  readonly #time: Duration

  constructor(of: Host, options: ProxiedOptions) {
    super(of)
    this.#options = options
    this.#from = options.from === undefined ? null : new AddressSet('proxied(): from', options.from)
    const { proxyHeaderBytes, proxyHeaderTime } = { ...SOCKET_LIMITS, ...options.limits }
    this.#bytes = proxyHeaderBytes
    this.#time = requireDuration('proxied(): limits.proxyHeaderTime', proxyHeaderTime)
  }

  override listen(at: Address, accept: Accept, options: ListenOptions = {}): Promise<Listener> {
    const from = this.#from
    if (from === null) return super.listen(at, accept, options)
    const take = guarded(accept, options)
    const arrived = (connection: Connection): void | Promise<void> => {
      if (from.has(connection.remote)) this.#greet(connection, take)
      else if (this.#options.others === 'take') return accept(connection)
      else this.#refuse(connection, new Fault('the connection does not come from a proxy that is listed', 0))
    }
    return super.listen(at, arrived, options)
  }

  override async connect(to: Address, options?: ConnectOptions): Promise<Connection> {
    const { send, header } = this.#options
    const connection = await super.connect(to, options)
    if (send === undefined) return connection
    try {
      connection.write(writeProxyHeader(send, header?.(connection) ?? { source: null, destination: null }))
    } catch (error) {
      connection.reset()
      throw error
    }
    return connection
  }

  #greet(connection: Connection, take: (connection: Connection) => void): void {
    const { clock } = this.of
    const late = clock.at(clock.now() + this.#time, () => {
      greeting.over()
      this.#refuse(connection, new Fault('the PROXY header has not come in time', 0))
    })
    const done = (outcome: ProxyHeader | Fault) => {
      if (outcome instanceof Fault) this.#refuse(connection, outcome)
      else take(new ProxiedConnection(connection, outcome))
    }
    const greeting = new Greeting(connection, this.#bytes, late, done)
    connection.attach(greeting)
  }

  #refuse(connection: Connection, why: Fault): void {
    connection.reset()
    try {
      const told = this.#options.onRefused?.(why, connection)
      if (told instanceof Promise) told.catch(() => {})
    } catch {
      // The one who is told of refusals must not add to them.
    }
  }
}

/** Owns the connection until its header is there. */
class Greeting implements ConnectionOwner {
  readonly #connection: Connection
  readonly #most: number
  readonly #late: Timer
  readonly #done: (outcome: ProxyHeader | Fault) => void
  #held = new Uint8Array(0)
  #over = false

  constructor(connection: Connection, most: number, late: Timer, done: (outcome: ProxyHeader | Fault) => void) {
    this.#connection = connection
    this.#most = most
    this.#late = late
    this.#done = done
  }

  /** Nothing that comes is looked at any more. */
  over(): void {
    this.#over = true
    this.#late.cancel()
  }

  onData(bytes: Uint8Array): void {
    if (this.#over) return
    const all = new Uint8Array(this.#held.length + bytes.length)
    all.set(this.#held)
    all.set(bytes, this.#held.length)
    this.#held = all
    const read = readProxyHeader(all, this.#most)
    if (read === null) return
    this.over()
    if (read instanceof Fault) {
      this.#done(read)
      return
    }
    // What follows is for the next owner, and waits until there is one.
    this.#connection.pause()
    this.#connection.unread(all.subarray(read.length))
    this.#done(read.header)
  }

  onEnd(): void {
    if (this.#over) return
    this.over()
    this.#done(new Fault('the connection ended within its PROXY header', this.#held.length))
  }

  onDrain(): void {}

  onClose(_error: SocketError | null): void {
    this.over()
  }
}
