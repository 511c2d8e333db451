/** The application: routes, hooks and settings, and the one function that answers. */

import { surround } from '../../base/ambient.ts'
import { stopwatch } from '../../base/clock.ts'
import { type EventLog, RecordingLog, silent, tee } from '../../base/events.ts'
import type { Machine } from '../../base/machine.ts'
import { systemMachine } from '../../base/node/machine.ts'
import { work } from '../../base/work.ts'
import { answer, type Exchange, type HttpServer, type ServeOptions, serve } from '../../http/index.ts'
import type { Databases } from '../../models/database/databases.ts'
import { createAllTables } from '../../models/schema.ts'
import type { Host } from '../../socket/host.ts'
import { explain } from '../errors/answer.ts'
import { legible } from '../errors/log.ts'
import type { WebDoneEvent } from '../events.ts'
import { largestForm } from '../forms/reading.ts'
import { RECORD_LIMIT } from '../limits.ts'
import { RouteError } from '../routing/pattern.ts'
import type { Base } from '../routing/route.ts'
import { type Compiled, compile, type RouteEntry } from './compile.ts'
import { Context } from './context/context.ts'
import { withCurrent } from './current.ts'
import { checkHost, dispatch } from './dispatch.ts'
import { Group, type Mounted, type MountTarget, type Registration, type Registry, type Teardown } from './group.ts'
import type { Maybe } from './maybe.ts'
import { handleMounted, SiteBase } from './mounting.ts'
import type { SiteOptions, TemplateEngine } from './options.ts'
import type { Answer } from './reply/reply.ts'
import { respond } from './reply/respond.ts'
import { Services } from './services.ts'

/** @typeParam U a signed-in user. */
export class Site<U = never> extends Group<U | null> {
  readonly services: Services
  readonly #registry: SiteRegistry
  /** Where the rows of its models are; set by `app({ db, models })`. */
  databases: Databases | null = null
  #machine: Machine | null
  #compiled: Compiled | null = null

  constructor(options: SiteOptions<U>, templates: TemplateEngine | null) {
    const registry = new SiteRegistry()
    super(registry, null, '', false, new SiteBase())
    this.#registry = registry
    this.services = new Services(options as unknown as SiteOptions<never>, templates)
    this.#machine = options.machine ?? null
    registry.site = this as unknown as Site<never>
  }

  /**
   * Closes the registration and checks it. The first request does it when nobody has.
   * @throws RouteError for routes that are in each other's way, SecretError when it is plain that a secret will be
   * needed and there is none.
   */
  begin(): this {
    this.#checkSecret()
    this.#begun()
    return this
  }

  /** Who has templates and takes POST has forms, and their tokens are signed; an API without cookies needs none. */
  #checkSecret(): void {
    const { services } = this
    const { users, options, hasTemplates } = services
    const checked = options.dangerouslyWithoutCsrf !== true
    const signs = ({ group, method, options }: Registration) =>
      group.usersOnly || (hasTemplates && checked && method === 'POST' && options.dangerouslyWithoutCsrf !== true)
    if (users !== null || this.#registry.registrations.some(signs)) services.sessions.check()
    for (const { target } of this.#registry.mounted) if (target instanceof Site) target.#checkSecret()
  }

  #begun(): Compiled {
    if (this.#compiled === null) {
      const csrf = !this.services.options.dangerouslyWithoutCsrf
      const root = this as unknown as Group<never>
      this.#compiled = compile(this.#registry.registrations, root, csrf, this.services.names)
      this.services.catalog = this.#compiled.catalog
      this.#registry.open = false
      // The longest prefix first: `/admin/api` before `/admin`.
      this.#registry.mounted.sort((a, b) => b.prefix.length - a.prefix.length)
    }
    return this.#compiled
  }

  /** Answers an exchange: the site as an HTTP `Handler`. Usable without `this`. */
  readonly handle = (exchange: Exchange): void | Promise<void> => this.handleUnder(exchange, '')

  /** As a site that is mounted at `prefix`. */
  handleUnder(exchange: Exchange, prefix: string): void | Promise<void> {
    const { databases } = this
    if (databases === null) return this.#answer(exchange, prefix)
    const { method, path } = exchange
    return surround({ databases, report: this.#reporter(method, path) }, () => this.#answer(exchange, prefix))
  }

  /** Takes what fails beside a request, with nobody there to catch it. */
  #reporter(method: string, path: string) {
    return (error: unknown, what: string) => this.services.log({ reference: '', error, method, path, route: what })
  }

  /** Runs `code` as the site's own code runs: with its databases and its machine. For scripts, workers and tests. */
  async run<T>(code: () => T | PromiseLike<T>): Promise<T> {
    const { machine, databases } = this
    const own = { [work.name]: { machine, events: machine.events, exchange: 0 }, report: this.#reporter('', '') }
    return surround(databases === null ? own : { ...own, databases }, async () => await code())
  }

  #answer(exchange: Exchange, prefix: string): void | Promise<void> {
    const c = new Context<never, never>(exchange, this.services, prefix)
    const mounted = this.#registry.mounted.length === 0 ? null : this.#mountedAt(c.path)
    const { debug } = this.services
    if (mounted !== null) return this.#handMounted(c, mounted)
    if (!exchange.machine.events.on && !debug) return this.#serve(c, null)
    // A record is kept for the page that explains an error.
    const record = debug ? new RecordingLog(RECORD_LIMIT) : null
    const events: EventLog = tee(exchange.machine.events, record ?? silent)
    return withCurrent({ exchange, events }, () => this.#serve(c, record))
  }

  /** A mounted site has the host checked here, once, by the names of the outermost. */
  #handMounted(c: Context<never, never>, mounted: Mounted): void | Promise<void> {
    this.#begun()
    const { exchange, path, prefix, services } = c
    const known = prefix !== '' || services.hosts.allows(exchange.authority, exchange.local.address ?? '')
    if (!known) return this.#serve(c, null)
    // Another site answers its errors itself; those of a bare handler are answered here.
    const failed = (error: unknown) => this.#failed(c, error, null).then(() => {})
    try {
      const later = handleMounted(exchange, path, prefix, mounted)
      return later instanceof Promise ? later.catch(failed) : later
    } catch (error) {
      return failed(error)
    }
  }

  #mountedAt(path: string): Mounted | null {
    for (const mounted of this.#registry.mounted) {
      const { prefix } = mounted
      if (path.startsWith(prefix) && (path.length === prefix.length || path[prefix.length] === '/')) return mounted
    }
    return null
  }

  #serve(c: Context<never, never>, record: RecordingLog | null): void | Promise<void> {
    const started = c.machine.events.on ? stopwatch(c.machine.clock) : 0
    let sent: Maybe<number>
    try {
      if (c.prefix === '') checkHost(c)
      const given: Maybe<Answer> = dispatch(c, this.#begun())
      sent = given instanceof Promise ? given.then((last) => this.#respond(c, last)) : this.#respond(c, given)
    } catch (error) {
      sent = this.#failed(c, error, record)
    }
    if (!(sent instanceof Promise)) return this.#done(c, sent, started)
    return sent
      .catch((error: unknown) => this.#failed(c, error, record))
      .then((status) => this.#done(c, status, started))
  }

  #respond(c: Context<never, never>, given: unknown): Maybe<number> {
    return respond(c, given, c.chain ?? this.#begun().root)
  }

  /** Answers an error: by the site's own handlers, else with a page. Never throws. */
  async #failed(c: Context<never, never>, thrown: unknown, record: RecordingLog | null): Promise<number> {
    const error = legible(thrown)
    c.failure = error
    const chain = c.chain ?? this.#compiled?.root ?? { before: [], after: [], teardown: [], errors: [] }
    return explain(c, error, chain, record)
  }

  #done(c: Context<never, never>, status: number, started: number): void | Promise<void> {
    const { machine, id } = c.exchange
    if (machine.events.on) {
      const at = machine.clock.now()
      const duration = stopwatch(machine.clock) - started
      const event: WebDoneEvent = { type: 'web.done', at, host: machine.name, exchange: id, status, duration }
      machine.events.emit(event)
    }
    const chain = c.chain ?? this.#compiled?.root
    if (chain === undefined || chain.teardown.length === 0) return
    return this.#teardown(c, chain.teardown)
  }

  /** All of them, whatever the others do. */
  async #teardown(c: Context<never, never>, hooks: readonly Teardown<never>[]): Promise<void> {
    for (const hook of hooks) {
      try {
        await hook(c, c.failure)
      } catch (error) {
        this.services.report(c, error)
      }
    }
  }

  /** All routes in order of registration, for people and tools. Closes the registration. */
  routes(): readonly RouteEntry[] {
    return this.#begun().catalog
  }

  /** Where `fetch` runs when it is not told. */
  get machine(): Machine {
    return (this.#machine ??= systemMachine())
  }

  /** Makes the tables that are missing. @throws SchemaMismatchError when one is not as its model says. */
  async createTables(): Promise<void> {
    if (this.databases === null) throw new Error("the site has no database: app({ db: 'sqlite:FILE', models: […] })")
    await createAllTables(this.databases)
  }

  /**
   * Serves the site over HTTP from a host: `await site.serve(kernelHost(), { port: 8000 })`. Bodies may be as large as
   * the site's own limits let a form be, unless `options.limits.bodyBytes` says otherwise.
   */
  serve(host: Host, options: ServeOptions = {}): Promise<HttpServer> {
    this.begin()
    const { limits } = this.services
    const bodyBytes = Math.max(limits.bodyBytes, largestForm(limits))
    return serve(host, this.handle, { ...options, limits: { bodyBytes, ...options.limits } })
  }

  /** For `Group.mount`. */
  mountIn(outer: Site<never>, at: Base, prefix: string): void {
    ;(this.base as SiteBase).mount(at, prefix)
    this.services.mountIn(outer.services)
  }

  /**
   * The whole site as a function from request to response: for tests, for other servers, for service workers.
   * `machine` gives it the clock, the randomness and the event log; this machine's own by default.
   */
  readonly fetch = (request: Request, machine: Machine = this.machine): Promise<Response> =>
    answer(this.handle, request, machine, {
      onError: (error) =>
        this.services.log({ reference: '', error, method: request.method, path: request.url, route: '' }),
    })
}

class SiteRegistry implements Registry {
  readonly registrations: Registration[] = []
  readonly mounted: Mounted[] = []
  open = true
  site: Site<never> | null = null

  assertOpen(what: string): void {
    if (!this.open) throw new RouteError(`${what} comes too late: the site has begun to answer`)
  }

  adopt(target: MountTarget, prefix: string): void {
    if (!(target instanceof Site)) return
    if (target === this.site) throw new RouteError(`mount '${prefix}': a site cannot be mounted in itself`)
    target.mountIn(this.site!, this.site!.base, prefix)
  }
}
