/** A proxy that runs: its servers, the routes of the moment, and how the routes are changed without losing a request. */

import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import type { Timer } from '../../base/clock.ts'
import { ms } from '../../base/duration.ts'
import { Fault } from '../../base/fault.ts'
import { Trust } from '../../http/forwarded/trust.ts'
import { type Exchange, type HttpServer, serve } from '../../http/index.ts'
import { type Address, formatAddress, type Host, proxied } from '../../socket/index.ts'
import { Certificates, type Identity, tlsHost } from '../../tls/index.ts'
import type { Terminal } from '../terminal.ts'
import { type Config, parseListen, STOP_TIME } from './config.ts'
import { type LogFormat, logLine } from './log.ts'
import { type DoneRecord, Routes } from './routes.ts'

/** Lines of the log are written together. */
const LOG_WAIT = ms(100)
const LOG_BYTES = 65_536

interface Listening {
  readonly server: HttpServer
  /** What it shows to clients; null where it listens without TLS. */
  readonly certificates: Certificates | null
  /** What cannot be changed while it listens. */
  readonly fixed: string
}

type Entry = NonNullable<Config['listen']>[number]

export class ProxyServer {
  readonly #host: Host
  readonly #terminal: Terminal
  readonly #folder: string
  /** By address, as text. */
  readonly #servers = new Map<string, Listening>()
  #config: Config
  #routes: Routes
  #trust: Trust | null
  #lines = ''
  #timer: Timer | null = null
  /** How often each class of statuses was answered: 2xx, 3xx, … */
  readonly #answered = new Map<string, number>()
  #reloads = 0
  #failed = 0

  /** @param folder of the file: where its paths begin. @throws what the proxies have against their options. */
  constructor(host: Host, terminal: Terminal, config: Config, folder: string) {
    this.#host = host
    this.#terminal = terminal
    this.#config = config
    this.#folder = folder
    this.#routes = new Routes(host, config, folder, this.#done)
    this.#trust = trustOf(config)
  }

  /** Listens everywhere. Rejects where that cannot be, and then listens nowhere. */
  async start(): Promise<void> {
    try {
      await this.#listen(this.#config)
    } catch (error) {
      await this.stop()
      throw error
    }
  }

  /** Where it listens. */
  get places(): readonly Address[] {
    return [...this.#servers.values()].map(({ server }) => server.local)
  }

  /**
   * Goes on with another configuration: new connections and new requests are answered by it from now on, those that have begun end as
   * they began. Rejects, and changes nothing, where a new place cannot be listened at.
   */
  async reload(config: Config): Promise<void> {
    const routes = new Routes(this.#host, config, this.#folder, this.#done, this.#routes)
    const trust = trustOf(config)
    try {
      await this.#listen(config)
    } catch (error) {
      routes.retire(this.#routes)
      throw error
    }
    const before = this.#routes
    this.#routes = routes
    this.#trust = trust
    this.#config = config
    before.retire(routes)
    const wanted = new Set(placesOf(config).map(({ key }) => key))
    for (const [key, { server }] of [...this.#servers]) {
      if (wanted.has(key)) continue
      this.#servers.delete(key)
      void server.close(config.stopTime ?? STOP_TIME)
    }
    this.#reloads++
  }

  /** A new file could not be used. */
  reloadFailed(): void {
    this.#failed++
  }

  /** Answers what is under way, and ends. */
  async stop(): Promise<void> {
    const within = this.#config.stopTime ?? STOP_TIME
    await Promise.all([...this.#servers.values()].map(({ server }) => server.close(within)))
    this.#routes.end()
    this.#flush()
  }

  /** What there is to say of it, in lines. */
  status(): string {
    const servers = [...this.#servers.values()].map(({ server }) => server)
    const connections = servers.reduce((sum, server) => sum + server.connections, 0)
    const proxies = [...this.#routes.proxies]
    const active = proxies.reduce((sum, proxy) => sum + proxy.active, this.#routes.forward?.tunnels ?? 0)
    const answered = [...this.#answered].toSorted().map((pair) => pair.join(' '))
    const first = `${connections} connections, ${active} under way; answered ${answered.join(', ') || 'nothing yet'}; reloads ${this.#reloads}, failed ${this.#failed}`
    const upstreams = proxies
      .flatMap((proxy) => proxy.upstreams)
      .map(
        (up) =>
          `${up.name} ${up.state}, ${up.active} under way, ${up.requests} asked, ${up.failures} failed, ${up.connections} connections`,
      )
    return `${[first, ...upstreams].join('\n')}\n`
  }

  /** Opens what is not open yet. */
  async #listen(config: Config): Promise<void> {
    const opened: string[] = []
    try {
      for (const { key, at, entry } of placesOf(config)) {
        const { proxyProtocol, tls } = typeof entry === 'string' ? {} : entry
        const fixed = JSON.stringify([proxyProtocol, tls === undefined, config.limits])
        const there = this.#servers.get(key)
        const identities = tls?.map((each) => this.#identity(each))
        if (there === undefined) {
          const certificates = identities === undefined ? null : new Certificates(identities)
          this.#servers.set(key, {
            server: await this.#serve(at, proxyProtocol, certificates, config),
            certificates,
            fixed,
          })
          opened.push(key)
        } else {
          // Renewed ones are shown from now on; open connections stay.
          if (identities !== undefined) there.certificates?.use(identities)
          if (there.fixed !== fixed)
            this.#terminal.error(
              `${key}: proxyProtocol, limits, and whether there is TLS stay as they were until the proxy is started anew\n`,
            )
        }
      }
    } catch (error) {
      for (const key of opened) {
        void this.#servers.get(key)!.server.close()
        this.#servers.delete(key)
      }
      throw error
    }
  }

  #identity({ certificate, key }: { readonly certificate?: string; readonly key?: string }): Identity {
    const read = (path = '') => readFileSync(resolve(this.#folder, path), 'utf8')
    return { certificate: read(certificate), key: read(key) }
  }

  #serve(
    at: Address,
    from: readonly string[] | undefined,
    certificates: Certificates | null,
    config: Config,
  ): Promise<HttpServer> {
    // The PROXY header comes before the handshake.
    const carrier = from === undefined ? this.#host : proxied(this.#host, { from })
    const host = certificates === null ? carrier : tlsHost(carrier, { server: { certificates } })
    const place = at.path === undefined ? { address: at.address, port: at.port } : { unix: at.path }
    return serve(host, this.#handle, {
      ...place,
      connect: this.#handle,
      limits: config.limits ?? {},
      onError: (error) =>
        void this.#terminal.error(`${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`),
    })
  }

  readonly #handle = (received: Exchange): void | Promise<void> => {
    const exchange = this.#trust === null ? received : this.#trust.see(received)
    if (exchange instanceof Fault) received.reply(400, ['Content-Type', 'text/plain'], `${exchange.why}\n`)
    else return this.#routes.handle(exchange)
  }

  readonly #done = (record: DoneRecord): void => {
    const kind = record.status === 0 ? 'client gone' : `${Math.floor(record.status / 100)}xx`
    this.#answered.set(kind, (this.#answered.get(kind) ?? 0) + 1)
    const format: LogFormat = this.#config.log ?? 'common'
    if (format === 'none') return
    const { clock } = this.#host
    this.#lines += logLine(format, record, clock.wallMillis())
    if (this.#lines.length > LOG_BYTES) this.#flush()
    else this.#timer ??= clock.at(clock.now() + LOG_WAIT, () => this.#flush())
  }

  #flush(): void {
    this.#timer?.cancel()
    this.#timer = null
    if (this.#lines !== '') this.#terminal.out(this.#lines)
    this.#lines = ''
  }
}

function trustOf({ trust }: Config): Trust | null {
  if (trust === undefined) return null
  const options = 'from' in trust || !Array.isArray(trust) ? { from: [], ...trust } : { from: trust }
  return new Trust('trust', options)
}

/** Where a configuration listens, and by which key. */
function placesOf(config: Config): { readonly key: string; readonly at: Address; readonly entry: Entry }[] {
  return (config.listen ?? ['8080']).map((entry) => {
    const at = parseListen(typeof entry === 'string' ? entry : (entry.at ?? '8080'))!
    return { key: formatAddress(at), at, entry }
  })
}
