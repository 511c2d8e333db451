/**
 * One request as a handler sees it. Nothing in it is made before somebody asks: a handler that answers with text pays
 * for this object and for nothing else.
 */

import type { Machine } from '../../../base/machine.ts'
import { randomText, webRandom } from '../../../base/random-bytes.ts'
import type { Exchange } from '../../../http/index.ts'
import { checkField, type Parameters, parseQuery } from '../../../http/index.ts'
import { formatAddress } from '../../../socket/address.ts'
import { HttpError } from '../../errors/http-error.ts'
import type { FormDefinition, FormFields, FormResult } from '../../forms/form.ts'
import { addressByName } from '../../routing/names.ts'
import { csrfSecret, maskedToken } from '../../security/csrf.ts'
import { localTarget } from '../../security/redirect.ts'
import { type Flash, RESERVED, type Session } from '../../sessions/session.ts'
import type { Chain } from '../compile.ts'
import { HTML, jsonReply, type Pieces, Reply, TEXT } from '../reply/reply.ts'
import type { Services } from '../services.ts'
import { ContextBody } from './body.ts'
import { CookieJar, type CookieOptions } from './cookies.ts'

export interface ReplyInit {
  readonly status?: number
  readonly headers?: Readonly<Record<string, string>>
}

/** What the handler and its hooks have asked for, and the reply must act on. */
export interface Made {
  readonly session: Session | null
  readonly personal: boolean
  readonly cookies: CookieJar | null
  readonly nonce: string
  /** 0 when none was set. */
  readonly status: number
}

const NONCE_BYTES = 16

/**
 * @typeParam P the parameters of the route
 * @typeParam U what `user` is: null is ruled out within `site.users`
 */
export class Context<P = unknown, U = unknown> {
  readonly exchange: Exchange
  /** What the site has: for the parts of the framework. */
  readonly services: Services
  /** The parameters of the route, as its converters made them. */
  params: P = undefined as P
  /** Where the site is mounted; '' for the outermost. */
  readonly prefix: string
  /** The path within this site, decoded when a route has matched. */
  path: string
  /** The route's name, or its pattern when it has none; '' before one has matched. */
  route = ''
  /** What went wrong; null while nothing has. */
  failure: unknown = null
  /** The hooks and error handlers that apply: for the framework. */
  chain: Chain | null = null
  /** Field lines set so far: `set`. */
  lines: string[] | null = null
  #query: Parameters | null = null
  #cookies: CookieJar | null = null
  #session: Session | null = null
  #body: ContextBody | null = null
  #nonce = ''
  #user: U = null as U
  /** Whether the answer may be another for another visitor. */
  #personal = false
  #status = 0

  constructor(exchange: Exchange, services: Services, prefix: string) {
    this.exchange = exchange
    this.services = services
    this.prefix = prefix
    this.path = prefix === '' ? exchange.path : exchange.path.slice(prefix.length)
  }

  get machine(): Machine {
    return this.exchange.machine
  }
  get method(): string {
    return this.exchange.method
  }
  /** Aborted when the client goes away. */
  get signal(): AbortSignal {
    return this.exchange.signal
  }
  /** Whether the client's connection is encrypted, here or at the proxy before. */
  get secure(): boolean {
    return this.exchange.scheme === 'https' || this.services.https
  }
  /** `https://board.example`: a checked host, safe for links. */
  get origin(): string {
    const { authority, local } = this.exchange
    // HTTP/1.0 may come without Host: then the address it came in on is the only name there is.
    return `${this.secure ? 'https' : 'http'}://${authority === '' ? formatAddress(local) : authority}`
  }

  /** A field of the request; the name in any case. */
  header(name: string): string | undefined {
    return this.exchange.header(name.toLowerCase())
  }

  /** @throws HttpError 400 for more parameters than `limits.query`. */
  get query(): Parameters {
    if (this.#query === null) {
      const { query: most } = this.services.limits
      this.#query = parseQuery(this.exchange.query, { most })
      if (this.#query.overflow) throw new HttpError(400, `more than ${most} query parameters`)
    }
    return this.#query
  }

  get body(): ContextBody {
    return (this.#body ??= new ContextBody(this.exchange, this.services.limits))
  }

  get cookies(): CookieJar {
    return (this.#cookies ??= new CookieJar(this.exchange.header('cookie'), this.secure))
  }

  setCookie(name: string, value: string, options?: CookieOptions): void {
    this.cookies.set(name, value, options)
  }

  /** The signed-in user, loaded before the handler runs. */
  get user(): U {
    this.#personal = true
    return this.#user
  }
  set user(user: U) {
    this.#user = user
  }

  get session(): Session {
    this.#personal = true
    return (this.#session ??= this.services.sessions.now(this as Context<unknown, unknown>))
  }

  /** Keeps a message for the next page that shows messages. */
  flash(text: string, kind?: string): void {
    this.session.flash(text, kind)
  }
  /** The messages that wait; each is given once. */
  flashes(): readonly Flash[] {
    return this.session.takeFlashes()
  }

  /** The token that forms of this page send along (`_csrf`); another text every time. */
  get csrfToken(): string {
    let secret = this.session.get(RESERVED.csrf)
    if (typeof secret !== 'string') {
      secret = csrfSecret(webRandom(this.machine))
      this.session.set(RESERVED.csrf, secret)
    }
    return maskedToken(secret as string, webRandom(this.machine))
  }

  /** For `<script nonce="…">`: the page's Content-Security-Policy lets what carries it run. */
  get nonce(): string {
    if (this.#nonce === '') this.#nonce = randomText(this.machine, NONCE_BYTES)
    return this.#nonce
  }

  /**
   * Reads a form: what was sent with POST, PUT or PATCH, by a page's form or as an object of JSON; with GET an empty
   * one to be filled in.
   * @param initial what stands in the controls of an empty one.
   */
  async form<F extends FormFields>(definition: FormDefinition<F>, initial?: object): Promise<FormResult<F>> {
    if (this.method === 'GET' || this.method === 'HEAD') return definition.blank(initial, this)
    if (this.body.isJson) return definition.readValues(await this.body.json())
    const input = await this.body.formAsSent()
    return definition.read(
      input.refuseOversized((name) => definition.takesFile(name)),
      this,
    )
  }

  /** The status of the reply, for answers that do not say their own. */
  status(status: number): this {
    this.#status = status
    return this
  }

  /** Sets a field of the reply. @throws TypeError for a name or value that could not be framed. */
  set(name: string, value: string): this {
    checkField(name, value)
    this.lines ??= []
    const wanted = name.toLowerCase()
    for (let i = this.lines.length - 2; i >= 0; i -= 2)
      if (this.lines[i]!.toLowerCase() === wanted) this.lines.splice(i, 2)
    this.lines.push(name, value)
    return this
  }

  /** Adds a field to the reply beside others of its name. @throws TypeError as `set` does. */
  append(name: string, value: string): this {
    checkField(name, value)
    this.lines ??= []
    this.lines.push(name, value)
    return this
  }

  text(text: string, init?: ReplyInit): Reply {
    return finish(new Reply(200, TEXT, text), init)
  }
  /** @param html is sent as it is: what visitors wrote belongs into a template, which escapes it. */
  html(html: string, init?: ReplyInit): Reply {
    return finish(new Reply(200, HTML, html), init)
  }
  json(value: unknown, init?: ReplyInit): Reply {
    return finish(jsonReply(value, 200), init)
  }
  /** No body; 204 unless told otherwise. */
  empty(init?: ReplyInit): Reply {
    return finish(new Reply(204, '', null), init)
  }
  /** Pieces one after another, as fast as the client takes them. */
  stream(pieces: Pieces, init?: ReplyInit & { readonly type?: string }): Reply {
    return finish(new Reply(200, init?.type ?? HTML, pieces), init)
  }

  /** A template, as HTML. @throws Error when the site has no templates. */
  render(name: string, data: object = {}, init?: ReplyInit): Reply {
    return finish(
      new Reply(200, HTML, this.services.render(this as unknown as Context<unknown, never>, name, data)),
      init,
    )
  }

  /**
   * Sends the browser to another page of this site; 303, so that it fetches that with GET.
   * @throws TypeError for a target elsewhere, unless `dangerouslyElsewhere`: a redirect to a place that a visitor
   * could name is how phishing borrows a site's name.
   */
  redirect(to: string, init: ReplyInit & { readonly dangerouslyElsewhere?: boolean } = {}): Reply {
    const target = localTarget(to, this.origin)
    if (target === null && !init.dangerouslyElsewhere)
      throw new TypeError(
        `redirect to ${JSON.stringify(to)}: it is not a path of this site; if the program chose it, say { dangerouslyElsewhere: true }`,
      )
    const location = target ?? elsewhere(to)
    return finish(new Reply(303, '', null).set('Location', location), init)
  }

  /** Where the visitor wanted to go: `?next=`, if that is a path of this site; else `otherwise`. */
  next(otherwise: string): string {
    return localTarget(this.query.get('next') ?? '', this.origin) ?? otherwise
  }

  /**
   * The address of a route by its name, `c.url('posts.show', { slug, page: 2 })`; what the pattern has no place for
   * goes into the query. `to.posts.show({ slug }, { page: 2 })` says the same with types.
   */
  url(name: string, values?: object): string {
    return addressByName(this.services.routesWith(name), name, values)
  }

  /** What has been asked for and must be acted on when the reply is sent: for the framework. */
  made(): Made {
    return {
      session: this.#session,
      personal: this.#personal,
      cookies: this.#cookies,
      nonce: this.#nonce,
      status: this.#status,
    }
  }

  /** For the framework: a session that was loaded ahead. */
  adoptSession(session: Session): void {
    this.#session ??= session
  }
}

/** @throws TypeError for what is no web address: browsers do strange things with the others. */
function elsewhere(to: string): string {
  const url = new URL(to)
  if (url.protocol !== 'https:' && url.protocol !== 'http:') throw new TypeError(`redirect to ${url.protocol} is none`)
  return url.href
}

function finish(reply: Reply, init: ReplyInit | undefined): Reply {
  if (init === undefined) return reply
  if (init.status !== undefined) reply.status = init.status
  if (init.headers !== undefined) for (const [name, value] of Object.entries(init.headers)) reply.set(name, value)
  return reply
}
