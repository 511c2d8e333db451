/** A Host whose connections are encrypted. */
import { guarded } from '../../socket/accept.ts'
import type { Address } from '../../socket/address.ts'
import { HostDecorator } from '../../socket/decorate.ts'
import type { Accept, Connection, ConnectOptions, Host, Listener, ListenOptions } from '../../socket/host.ts'
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
 * await serve(tlsHost(kernelHost(), { server: { certificates } }), handler, { address: '::', port: 443 })
 *
 * @throws TlsError TLS_SETTINGS for certificates that cannot be used.
 */
export function tlsHost(host: Host, options: TlsHostOptions): Host {
  return new TlsHost(host, options)
}

class TlsHost extends HostDecorator {
  readonly #options: TlsHostOptions
  readonly #client: ClientTls

  constructor(host: Host, options: TlsHostOptions) {
    super(overNodeSockets(host))
    this.#options = options
    this.#client = clientTls(options.client)
  }

  override async listen(at: Address, accept: Accept, options: ListenOptions = {}): Promise<Listener> {
    const { server } = this.#options
    if (server === undefined)
      throw new TlsError(
        'TLS_SETTINGS',
        'a host that listens with TLS needs certificates: tlsHost(host, { server: { certificates } })',
      )
    const secure = new SecureServer(this.of, server, guarded(accept, options))
    const listener = await this.of.listen(at, (carrier) => secure.take(carrier), options)
    return new TlsListener(listener, secure)
  }

  /** The certificate must be for the address that is connected to: to ask for a name, secure a connection by `clientTls`. */
  override async connect(to: Address, options: ConnectOptions = {}): Promise<Connection> {
    const carrier = await this.of.connect(to, options)
    const { signal } = options
    const serverName = to.address ?? ''
    return this.#client.secure(this.of, carrier, { serverName, ...(signal !== undefined && { signal }) })
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
