/** What all requests of a site share: made once from its options, the costly parts when first needed. */
import type { Machine } from '../../socket/host.ts'
import { findByName } from '../routing/names.ts'
import type { Query } from '../routing/path.ts'
import type { Route } from '../routing/route.ts'
import { CSRF_FIELD } from '../security/csrf.ts'
import { SecurityHeaders } from '../security/headers.ts'
import { HostCheck } from '../security/hosts.ts'
import { randomText } from '../security/random.ts'
import { checkSecrets, SecretError, Signer } from '../security/signing.ts'
import { CookieSessions } from '../sessions/cookie.ts'
import { Session } from '../sessions/session.ts'
import type { Loaded, SessionStore } from '../sessions/store.ts'
import { SafeHtml } from '../templates/safe.ts'
import type { Context } from './context.ts'
import {
  DEFAULT_LIMITS,
  type Failure,
  type SiteOptions,
  type TemplateEngine,
  type UserLoader,
  type WebLimits,
} from './options.ts'

export const SESSION_COOKIE = 'session'
const ID_BYTES = 18

export class Services {
  readonly debug: boolean
  readonly https: boolean
  readonly limits: WebLimits
  readonly hosts: HostCheck
  readonly headers: SecurityHeaders
  readonly users: UserLoader<unknown> | null
  readonly options: SiteOptions<never>
  /** Routes by their names, filled when the site begins. */
  readonly names = new Map<string, Route>()
  #secrets: readonly string[]
  #signer: Signer | null = null
  #sessions: SessionStore | null
  #templates: TemplateEngine | null

  constructor(options: SiteOptions<never>, templates: TemplateEngine | null) {
    this.options = options
    this.debug = options.debug ?? false
    this.https = options.https ?? false
    this.limits = { ...DEFAULT_LIMITS, ...options.limits }
    this.hosts = new HostCheck(options.hosts ?? [], options.dangerouslyAnyHost ?? false)
    this.headers = new SecurityHeaders(options.headers ?? {})
    this.users = options.users ?? null
    this.#templates = templates
    this.#sessions = options.sessions ?? null
    this.#secrets = options.secret === undefined ? [] : [options.secret].flat()
    if (options.secret !== undefined || (this.users !== null && !this.debug)) checkSecrets(this.#secrets)
  }

  /** What no page may show. */
  knownSecrets(): readonly string[] {
    return this.#secrets
  }

  /** Logs an error of a request. */
  report(c: Context<never, never>, error: unknown, reference = ''): void {
    const { method, path, machine, id } = c.exchange
    const failure: Failure = { reference, error, method, path, route: c.route }
    if (machine.events.on) {
      const message = error instanceof Error ? `${error.name}: ${error.message}` : String(error)
      const event = { type: 'web.error', at: machine.clock.now(), host: machine.name, exchange: id, message, reference }
      machine.events.emit(event)
    }
    this.log(failure)
  }

  /** Never throws: whoever logs an error has one already. */
  log(failure: Failure): void {
    try {
      if (this.options.log) this.options.log(failure)
      else console.error(`${failure.reference} ${failure.method} ${failure.path} (${failure.route})`, failure.error)
    } catch (error) {
      console.error('the log function of the site failed:', error)
    }
  }

  /** The secrets; while developing one is made up, which ends all sessions with the process. */
  secrets(machine: Machine): readonly string[] {
    if (this.#secrets.length === 0) {
      if (!this.debug)
        throw new SecretError(
          'sessions, sign-in and form tokens need app({ secret: … }): a long random text, kept secret',
        )
      this.#secrets = [randomText(machine, 32)]
    }
    return this.#secrets
  }

  signer(machine: Machine): Signer {
    return (this.#signer ??= new Signer(this.secrets(machine), 'site'))
  }

  sessions(machine: Machine): SessionStore {
    return (this.#sessions ??= new CookieSessions(this.secrets(machine)))
  }

  /** The session, from a store that can give it at once. */
  sessionNow(c: Context): Session {
    const loaded = this.#load(c)
    if (loaded instanceof Promise) throw new Error('the session store is asynchronous and must say so')
    return this.#session(c, loaded)
  }

  /** Loads the session ahead, for stores that need time for it. */
  async loadSession(c: Context): Promise<void> {
    c.adoptSession(this.#session(c, await this.#load(c)))
  }

  #load(c: Context): Loaded | null | Promise<Loaded | null> {
    const value = c.cookies.get(SESSION_COOKIE)
    return value === undefined ? null : this.sessions(c.machine).load(value, c.machine.clock.wallMillis())
  }

  #session(c: Context, loaded: Loaded | null): Session {
    const session = new Session(loaded?.record ?? null, () => randomText(c.machine, ID_BYTES))
    if (loaded?.stale) session.changed = true
    return session
  }

  /** Saves a session that has changed, and sets its cookie. */
  async saveSession(c: Context, session: Session): Promise<void> {
    const store = this.sessions(c.machine)
    if (session.replaced !== null) await store.forget(session.replaced)
    if (session.size === 0) {
      if (c.cookies.has(SESSION_COOKIE)) c.cookies.delete(SESSION_COOKIE)
      return
    }
    const value = await store.save(session.record(), c.machine.clock.wallMillis())
    c.setCookie(SESSION_COOKIE, value, { maxAge: store.maxAge })
  }

  /** @throws Error when the site has no templates, or the engine's own. */
  render(c: Context<unknown, never>, name: string, data: object): string {
    if (this.#templates === null)
      throw new Error(`c.render('${name}'): the site has no templates; say app({ templates: 'DIRECTORY' })`)
    const more = this.options.context?.(c) ?? {}
    return this.#templates.render(name, withLazy(c, { ...more, ...data }))
  }

  /** @throws RouteError for a name that no route has, or parameters that do not fit. */
  url(name: string, params: Readonly<Record<string, unknown>> = {}, query?: Query): string {
    const route = findByName(this.names, name) as unknown as (...args: unknown[]) => string
    return (route as unknown as Route).pattern.static ? route(query) : route(params, query)
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
    url: () => (name: string, params?: object) => c.url(name, params as never),
  }
  const all: object = Object.create(null)
  for (const [name, get] of Object.entries(lazy))
    Object.defineProperty(all, name, { get, enumerable: true, configurable: true })
  for (const [name, value] of Object.entries(data))
    Object.defineProperty(all, name, { value, enumerable: true, configurable: true })
  return all
}
