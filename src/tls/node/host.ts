/** A Host whose connections are encrypted. */
import { guarded } from '../../socket/accept.ts'
import type { Address, Family, IpAddress } from '../../socket/address.ts'
import type {
  Accept,
  Connection,
  ConnectOptions,
  DatagramOptions,
  Datagrams,
  Host,
  Listener,
  ListenOptions,
} from '../../socket/host.ts'
import { overNodeSockets } from '../../socket/node/native.ts'
import { TlsError } from '../errors.ts'
import type { ClientTls, TlsHostOptions } from '../settings.ts'
import { clientTls } from './client.ts'
import { SecureServer } from './server.ts'

/**
 * The host with TLS on its streams: `listen` gives connections whose handshake is done (`connection.security` says what
 * was agreed on), `connect` resolves when the server has shown that it is the one that was asked for. Datagrams and
 * lookups are the host's own.
 *
 * @example
 * const certificates = new Certificates([{ certificate, key }])
 * await serve(tlsHost(kernelHost(), { server: { certificates } }), { address: '::', port: 443 }, handler)
 *
 * @throws TlsError TLS_SETTINGS for certificates that cannot be used.
 */
export function tlsHost(host: Host, options: TlsHostOptions): Host {
  return new TlsHost(host, options)
}

class TlsHost implements Host {
  readonly #host: Host
  readonly #options: TlsHostOptions
  readonly #client: ClientTls

  constructor(host: Host, options: TlsHostOptions) {
    this.#host = overNodeSockets(host)
    this.#options = options
    this.#client = clientTls(options.client)
  }

  get name(): string {
    return this.#host.name
  }

  get clock(): Host['clock'] {
    return this.#host.clock
  }

  get random(): Host['random'] {
    return this.#host.random
  }

  get events(): Host['events'] {
    return this.#host.events
  }

  async listen(at: Address, accept: Accept, options: ListenOptions = {}): Promise<Listener> {
    const { server } = this.#options
    if (server === undefined)
      throw new TlsError(
        'TLS_SETTINGS',
        'a host that listens with TLS needs certificates: tlsHost(host, { server: { certificates } })',
      )
    const secure = new SecureServer(this.#host, server, guarded(accept, options))
    const listener = await this.#host.listen(at, (carrier) => secure.take(carrier), options)
    return new TlsListener(listener, secure)
  }

  /** The certificate must be for the address that is connected to: to ask for a name, secure a connection by `clientTls`. */
  async connect(to: Address, options: ConnectOptions = {}): Promise<Connection> {
    const carrier = await this.#host.connect(to, options)
    const { signal } = options
    const serverName = to.address ?? ''
    return this.#client.secure(this.#host, carrier, { serverName, ...(signal !== undefined && { signal }) })
  }

  datagrams(at?: IpAddress, options?: DatagramOptions): Promise<Datagrams> {
    return this.#host.datagrams(at, options)
  }

  lookup(name: string, family?: Family): Promise<readonly string[]> {
    return this.#host.lookup(name, family)
  }
}

class TlsListener implements Listener {
  readonly #carrier: Listener
  readonly #secure: SecureServer

  constructor(carrier: Listener, secure: SecureServer) {
    this.#carrier = carrier
    this.#secure = secure
  }

  get local(): Address {
    return this.#carrier.local
  }

  pause(): void {
    this.#carrier.pause()
  }

  resume(): void {
    this.#carrier.resume()
  }

  close(): Promise<void> {
    this.#secure.close()
    return this.#carrier.close()
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  setOption(...option: Parameters<Listener['setOption']>): void {
    this.#carrier.setOption(...option)
  }

  getOption(name: Parameters<Listener['getOption']>[0]): ReturnType<Listener['getOption']> {
    return this.#carrier.getOption(name)
  }
}
