/** What all requests of a site share: made once from its options, the costly parts when first needed. */
import { work } from '../../base/work.ts'
import { SafeHtml } from '../../templates/safe.ts'
import { consoleLog, type FailureLog, reportError } from '../errors/log.ts'
import type { Route } from '../routing/route.ts'
import { CSRF_FIELD } from '../security/csrf.ts'
import { SecurityHeaders } from '../security/headers.ts'
import { HostCheck } from '../security/hosts.ts'
import { checkSecrets } from '../security/signing.ts'
import { SessionKeeper } from '../sessions/keeper.ts'
import type { RouteEntry } from './compile.ts'
import type { Context } from './context/context.ts'
import type { AnyRoute } from './group.ts'
import { atOnce } from './maybe.ts'
import { DEFAULT_LIMITS, type SiteOptions, type TemplateEngine, type UserLoader, type WebLimits } from './options.ts'

export class Services {
  /** Those of the site around, when this one is mounted: they stand in for what it has not of its own. */
  #outer: Services | null = null
  readonly limits: WebLimits
  readonly hosts: HostCheck
  readonly headers: SecurityHeaders
  readonly sessions: SessionKeeper
  readonly options: SiteOptions<never>
  /** Routes by their names, filled when the site begins. */
  readonly names = new Map<string, Route>()
  /** All routes, filled when the site begins. */
  catalog: readonly RouteEntry[] = []
  readonly #templates: TemplateEngine | null
  #strictNames = false

  constructor(options: SiteOptions<never>, templates: TemplateEngine | null) {
    this.options = options
    this.limits = { ...DEFAULT_LIMITS, ...options.limits }
    this.hosts = new HostCheck(options.hosts ?? [], options.dangerouslyAnyHost ?? false)
    this.headers = new SecurityHeaders(options.headers ?? {})
    this.#templates = templates
    const { secret, sessions = null, debug = false, users } = options
    this.sessions = new SessionKeeper(secret, sessions, debug)
    if (users !== undefined && !debug) checkSecrets(this.sessions.secrets)
  }

  mountIn(outer: Services): void {
    this.#outer = outer
    this.sessions.outer = outer.sessions
  }

  get debug(): boolean {
    return this.options.debug ?? this.#outer?.debug ?? false
  }
  get https(): boolean {
    return this.options.https ?? this.#outer?.https ?? false
  }
  get users(): UserLoader<unknown> | null {
    return this.options.users ?? this.#outer?.users ?? null
  }
  get login(): AnyRoute | string | null {
    return this.options.login ?? this.#outer?.login ?? null
  }
  get log(): FailureLog {
    return this.options.log ?? this.#outer?.log ?? consoleLog
  }

  /** From now on a name that a template does not find is an error, here and in the sites mounted here: for tests. */
  beStrict(): void {
    this.#strictNames = true
  }
  get strict(): boolean {
    return this.#strictNames || (this.#outer?.strict ?? false)
  }

  /** The routes among which that name is to be found: a mounted site's own go before those of the site around. */
  routesWith(name: string): ReadonlyMap<string, Route> {
    return this.#outer === null || this.names.has(name) ? this.names : this.#outer.routesWith(name)
  }

  /** Reports an error of a request. Never throws. */
  report(c: Context<never, never>, error: unknown, reference = ''): void {
    reportError(this.log, c.exchange, c.route, error, reference)
  }

  get hasTemplates(): boolean {
    return this.#templates !== null
  }

  /** @throws Error when the site has no templates, or the engine's own. */
  render(c: Context<unknown, never>, name: string, data: object): string {
    if (this.#templates === null)
      throw new Error(`c.render('${name}'): the site has no templates; say app({ templates: 'DIRECTORY' })`)
    const more = atOnce(this.options.context?.(c) ?? {}, 'app({ context })')
    const options = { report: work.get(), ...(this.strict && { strict: true }) }
    return atOnce(this.#templates.render(name, withLazy(c, { ...more, ...data }), options), 'the template engine')
  }
}

/** What every template finds, made when it asks; what the handler gave goes before. */
function withLazy(c: Context<unknown, never>, data: object): object {
  const lazy: Record<string, () => unknown> = {
    user: () => c.user,
    path: () => c.path,
    nonce: () => c.nonce,
    flashes: () => c.flashes(),
    csrfToken: () => c.csrfToken,
    csrf: () => new SafeHtml(`<input type="hidden" name="${CSRF_FIELD}" value="${c.csrfToken}">`),
    url: () => (name: string, values?: object) => c.url(name, values),
  }
  const all: object = Object.create(null)
  for (const [name, get] of Object.entries(lazy))
    Object.defineProperty(all, name, { get, enumerable: true, configurable: true })
  for (const [name, value] of Object.entries(data))
    Object.defineProperty(all, name, { value, enumerable: true, configurable: true })
  return all
}
