/**
 * What holds at one place of a site: its options, and those of the sites around it where it has none of its own. Made
 * once for every place where a site is mounted, when the outermost begins.
 */
import type { Problem } from '../../base/problem.ts'
import type { Exchange } from '../../http/index.ts'
import type { Databases } from '../../models/index.ts'
import { heardLater } from '../../templates/compile/waiting.ts'
import type { RenderOptions } from '../../templates/index.ts'
import { SafeHtml } from '../../templates/safe.ts'
import { session } from '../auth/sign-in.ts'
import { UsageError } from '../errors.ts'
import { consoleLog, type FailureLog, reportError } from '../ground/log.ts'
import { atOnce, awaited, type Maybe } from '../ground/maybe.ts'
import { WEB_LIMITS, type WebLimits } from '../limits.ts'
import type { Context } from '../request/context.ts'
import type { Authenticator, Realm } from '../request/hooks.ts'
import type { RequestServices, TemplateValues } from '../request/turn.ts'
import type { AnyRoute } from '../routing/address.ts'
import { type CompressSettings, compressSettings } from '../security/compression.ts'
import { CSRF_FIELD } from '../security/csrf.ts'
import { SecurityHeaders } from '../security/headers.ts'
import type { SessionKeeper } from '../sessions/keeper.ts'
import type { SiteOptions, TemplateEngine } from './options.ts'

type AnyContextFunction = (c: Context<unknown, never>) => object

/** What a site has made of its options. */
export interface Holdings {
  readonly engine: TemplateEngine | null
  /** Where the rows of its models are; what it has none of is looked up in those of the site around. */
  readonly databases: (outer: Databases | null) => Databases | null
}

/** What a scope is made of. */
interface Settings {
  readonly prefix: string
  readonly limits: WebLimits
  readonly headerOptions: NonNullable<SiteOptions<never>['headers']>
  readonly headers: SecurityHeaders
  readonly sessions: SessionKeeper
  readonly debug: boolean
  readonly https: boolean
  readonly origin: string | null
  readonly compress: CompressSettings | null
  readonly locale: string
  readonly realm: Realm
  readonly authenticators: readonly Authenticator[]
  readonly login: AnyRoute | string | null
  readonly trustedOrigins: readonly string[]
  readonly checksCsrf: boolean
  readonly strictSlash: boolean
  readonly log: FailureLog
  readonly words: SiteOptions<never>['words']
  readonly engine: TemplateEngine | null
  readonly databases: Databases | null
  readonly contexts: readonly AnyContextFunction[]
}

export class Scope implements RequestServices {
  readonly #settings: Settings
  readonly prefix: string
  readonly limits: WebLimits
  readonly headers: SecurityHeaders
  readonly sessions: SessionKeeper
  readonly debug: boolean
  readonly https: boolean
  readonly origin: string | null
  readonly compress: CompressSettings | null
  readonly locale: string
  readonly realm: string
  readonly login: AnyRoute | string | null
  readonly trustedOrigins: readonly string[]
  readonly checksCsrf: boolean
  readonly strictSlash: boolean
  readonly log: FailureLog
  /** Where models find their rows; null when no site here has any. */
  readonly databases: Databases | null

  private constructor(settings: Settings) {
    this.#settings = settings
    this.prefix = settings.prefix
    this.limits = settings.limits
    this.headers = settings.headers
    this.sessions = settings.sessions
    this.debug = settings.debug
    this.https = settings.https
    this.origin = settings.origin
    this.compress = settings.compress
    this.locale = settings.locale
    this.realm = settings.realm.name
    this.login = settings.login
    this.trustedOrigins = settings.trustedOrigins
    this.checksCsrf = settings.checksCsrf
    this.strictSlash = settings.strictSlash
    this.log = settings.log
    this.databases = settings.databases
  }

  /** The scope of the outermost site. */
  static outermost(options: SiteOptions<never>, sessions: SessionKeeper, has: Holdings): Scope {
    const { debug = false, https = false, origin, headers = {}, users, context } = options
    return new Scope({
      prefix: '',
      limits: { ...WEB_LIMITS, ...options.limits },
      headerOptions: headers,
      headers: new SecurityHeaders(headers),
      sessions,
      debug,
      https,
      origin: origin === undefined ? null : originOf(origin),
      compress: compressSettings(options.compress ?? true),
      locale: options.locale ?? 'en',
      realm: { name: '', users: users ?? null },
      authenticators: options.authenticators ?? (users === undefined ? [] : [session()]),
      login: options.login ?? null,
      trustedOrigins: options.trustedOrigins ?? [],
      checksCsrf: !options.dangerouslyWithoutCsrf,
      strictSlash: options.trailingSlash === 'strict',
      log: options.log ?? consoleLog,
      words: options.words,
      engine: has.engine,
      databases: has.databases(null),
      contexts: context === undefined ? [] : [context as AnyContextFunction],
    })
  }

  /** The scope of a site that is mounted in this one. */
  mounted(options: SiteOptions<never>, has: Holdings, prefix: string): Scope {
    const outer = this.#settings
    const { users, authenticators, headers, context, words } = options
    const own = users !== undefined || authenticators !== undefined
    const headerOptions = { ...outer.headerOptions, ...headers, csp: { ...outer.headerOptions.csp, ...headers?.csp } }
    return new Scope({
      ...outer,
      prefix,
      limits: { ...outer.limits, ...options.limits },
      headerOptions,
      headers: headers === undefined ? outer.headers : new SecurityHeaders(headerOptions),
      debug: options.debug ?? outer.debug,
      compress: options.compress === undefined ? outer.compress : compressSettings(options.compress),
      locale: options.locale ?? outer.locale,
      realm: own ? { name: prefix, users: users ?? null } : outer.realm,
      authenticators: own ? (authenticators ?? [session()]) : outer.authenticators,
      login: options.login ?? outer.login,
      trustedOrigins: [...outer.trustedOrigins, ...(options.trustedOrigins ?? [])],
      checksCsrf: options.dangerouslyWithoutCsrf === undefined ? outer.checksCsrf : !options.dangerouslyWithoutCsrf,
      strictSlash: options.trailingSlash === undefined ? outer.strictSlash : options.trailingSlash === 'strict',
      log: options.log ?? outer.log,
      words:
        words === undefined
          ? outer.words
          : (problem, locale) => words(problem, locale) ?? outer.words?.(problem, locale),
      engine: has.engine ?? outer.engine,
      databases: has.databases(outer.databases),
      contexts: context === undefined ? outer.contexts : [...outer.contexts, context as AnyContextFunction],
    })
  }

  /** The same with more for its templates, as a part brings it. */
  withContext(context: AnyContextFunction): Scope {
    return new Scope({ ...this.#settings, contexts: [...this.#settings.contexts, context] })
  }

  /** The same with other limits, as one route may have them. */
  withLimits(limits: Partial<WebLimits>): Scope {
    return new Scope({ ...this.#settings, limits: { ...this.limits, ...limits } })
  }

  /** Whether visitors become known here by other means than in the site around. */
  authenticatesOtherwiseThan(outer: Scope | null): boolean {
    const { authenticators } = this.#settings
    if (outer !== null) return authenticators !== outer.#settings.authenticators
    // A store that needs time has its session loaded in the same step.
    return authenticators.length > 0 || this.sessions.asynchronous
  }

  get authenticators(): readonly Authenticator[] {
    return this.#settings.authenticators
  }

  /** Whose users the authenticators find. */
  get users(): Realm {
    return this.#settings.realm
  }

  get hasTemplates(): boolean {
    return this.#settings.engine !== null
  }

  word(problem: Problem, locale: string): string {
    return this.#settings.words?.(problem, locale) ?? problem.text
  }

  report(exchange: Exchange, route: string, error: unknown, reference = ''): void {
    reportError(this.log, exchange, route, error, reference)
  }

  /** @throws UsageError when the site has no templates, or the engine's own errors. */
  render(c: TemplateValues, name: string, data: object, { strict, report }: RenderOptions): Maybe<string> {
    const { engine, contexts } = this.#settings
    if (engine === null)
      throw new UsageError(`c.render('${name}'): the site has no templates; write app({ templates: 'DIRECTORY' })`)
    const more: object = {}
    for (const context of contexts)
      Object.assign(more, atOnce(context(c as unknown as Context<unknown, never>), 'app({ context })'))
    const watched = report?.events.on ? report : undefined
    const options = { report: watched, ...(strict && { strict }) }
    const values = withLazy(c, { ...more, ...data })
    const page = awaited(engine.renderAsync?.(name, values, options) ?? engine.render(name, values, options))
    // A page that the handler then does not send fails unheard; one that is sent is awaited, and its failure answered.
    if (page instanceof Promise) page.catch(() => {})
    return page
  }
}

/** @throws UsageError for what is no origin. */
export function originOf(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : null
  if (url !== null && /^https?:$/.test(url.protocol) && url.origin === text.replace(/\/$/, '')) return url.origin
  throw new UsageError(`app({ origin }) must be like 'https://board.example', not '${text}'`)
}

/** What every template finds, made when it asks; what the handler gave goes before. */
function withLazy(c: TemplateValues, data: object): object {
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
  for (const [name, value] of Object.entries(data)) {
    heardLater(value) // also when the template never comes to it
    Object.defineProperty(all, name, { value, enumerable: true, configurable: true })
  }
  return all
}
