/** The handlers of a configuration: which route answers, and what becomes of proxies that a new file still has. */

import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import {
  type Exchange,
  type ForwardProxy,
  type ForwardRecord,
  forwardProxy,
  type ProxyRecord,
  type ReverseProxy,
  type ReverseProxyOptions,
  reverseProxy,
} from '../../http/index.ts'
import type { Host } from '../../socket/index.ts'
import { type ClientTls, clientTls } from '../../tls/index.ts'
import type { Config, RouteConfig } from './config.ts'

/** What an access log tells of an exchange. */
export type DoneRecord = Pick<
  ProxyRecord,
  'exchange' | 'status' | 'requestBytes' | 'responseBytes' | 'failure' | 'gone' | 'nanos'
> & {
  readonly upstream?: string | null
  readonly user?: string | null
}

/** Told of every exchange. */
export type OnDone = (record: DoneRecord) => void

interface Route {
  readonly hosts: readonly string[]
  readonly path: string
  readonly scheme: 'http' | 'https' | undefined
  answer(exchange: Exchange): void | Promise<void>
}

/** A configuration at work. */
export class Routes {
  readonly #host: Host
  readonly #folder: string
  readonly #onDone: OnDone
  /** By what was said of them: the same words in a new file are the same proxy, with its connections and its upstreams' health. */
  #proxies: ReadonlyMap<string, ReverseProxy>
  readonly #routes: readonly Route[]
  readonly #forward: ForwardProxy | null
  #forwardKey: string | undefined = undefined

  /** @param folder of the file: where its paths begin. @throws what the proxies have against their options. */
  constructor(host: Host, config: Config, folder: string, onDone: OnDone, before: Routes | null = null) {
    this.#host = host
    this.#folder = folder
    this.#onDone = onDone
    const proxies = new Map<string, ReverseProxy>()
    const kept = before === null ? new Map<string, ReverseProxy>() : before.#proxies
    this.#proxies = proxies
    try {
      this.#routes = (config.routes ?? []).map((route) => this.#route(route, proxies, kept))
      this.#forward = this.#forwardOf(config, before)
    } catch (error) {
      for (const [key, proxy] of proxies) if (!kept.has(key)) proxy.close()
      throw error
    }
  }

  /** Lets go of what the next routes do not have; what is under way ends in its own time. */
  retire(next: Routes): void {
    for (const [key, proxy] of this.#proxies) if (!next.#proxies.has(key)) proxy.close()
    if (this.#forward !== next.#forward) this.#forward?.close()
  }

  /** Ends everything. */
  end(): void {
    for (const proxy of this.#proxies.values()) proxy.end()
    this.#forward?.end()
  }

  #forwardOf({ forward }: Config, before: Routes | null): ForwardProxy | null {
    this.#forwardKey = JSON.stringify(forward)
    if (forward === undefined) return null
    if (before !== null && before.#forward !== null && before.#forwardKey === this.#forwardKey) return before.#forward
    return forwardProxy(this.#host, { ...forward, onDone: (record: ForwardRecord) => this.#onDone(record) })
  }

  /** For what is said of the proxy on request. */
  get proxies(): Iterable<ReverseProxy> {
    return this.#proxies.values()
  }

  get forward(): ForwardProxy | null {
    return this.#forward
  }

  handle(exchange: Exchange): void | Promise<void> {
    if (this.#forward !== null) return this.#forward(exchange)
    const route = this.#find(exchange)
    if (route !== undefined) return route.answer(exchange)
    this.#reply(exchange, 404, ['Content-Type', 'text/plain'], 'there is nothing here\n')
  }

  /** The first in the file that fits. */
  #find({ authority, path, scheme }: Exchange): Route | undefined {
    const name = authority.replace(/:\d+$/, '').toLowerCase().replace(/\.$/, '')
    const seen = resolved(path)
    return this.#routes.find(
      (route) =>
        (route.scheme === undefined || route.scheme === scheme) &&
        (route.hosts.length === 0 ||
          route.hosts.some(
            (host) => host === name || (host.startsWith('.') && (name.endsWith(host) || name === host.slice(1))),
          )) &&
        isBelow(seen, route.path),
    )
  }

  #route(config: RouteConfig, proxies: Map<string, ReverseProxy>, kept: ReadonlyMap<string, ReverseProxy>): Route {
    const { host = [], path = '/', scheme, to, redirect, respond, status } = config
    const place = { hosts: host.map((name) => name.toLowerCase()), path: resolved(path), scheme }
    if (redirect !== undefined)
      return {
        ...place,
        answer: (exchange) => this.#reply(exchange, status ?? 308, ['Location', redirected(redirect, exchange)], null),
      }
    if (respond !== undefined)
      return {
        ...place,
        answer: (exchange) =>
          this.#reply(exchange, status ?? 200, ['Content-Type', 'text/plain; charset=utf-8'], respond),
      }
    const authorities = config.tls?.trust?.map((path) => readFileSync(resolve(this.#folder, path), 'utf8'))
    // Whom a route trusts is what stands in the files now: an authority that was taken out is trusted no longer.
    const key = JSON.stringify([config, authorities])
    const proxy =
      proxies.get(key) ?? kept.get(key) ?? reverseProxy(this.#host, optionsOf(config, to!, authorities, this.#onDone))
    proxies.set(key, proxy)
    return { ...place, answer: proxy }
  }

  #reply(exchange: Exchange, status: number, fields: readonly string[], body: string | null): void {
    exchange.reply(status, fields, body)
    const responseBytes = body === null ? 0 : Buffer.byteLength(body)
    this.#onDone({ exchange, status, requestBytes: 0, responseBytes, failure: null, gone: false, nanos: 0 })
  }
}

function optionsOf(
  config: RouteConfig,
  to: NonNullable<RouteConfig['to']>,
  authorities: readonly string[] | undefined,
  onDone: OnDone,
): ReverseProxyOptions {
  const {
    host: _host,
    path: _path,
    scheme: _scheme,
    redirect: _redirect,
    respond: _respond,
    status: _status,
    sendHost,
    tls,
    ...rest
  } = config
  const host =
    sendHost === undefined || sendHost === 'keep' || sendHost === 'upstream' ? (sendHost ?? 'keep') : { name: sendHost }
  const secure = tls === undefined ? {} : { tls: clientTlsOf(tls, authorities) }
  return { ...rest, ...secure, to, host, onDone } as ReverseProxyOptions
}

function clientTlsOf(
  { dangerouslyAcceptAnyCertificate }: NonNullable<RouteConfig['tls']>,
  authorities: readonly string[] | undefined,
): ClientTls {
  return clientTls({
    acceptAnyCertificate: dangerouslyAcceptAnyCertificate === true,
    ...(authorities === undefined ? {} : { trust: authorities }),
  })
}

/** A path alone is the new one; a URL that ends in a slash has the rest of the path put behind it. */
function redirected(to: string, { path, query }: Exchange): string {
  if (!to.endsWith('/') || to.startsWith('/')) return to
  return to + path.slice(1) + (query === '' ? '' : `?${query}`)
}

/**
 * The path as an upstream is likely to read it: what is encoded without need decoded, empty segments and `.` gone. A route that
 * keeps strangers from `/admin` must be met by `//admin`, `/./admin` and `/%61dmin`, too. It is for the choice alone: what is sent
 * on is what has come.
 */
function resolved(path: string): string {
  if (!/%|\\|\/\/|\/\./.test(path)) return path
  const plain = path.replace(/%(?!25)([2-7][0-9a-f])/gi, (_, code: string) =>
    String.fromCharCode(Number.parseInt(code, 16)),
  )
  return plain.replace(/[\\/](?:\.?[\\/])*(?:\.$)?/g, '/')
}

function isBelow(path: string, prefix: string): boolean {
  if (!path.startsWith(prefix)) return path === '*'
  return prefix.endsWith('/') || path.length === prefix.length || path[prefix.length] === '/'
}
