/** The application: routes, hooks and settings, and the one function that answers. */

import { Slot, surround } from '../../base/ambient.ts'
import type { Duration } from '../../base/duration.ts'
import type { Machine } from '../../base/machine.ts'
import { portProblem } from '../../base/port.ts'
import { type Report, report } from '../../base/report.ts'
import { currentMachine, ownMachine, work } from '../../base/work.ts'
import { answer, type Exchange, type HttpServer, type ServeOptions, serve } from '../../http/index.ts'
import { databases as databasesSlot } from '../../models/database/databases.ts'
import { type Class, createAllTables, type Database, Databases } from '../../models/index.ts'
import type { Address } from '../../socket/address.ts'
import type { Host } from '../../socket/host.ts'
import { UsageError } from '../errors.ts'
import { consoleLog, type FailureLog, writeTo } from '../ground/log.ts'
import { type AnyGroup, Group, type Part, partsIn } from '../groups/group.ts'
import type { Command, Finding } from '../groups/operation.ts'
import { checkedLimits, WEB_LIMITS } from '../limits.ts'
import { largestForm } from '../request/form-reading.ts'
import type { AnyRoute } from '../routing/address.ts'
import { addresses } from '../routing/address.ts'
import { SecurityHeaders } from '../security/headers.ts'
import { HostCheck } from '../security/hosts.ts'
import { checkSecrets } from '../security/signing.ts'
import { SessionKeeper } from '../sessions/keeper.ts'
import { type Answerer, answerExchange } from './answer.ts'
import { findings } from './checks.ts'
import { compile, type RouteEntry } from './compile.ts'
import { optionsOfCall } from './fetch-options.ts'
import { Life, type LifeHook } from './lifecycle.ts'
import type { SiteOptions, TemplateEngine } from './options.ts'
import type { Place } from './place.ts'
import { type Holdings, originOf, Scope } from './scope.ts'
import { SiteSigner } from './signer.ts'
import { reportTo } from './surroundings.ts'

/** The outermost site whose code runs. */
export const slot = new Slot<Site<never>>('site')

/** The outermost site whose code runs; undefined outside its requests and of `site.run`. */
export function currentSite(): Site<never> | undefined {
  return slot.get()
}

/** What a site is given beside its options. */
export interface SiteParts {
  /** Made when the site begins: from the templates of the site and of its parts. */
  readonly engine: (directories: readonly string[], filters: Part['filters']) => TemplateEngine | null
  /** The one database of its models, or several that say whose rows they hold. */
  readonly database: Database | Databases | null
  /** Whether the site has opened the database, and closes it. */
  readonly ownsDatabase: boolean
  readonly models: readonly Class<object>[]
}

/** Answers as a test wants it: a name that a template does not find is an error. */
export let answerStrictly: (site: Site<never>, exchange: Exchange) => void | Promise<void>

/** What holds outside all groups of a site. */
export let rootOf: (site: Site<never>) => Place

/** What `site.fetch` may be told beside the request. */
export interface FetchOptions {
  /** Whose clock, randomness and event log the request goes by; default: that of the site. */
  readonly machine?: Machine
  /** Where the request came from; default: this machine. */
  readonly remote?: Address
}

/**
 * A web application: made by `app()`.
 * @typeParam U a signed-in user.
 */
export class Site<U = never> extends Group<U | null> {
  readonly #options: SiteOptions<never>
  readonly #given: SiteParts
  readonly #sessions: SessionKeeper
  readonly #hosts: HostCheck
  readonly #life = new Life()
  readonly #servers = new Set<HttpServer>()
  #adopted = false
  readonly #log: FailureLog
  readonly #report: Report
  #engine: TemplateEngine | null | undefined
  #answerer: Answerer | null = null

  static {
    answerStrictly = (site, exchange) => site.#answer(exchange, true)
    rootOf = (site) => site.#begun().compiled.root
  }

  constructor(options: SiteOptions<U>, given: SiteParts) {
    super('')
    this.#options = options as unknown as SiteOptions<never>
    this.#given = given
    const { secret, sessions = null, debug = false, users, limits } = options
    const { hosts = [], origin, dangerouslyAnyHost = false, headers } = options
    // What the site calls itself is one of its hosts.
    const own = origin === undefined ? [] : [new URL(originOf(origin)).host]
    this.#hosts = new HostCheck(typeof hosts === 'string' ? hosts : [...hosts, ...own], dangerouslyAnyHost)
    new SecurityHeaders(headers ?? {}) // a mistake in them shows where they are written
    this.#sessions = new SessionKeeper(secret, sessions, debug, { ...WEB_LIMITS, ...checkedLimits('app()', limits) })
    if (users !== undefined && !debug) checkSecrets(this.#sessions.secrets)
    this.#log = options.log ?? consoleLog
    this.#report = reportTo(this.#log)
    const { database } = given
    if (given.ownsDatabase && database !== null && 'close' in database) this.#life.onStop(() => database.close())
  }

  /**
   * Closes the registration and checks it. The first request does it when nobody has.
   * @throws RouteError for routes that are in each other's way, SecretError when it is plain that a secret will be
   * needed and there is none.
   */
  begin(): this {
    const { compiled } = this.#begun()
    if (compiled.signs) this.#sessions.check()
    return this
  }

  #begun(): Answerer {
    return (this.#answerer ??= this.#compile())
  }

  #compile(): Answerer {
    const options = this.#options
    const scope = Scope.outermost(options, this.#sessions, this.#holdings())
    const compiled = compile(this as unknown as AnyGroup, scope, {
      scopeOf: (site, outer, prefix) => {
        if (!(site instanceof Site)) throw new UsageError(`mount('${prefix}'): mount a site, a part or an HTTP handler`)
        return outer.mounted(site.#options, site.#holdings(), prefix)
      },
    })
    return {
      compiled,
      hosts: this.#hosts,
      refused: new Set(),
      site: this,
      report: this.#report,
    }
  }

  /** What this site and the parts in it bring, whatever it is mounted in. */
  #holdings(): Holdings {
    const parts = partsIn(this as unknown as AnyGroup)
    const directories = parts.flatMap(({ templates = [] }) => templates)
    const filters = Object.assign({}, ...parts.map((part) => part.filters ?? {}))
    this.#engine ??= this.#given.engine(directories, filters)
    return { engine: this.#engine, databases: (outer) => this.#databasesIn(outer) }
  }

  /** One value for each place that the site is mounted at: its own databases, within those of the site around. */
  #databasesIn(outer: Databases | null): Databases | null {
    const { database } = this.#given
    if (database === null) return outer
    if (database instanceof Databases) return new Databases([], database)
    return new Databases([[database, this.models]], outer)
  }

  /** The models whose rows are in the site's database: its own, and those of the parts in it. */
  get models(): readonly Class<object>[] {
    const ofParts = partsIn(this as unknown as AnyGroup).flatMap((part) => part.models ?? [])
    return [...new Set([...this.#given.models, ...ofParts])]
  }

  /** Where the rows of its models are; null when the site has no database. */
  get databases(): Databases | null {
    return this.#answerer === null ? this.#databasesIn(null) : this.#answerer.compiled.root.scope.databases
  }

  /** Whose clock, randomness and log `fetch` and `run` go by, when they are not told. */
  get machine(): Machine {
    return this.#options.machine ?? ownMachine()
  }

  /** What parts let an operator do. */
  get commands(): readonly Command[] {
    return this.#begun().compiled.parts.flatMap((part) => part.commands ?? [])
  }

  /** The directories of the parts' migrations. */
  get migrations(): readonly string[] {
    return this.#begun().compiled.parts.flatMap((part) => part.migrations ?? [])
  }

  /** What is worth a second look in how the site is set up, before it is served to others. */
  check(): Promise<readonly Finding[]> {
    return this.run(() => findings(this.#options, this.#begun().compiled.parts))
  }

  /** All routes in order of registration, for people and tools. Closes the registration. */
  routes(): readonly RouteEntry[] {
    return this.#begun().compiled.catalog
  }

  /**
   * The address of a route on this site, with the prefixes of groups and mounts: what `route(params)` is within its
   * requests. What the pattern has no place for goes into the query.
   * @throws RouteError for a route that stands at several places, or values that do not fit.
   */
  url(route: AnyRoute | string, values?: object): string {
    return this.#begun().compiled.root.address(route, values)
  }

  /**
   * Signs texts for a purpose of the program's own: `site.signer('password reset').sign(String(user.id))`. What was
   * signed for one purpose does not count for another.
   * @throws SecretError when the site has no secret.
   */
  signer(purpose: string): SiteSigner {
    return new SiteSigner(this.#sessions.signer(`program: ${purpose}`, this.machine), currentMachine)
  }

  /**
   * Runs code as the site's requests run: models find its database, routes their addresses. For scripts, workers, tests.
   * Leaves the registration open.
   *
   * @example
   * await site.run(async () => Post.where({ draft: true }).delete())
   */
  run<T>(code: () => T | PromiseLike<T>): Promise<T> {
    const machine = work.get()?.machine ?? this.machine
    const around = {
      [slot.name]: this,
      [report.name]: this.#report,
      [work.name]: { machine, events: machine.events, exchange: 0 },
      // Before the site has begun it knows no addresses.
      [addresses.name]: this.#answerer?.compiled.root,
      [databasesSlot.name]: this.databases ?? undefined,
    }
    // A query begins when it is awaited, and that must be in here.
    return surround(around, async () => await code())
  }

  /** Makes the tables that are missing. @throws SchemaMismatchError when one is not as its model says. */
  async createTables(): Promise<void> {
    const { databases } = this
    if (databases === null)
      throw new UsageError("site.createTables(): the site has no database: app({ db: 'sqlite:FILE', models: […] })")
    await createAllTables(databases)
  }

  /** Runs before the first request is answered, in order; requests wait for it. */
  onStart(hook: LifeHook): this {
    this.#life.onStart(() => this.run(hook))
    return this
  }

  /** Runs when the site is closed, in the opposite order, after the requests under way. */
  onStop(hook: LifeHook): this {
    this.#life.onStop(() => this.run(hook))
    return this
  }

  /** Begins, and runs what `onStart` was given. `serve` and the first request do it when nobody has. */
  start(): Promise<void> {
    this.#adopt()
    return this.#life.start()
  }

  /** What parts and mounted sites have to do first and last is done with what the site itself has. */
  #adopt(): void {
    if (this.#adopted) return
    this.begin()
    this.#adopted = true
    const { parts, groups } = this.#begun().compiled
    for (const part of parts) {
      if (part.onStart) this.#life.onStart(() => this.run(() => part.onStart!()))
      if (part.onStop) this.#life.onStop(() => this.run(() => part.onStop!()))
    }
    for (const site of new Set(groups)) {
      if (!(site instanceof Site) || (site as unknown) === this || !site.#hasLife()) continue
      this.#life.onStart(() => site.start())
      this.#life.onStop(() => site.close())
    }
  }

  #hasLife(): boolean {
    return this.#given.ownsDatabase || this.#life.hooks > 0 || partsIn(this as unknown as AnyGroup).length > 0
  }

  /**
   * Serves the site over HTTP from a host: `await site.serve(kernelHost(), { port: 8000 })`. Bodies may be as large as
   * the site's own limits let a form be, unless `options.limits.bodyBytes` says otherwise.
   */
  async serve(host: Host, options: ServeOptions = {}): Promise<HttpServer> {
    const wrong = options.port === undefined ? null : portProblem(options.port)
    if (wrong !== null) throw new UsageError(`site.serve({ port }): ${wrong}: write Number(process.env.PORT)`)
    await this.start()
    const limits = { bodyBytes: this.#largestBody(), ...options.limits }
    const server = await serve(host, this.handle, { ...options, limits })
    this.#servers.add(server)
    return server
  }

  /** The largest that any route lets a body be. */
  #largestBody(): number {
    const { compiled } = this.#begun()
    const sizes = [...compiled.table.endpoints()].flatMap(({ value }) =>
      [...value.byMethod.values()].map(({ scope }) => scope.limits),
    )
    return Math.max(
      ...[compiled.root.scope.limits, ...sizes].map((limits) => Math.max(limits.bodyBytes, largestForm(limits))),
    )
  }

  /**
   * Closes the servers that `serve` has opened, letting requests under way end, then runs what `onStop` was given, and
   * closes the database where the site has opened it.
   *
   * @example
   * process.on('SIGTERM', () => site.close())
   * @param within after so long what is still under way is broken off
   */
  async close(within?: Duration): Promise<void> {
    await Promise.all([...this.#servers].map((server) => server.close(within)))
    this.#servers.clear()
    await this.#life.close()
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  /** Answers an exchange: the site as an HTTP `Handler`. Usable without `this`. */
  readonly handle = (exchange: Exchange): void | Promise<void> => this.#answer(exchange, false)

  #answer(exchange: Exchange, strict: boolean): void | Promise<void> {
    if (!this.#adopted) this.#adopt()
    const starting = this.#life.started()
    if (starting === undefined) return answerExchange(this.#begun(), exchange, strict)
    return starting.then(
      () => answerExchange(this.#begun(), exchange, strict),
      (error: unknown) => this.#unavailable(exchange, error),
    )
  }

  /** A site that could not start, or is closed. */
  #unavailable(exchange: Exchange, error: unknown): void {
    const { method, path } = exchange
    if (this.#life.state !== 'closed' && this.#life.state !== 'closing')
      writeTo(this.#log, { reference: '', error, method, path, route: '' })
    const fields = ['Content-Type', 'text/plain; charset=utf-8', 'Cache-Control', 'no-store']
    exchange.reply(503, fields, 'Service Unavailable\n')
  }

  /**
   * The whole site as a function from request to response: for tests, for other servers, for service workers.
   * @param options what runtimes and frameworks pass second (an environment, a server, a context) is left alone, except
   * that the client's address is taken from Deno's and Bun's.
   */
  readonly fetch = (request: Request, options?: FetchOptions | object): Promise<Response> => {
    const { machine, remote } = optionsOfCall(options, request)
    return answer(this.handle, request, machine ?? this.machine, {
      ...(remote && { remote }),
      onError: (error) => {
        const { method, url } = request
        writeTo(this.#log, { reference: '', error, method, path: new URL(url).pathname, route: '' })
      },
    })
  }
}
