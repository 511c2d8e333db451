/** The way to an origin: directly or through a proxy, and secured where its scheme says so. */
import { clientTls } from '#tls'
import type { Connection, Host } from '../../socket/host.ts'
import type { ClientTls } from '../../tls/settings.ts'
import { dial, type Resolve } from '../dial.ts'
import type { FieldLines } from '../exchange.ts'
import type { Origin } from '../origin.ts'
import { type ProxyChoice, type ProxyOptions, type ProxyWay, proxyOf } from './proxies/choice.ts'
import { socksTunnel } from './proxies/socks.ts'
import { proxyOrigin, tunnel } from './tunnel.ts'

/** How a client finds its origins. */
export interface WayOptions {
  /**
   * The proxy that all requests go through, or a choice for each origin (`environmentProxies`); without it origins are reached
   * directly.
   */
  readonly proxy?: ProxyOptions | ProxyChoice
  /** In place of `host.lookup`. */
  readonly resolve?: Resolve
  /** How https is secured; default `clientTls()`: TLS 1.2 or later, and the authorities that the system trusts. */
  readonly tls?: ClientTls
}

export class Ways {
  readonly #host: Host
  readonly #options: WayOptions
  readonly #proxyOf: (origin: Origin) => ProxyWay | null
  #tls: ClientTls | null

  constructor(host: Host, options: WayOptions) {
    this.#host = host
    this.#options = options
    this.#tls = options.tls ?? null
    this.#proxyOf = choiceOf(options.proxy)
  }

  /** Whether a proxy is asked for the origin's whole URLs: then what it is told with each request, else null. */
  absolute(origin: Origin): FieldLines | null {
    const proxy = this.#proxyOf(origin)
    return proxy?.kind === 'http' && !proxy.tunnel && origin.scheme === 'http' ? proxy.fields : null
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
    const { resolve } = this.#options
    const proxy = this.#proxyOf(origin)
    if (proxy === null) return dial(host, origin.host, origin.port, signal, resolve)
    if (proxy.kind === 'socks') return socksTunnel(host, proxy.at, origin.host, origin.port, signal, resolve)
    if (this.absolute(origin) !== null) {
      const at = proxyOrigin(proxy.url)
      return dial(host, at.host, at.port, signal, resolve)
    }
    return tunnel(host, proxy.url, `${origin.host}:${origin.port}`, { fields: proxy.fields, signal, resolve })
  }
}

/** @throws HttpMisuse for a URL that is no proxy's: at once where there is one proxy for all. */
function choiceOf(proxy: ProxyOptions | ProxyChoice | undefined): (origin: Origin) => ProxyWay | null {
  if (proxy === undefined) return () => null
  if (typeof proxy !== 'function') {
    const fixed = proxyOf(proxy)
    return () => fixed
  }
  return (origin) => {
    const chosen = proxy(origin)
    return chosen === null ? null : proxyOf(chosen)
  }
}
