/**
 * One request as the framework sees it: what has been found out about it, and what its reply must act on. The public
 * `Context` shows the part of it that handlers use; the rest is nobody's business but the framework's.
 */

import type { Surroundings } from '../../base/ambient.ts'
import type { Machine } from '../../base/machine.ts'
import type { Problem } from '../../base/problem.ts'
import { randomText } from '../../base/random-bytes.ts'
import type { Work } from '../../base/work.ts'
import { checkField, type Exchange, splitList } from '../../http/index.ts'
import { formatAddress } from '../../socket/address.ts'
import type { RenderOptions } from '../../templates/index.ts'
import type { Key } from '../ground/key.ts'
import type { Maybe } from '../ground/maybe.ts'
import type { WebLimits } from '../limits.ts'
import type { Addresses } from '../routing/address.ts'
import type { CompressSettings } from '../security/compression.ts'
import type { SecurityHeaders } from '../security/headers.ts'
import type { Carrier, SessionKeeper } from '../sessions/keeper.ts'
import type { Flash, Session } from '../sessions/session.ts'
import { ContextBody } from './body.ts'
import { CookieJar } from './cookies.ts'

const NONCE_BYTES = 16

/** What templates find beside what the handler gave them: made when they ask. */
export interface TemplateValues {
  readonly user: unknown
  readonly path: string
  readonly nonce: string
  readonly csrfToken: string
  flashes(): readonly Flash[]
  url(name: string, values?: object): string
}

/** What a request needs of the site that answers it, as seen from where its route stands. */
export interface RequestServices {
  readonly limits: WebLimits
  readonly headers: SecurityHeaders
  readonly sessions: SessionKeeper
  readonly debug: boolean
  /** A proxy before the site ends TLS. */
  readonly https: boolean
  /** What the site calls itself in links to it; null when it is what the client asked for. */
  readonly origin: string | null
  /** How replies are compressed; null when they are not. */
  readonly compress: CompressSettings | null
  readonly locale: string
  /** Whose users sign in here: '' for those of the outermost site. */
  readonly realm: string
  /** @throws UsageError when the site has no templates, or the engine's own errors. */
  render(c: TemplateValues, name: string, data: object, options: RenderOptions): Maybe<string>
  /** The words of a problem for readers of this language. */
  word(problem: Problem, locale: string): string
  /** Never throws. */
  report(exchange: Exchange, route: string, error: unknown, reference?: string): void
}

function same(one: string, other: string): boolean {
  return one.toLowerCase() === other.toLowerCase()
}

const NO_PARAMS: Readonly<Record<string, unknown>> = Object.freeze(Object.create(null))

export class Turn implements Carrier {
  readonly exchange: Exchange
  /** Where what is done for it is reported. */
  readonly work: Work
  /** Whether a name that a template does not find is an error: in tests. */
  readonly strict: boolean
  /** Where routes stand, as seen from here. */
  addresses: Addresses
  /** Those of the innermost mounted site, once a route has matched. */
  services: RequestServices
  /** Where the site that answers is mounted; '' for the outermost. */
  prefix: string
  /** The path within that site, decoded when a route has matched. */
  path: string
  params: unknown = NO_PARAMS
  /** The route's name, or its pattern when it has none; '' before one has matched. */
  route = ''
  /** What went wrong; null while nothing has. */
  failure: unknown = null
  user: unknown = null
  /** What surrounded the innermost code that ran: what comes after it runs there too. */
  inside: Surroundings | undefined
  /** Whether the answer may be another for another visitor. */
  personal = false
  /** Whether the reply must not be kept by caches that others use. */
  private = false
  /** What the handler asked for; 0 when it has not. */
  status = 0
  /** Field lines set so far; null while there are none. */
  lines: string[] | null = null
  /** Set by hooks of the program, by key. */
  #values: Map<Key<unknown>, unknown> | null = null
  #body: ContextBody | null = null
  #cookies: CookieJar | null = null
  #session: Session | null = null
  #nonce = ''

  constructor(work: Work, exchange: Exchange, services: RequestServices, addresses: Addresses, strict: boolean) {
    this.work = work
    this.exchange = exchange
    this.services = services
    this.addresses = addresses
    this.strict = strict
    this.prefix = ''
    this.path = exchange.path
  }

  /** A route of a site that is mounted at `prefix` answers. */
  enter(services: RequestServices, addresses: Addresses, prefix: string, path: string): void {
    this.services = services
    this.addresses = addresses
    this.prefix = prefix
    this.path = prefix === '' ? path : path.slice(prefix.length)
  }

  get machine(): Machine {
    return this.exchange.machine
  }

  get secure(): boolean {
    return this.exchange.scheme === 'https' || this.services.https
  }

  get origin(): string {
    const { origin } = this.services
    if (origin !== null) return origin
    const { authority, local } = this.exchange
    // HTTP/1.0 may come without Host: then the address it came in on is the only name there is.
    return `${this.secure ? 'https' : 'http'}://${authority === '' ? formatAddress(local) : authority}`
  }

  get body(): ContextBody {
    return (this.#body ??= new ContextBody(this.exchange, this.services.limits))
  }

  get cookies(): CookieJar {
    return (this.#cookies ??= new CookieJar(this.exchange.header('cookie'), this.secure))
  }

  /** The cookies when anybody has asked for them. */
  get cookiesMade(): CookieJar | null {
    return this.#cookies
  }

  get session(): Session {
    return (this.#session ??= this.services.sessions.now(this))
  }

  /** The session when anybody has asked for it. */
  get sessionMade(): Session | null {
    return this.#session
  }

  /** Loads the session, where its store needs time for it and the client has one. */
  loadSession(): undefined | Promise<void> {
    const { sessions } = this.services
    if (!sessions.asynchronous || this.#session !== null) return undefined
    const loaded = sessions.load(this)
    const adopt = (session: Session) => {
      this.#session ??= session
    }
    if (loaded instanceof Promise) return loaded.then(adopt)
    adopt(loaded)
    return undefined
  }

  get nonce(): string {
    if (this.#nonce === '') this.#nonce = randomText(this.machine, NONCE_BYTES)
    return this.#nonce
  }

  /** '' when no page has asked for it. */
  get nonceMade(): string {
    return this.#nonce
  }

  get(key: Key<unknown>): unknown {
    return this.#values?.get(key)
  }

  has(key: Key<unknown>): boolean {
    return this.#values?.has(key) ?? false
  }

  set(key: Key<unknown>, value: unknown): void {
    ;(this.#values ??= new Map()).set(key, value)
  }

  /** Sets a field of the reply, in place of all its lines. @throws HttpMisuse for what could not be framed. */
  setLine(name: string, value: string): void {
    checkField(name, value)
    const lines = (this.lines ??= [])
    const wanted = name.toLowerCase()
    for (let i = lines.length - 2; i >= 0; i -= 2) if (lines[i]!.toLowerCase() === wanted) lines.splice(i, 2)
    lines.push(name, value)
  }

  /** The reply might be another for a request with another such field: caches must know (RFC 9110 §12.5.5). */
  vary(name: string): void {
    const { lines } = this
    if (lines !== null)
      for (let i = 0; i < lines.length; i += 2)
        if (lines[i]!.toLowerCase() === 'vary' && splitList(lines[i + 1]!).some((one) => same(one, name))) return
    this.appendLine('Vary', name)
  }

  /** @throws HttpMisuse for what could not be framed. */
  appendLine(name: string, value: string): void {
    checkField(name, value)
    ;(this.lines ??= []).push(name, value)
  }
}
