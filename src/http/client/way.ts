/** The way to an origin: directly or through a proxy, and secured where its scheme says so. */
import { clientTls } from '#tls'
import type { Connection, Host } from '../../socket/host.ts'
import type { ClientTls } from '../../tls/settings.ts'
import { dial, type Resolve } from '../dial.ts'
import type { FieldLines } from '../exchange.ts'
import type { Origin } from '../origin.ts'
import { proxyOrigin, tunnel } from './tunnel.ts'

/** The HTTP proxy through which a client reaches its origins. */
export interface ProxyOptions {
  /** `http://proxy.example:3128`. */
  readonly url: string
  /** Reach http origins, too, through CONNECT instead of asking the proxy for whole URLs; https origins always are. */
  readonly tunnel?: boolean
  /** For the proxy alone: Proxy-Authorization. */
  readonly fields?: FieldLines
}

/** How a client finds its origins. */
export interface WayOptions {
  /** The proxy that all requests go through; without it origins are reached directly. */
  readonly proxy?: ProxyOptions
  /** In place of `host.lookup`. */
  readonly resolve?: Resolve
  /** How https is secured; default `clientTls()`: TLS 1.2 or later, and the authorities that the system trusts. */
  readonly tls?: ClientTls
}

export class Ways {
  readonly #host: Host
  readonly #options: WayOptions
  #tls: ClientTls | null

  constructor(host: Host, options: WayOptions) {
    this.#host = host
    this.#options = options
    this.#tls = options.tls ?? null
  }

  /** Whether a proxy is asked for the origin's whole URLs. */
  isAbsolute({ scheme }: Origin): boolean {
    const { proxy } = this.#options
    return proxy !== undefined && proxy.tunnel !== true && scheme === 'http'
  }

  /**
   * A connection on which the origin can be asked. Rejects with `SocketError`, `RequestError` 'tunnel', `TlsError`.
   * @param protocols to be offered over https (ALPN), best first
   */
  async open(origin: Origin, protocols: readonly string[], signal: AbortSignal): Promise<Connection> {
    if (origin.scheme === 'http') return this.#carrier(this.#host, origin, signal)
    // Made at the first use: the system's authorities take some milliseconds to read.
    this.#tls ??= clientTls()
    const carrier = await this.#carrier(this.#tls.carrier(this.#host), origin, signal)
    return this.#tls.secure(this.#host, carrier, { serverName: origin.host, protocols, signal })
  }

  #carrier(host: Host, origin: Origin, signal: AbortSignal): Promise<Connection> {
    const { proxy, resolve } = this.#options
    if (proxy === undefined) return dial(host, origin.host, origin.port, signal, resolve)
    if (this.isAbsolute(origin)) {
      const at = proxyOrigin(proxy.url)
      return dial(host, at.host, at.port, signal, resolve)
    }
    return tunnel(host, proxy.url, `${origin.host}:${origin.port}`, { fields: proxy.fields ?? [], signal, resolve })
  }
}
