/**
 * One request as a handler sees it. Nothing in it is made before somebody asks: a handler that answers with text pays
 * for this object and for nothing else.
 */

import type { Machine } from '../../base/machine.ts'
import type { Problem } from '../../base/problem.ts'
import { webRandom } from '../../base/random-bytes.ts'
import {
  checkConditions,
  chooseLanguage,
  chooseType,
  EVENT_FIELDS,
  EVENT_TYPE,
  type EventSourceFunction,
  type EventStreamOptions,
  type Exchange,
  eventPieces,
  formatDate,
  type Parameters,
  parseQuery,
  type Validators,
  type WebSocketConnection,
} from '../../http/index.ts'
import type { Address } from '../../socket/address.ts'
import type { SafeHtml } from '../../templates/safe.ts'
import { HttpError, RedirectError, UsageError } from '../errors.ts'
import { locale } from '../ground/current.ts'
import type { Key } from '../ground/key.ts'
import type { AnyRoute } from '../routing/address.ts'
import { csrfSecret, maskedToken } from '../security/csrf.ts'
import { localTarget } from '../security/redirect.ts'
import { type Flash, RESERVED, type Session } from '../sessions/session.ts'
import type { ContextBody } from './body.ts'
import type { CookieJar } from './cookies.ts'
import type { FormInput } from './form-input.ts'
import { HTML, jsonReply, type Pieces, Reply, TEXT } from './reply.ts'
import { type SocketOptions, socketReply } from './socket.ts'
import type { Turn } from './turn.ts'

/** What a reply may be told beside its content. */
export interface ReplyInit {
  /** In place of the usual one. */
  readonly status?: number
  /** Fields of the reply, by name. */
  readonly headers?: Readonly<Record<string, string>>
}

/** What `c.form` reads: made by `form(…)`. */
export interface FormReader<R> {
  /** To be filled in. */
  blank(initial: object | undefined, c: Context<unknown, unknown>): Promise<R>
  /** What a page's form sent. */
  read(input: FormInput, c: Context<unknown, unknown>): Promise<R>
  /** The same from the properties of an object, as JSON has it. */
  readValues(values: unknown, c: Context<unknown, unknown>): Promise<R>
  /** Whether it has a control for files of that name. */
  takesFile(name: string): boolean
}

/** The framework's own view of the same request. */
export let turnOf: <P, U>(c: Context<P, U>) => Turn

/**
 * One request, and how to answer it.
 *
 * @example
 * site.get('/posts/{id:int}', async (c) => {
 *   const post = await Post.get({ id: c.params.id })
 *   return c.user === null ? c.redirect(to.signIn()) : c.render('post.html', { post, page: c.query.get('page') })
 * })
 * @typeParam P the parameters of the route
 * @typeParam U what `user` is: null is ruled out within `site.signedIn`
 */
export class Context<P = unknown, U = unknown> {
  readonly #turn: Turn
  #query: Parameters | null = null

  static {
    turnOf = (c) => c.#turn
  }

  constructor(turn: Turn) {
    this.#turn = turn
  }

  /** The request and its reply below the framework. */
  get exchange(): Exchange {
    return this.#turn.exchange
  }
  /** Whose clock and randomness the request goes by. */
  get machine(): Machine {
    return this.#turn.exchange.machine
  }
  /** As it was sent: `GET`, `POST`, … A handler of `get` sees `HEAD` too. */
  get method(): string {
    return this.#turn.exchange.method
  }
  /** Aborted when the client goes away. */
  get signal(): AbortSignal {
    return this.#turn.exchange.signal
  }
  /** Where the request came from. */
  get remote(): Address {
    return this.#turn.exchange.remote
  }
  /** The parameters of the route, as its converters made them. */
  get params(): P {
    return this.#turn.params as P
  }
  /** Where the site is mounted; '' for the outermost. */
  get prefix(): string {
    return this.#turn.prefix
  }
  /** The path within this site, decoded when a route has matched. */
  get path(): string {
    return this.#turn.path
  }
  /** The route's name, or its pattern when it has none; '' where none has matched. */
  get route(): string {
    return this.#turn.route
  }
  /** What went wrong; null while nothing has. */
  get failure(): unknown {
    return this.#turn.failure
  }
  /** Whether the client's connection is encrypted, here or at the proxy before. */
  get secure(): boolean {
    return this.#turn.secure
  }
  /** `https://board.example`: what `app({ origin })` says, else the host that was asked for, which is one of `hosts`. */
  get origin(): string {
    return this.#turn.origin
  }
  /** The language to answer in: a BCP 47 tag. Set by `withLocale` in an around hook; else `app({ locale })`. */
  get locale(): string {
    return locale.get() ?? this.#turn.services.locale
  }

  /** The words of a problem in the language of `c.locale`: those of `app({ words })`, else its own. */
  word(problem: Problem): string {
    return this.#turn.services.word(problem, this.locale)
  }

  /** A field of the request; the name in any case. Undefined when absent. */
  header(name: string): string | undefined {
    return this.#turn.exchange.header(name.toLowerCase())
  }

  /** @throws HttpError 400 for more parameters than `limits.query`. */
  get query(): Parameters {
    if (this.#query === null) {
      const { query: most } = this.#turn.services.limits
      this.#query = parseQuery(this.#turn.exchange.query, { most })
      if (this.#query.overflow) throw new HttpError(400, `The address has more than ${most} query parameters.`)
    }
    return this.#query
  }

  /** The body of the request: as JSON, text, a form, parts, or bytes. */
  get body(): ContextBody {
    return this.#turn.body
  }

  /** The cookies of the request; `set` and `delete` act on the reply. */
  get cookies(): CookieJar {
    return this.#turn.cookies
  }

  /** Who makes the request, as the site's authenticators found out before hooks and handler run; null when unknown. */
  get user(): U {
    this.#turn.personal = true
    return this.#turn.user as U
  }
  set user(user: U) {
    this.#turn.user = user
  }

  /** What is kept of this visitor between requests: JSON values by name. */
  get session(): Session {
    this.#turn.personal = true
    return this.#turn.session
  }

  /** What a hook has put there. @throws UsageError when none has. */
  get<T>(key: Key<T>): T {
    checkKey('c.get()', key)
    if (!this.#turn.has(key))
      throw new UsageError(`c.get(): nothing has set '${key.name}' yet; a before or around hook must call c.set()`)
    return this.#turn.get(key) as T
  }
  /** Hands a value on to hooks and handlers that come later. */
  set<T>(key: Key<T>, value: T): this {
    checkKey('c.set()', key)
    this.#turn.set(key, value)
    return this
  }
  /** Whether `c.set` was called for this key. */
  has(key: Key<unknown>): boolean {
    return this.#turn.has(key)
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
    return this.#turn.nonce
  }

  /**
   * Reads a form: what was sent with POST, PUT or PATCH, by a page's form or as an object of JSON; with GET an empty
   * one to be filled in.
   * @param initial what stands in the controls of an empty one.
   */
  async form<R>(definition: FormReader<R>, initial?: object): Promise<R> {
    if (this.method === 'GET' || this.method === 'HEAD') return definition.blank(initial, this)
    if (this.body.isJson) return definition.readValues(await this.body.json(), this)
    const input = await this.body.formAsSent()
    return definition.read(
      input.refuseOversized((name) => definition.takesFile(name)),
      this,
    )
  }

  /**
   * Of the media types that this route can answer with, in the order in which it likes them, the one that the client wants most
   * (Accept); null when it wants none. Caches are told that others may get another (`Vary`).
   *
   * @example
   * const type = c.accepts('text/html', 'application/json') ?? abort(406)
   */
  accepts(...types: readonly string[]): string | null {
    this.#turn.vary('Accept')
    return chooseType(this.header('accept'), types)
  }

  /** Of languages (`de`, `en-GB`), in the order in which they are liked here, the one that the visitor wants most; null for none. */
  acceptsLanguage(...languages: readonly string[]): string | null {
    this.#turn.vary('Accept-Language')
    return chooseLanguage(this.header('accept-language'), languages)
  }

  /**
   * Looks whether the client has what it asks for already, or would change what is no longer what it has seen (RFC 9110 §13).
   * Called before anything is made or written, with what is there now. The validators go into the reply of a GET.
   * @returns the reply to return (304), or null: go on.
   * @throws HttpError 412 when a condition of the request fails; 428 for a change without one, where `required` says so.
   *
   * @example
   * const post = await Post.get({ id: c.params.id })
   * const unchanged = c.unchanged({ etag: formatEtag(String(post.version)) })
   * if (unchanged) return unchanged
   */
  unchanged(validators: Validators, options: { readonly required?: boolean } = {}): Reply | null {
    const { exchange } = this.#turn
    const reads = exchange.method === 'GET' || exchange.method === 'HEAD'
    if (reads) this.#showValidators(validators)
    const field = (name: string) => exchange.header(name)
    const conditional = field('if-match') ?? field('if-unmodified-since') ?? field('if-none-match')
    if (options.required === true && !reads && conditional === undefined)
      throw new HttpError(428, 'This change must say what it changes: send If-Match with the ETag that was read.')
    const condition = checkConditions(exchange.method, field, validators, this.machine.clock.wallMillis())
    if (condition === 'failed') throw new HttpError(412, 'What was to be changed has been changed meanwhile.')
    return condition === 'not modified' ? new Reply(304, '', null) : null
  }

  #showValidators({ etag, lastModified }: Validators): void {
    if (etag !== undefined) this.#turn.setLine('ETag', etag)
    if (lastModified !== undefined) this.#turn.setLine('Last-Modified', formatDate(lastModified))
  }

  /** The status of the reply, for answers that do not say their own. */
  status(status: number): this {
    this.#turn.status = status
    return this
  }

  /** Sets a field of the reply. @throws HttpMisuse for a name or value that could not be framed. */
  setHeader(name: string, value: string): this {
    this.#turn.setLine(name, value)
    return this
  }

  /** Adds a field to the reply beside others of its name. @throws HttpMisuse as `setHeader` does. */
  appendHeader(name: string, value: string): this {
    this.#turn.appendLine(name, value)
    return this
  }

  /** Plain text. */
  text(text: string, init?: ReplyInit): Reply {
    return finish(new Reply(200, TEXT, text), init)
  }
  /**
   * A page made in the program: `c.html(html`<h1>${title}</h1>`)`, which escapes what it holds.
   * @throws UsageError for a plain string: whether it is safe to send cannot be seen; `safe(text)` says that it is.
   */
  html(page: SafeHtml, init?: ReplyInit): Reply {
    if (typeof page?.html !== 'string')
      throw new UsageError(
        `c.html() takes html\`…\`, which escapes the values in it, or safe(text), not a ${typeof page}`,
      )
    return finish(new Reply(200, HTML, page.html), init)
  }
  /** A value as JSON. @throws UsageError for what JSON cannot hold: a function, a Map, a promise that nobody has awaited. */
  json(value: unknown, init?: ReplyInit): Reply {
    return finish(jsonReply(value, 200), init)
  }
  /** No body; 204 unless told otherwise. */
  empty(init?: ReplyInit): Reply {
    return finish(new Reply(204, '', null), init)
  }
  /** Pieces one after another, as fast as the client takes them; plain text unless `type` says otherwise. */
  stream(pieces: Pieces, init?: ReplyInit & { readonly type?: string }): Reply {
    return finish(new Reply(200, init?.type ?? TEXT, pieces), init)
  }

  /**
   * Server-sent events: what `source` gives is told to the page's `EventSource` as it comes, with a heartbeat while it is silent.
   * `source` is called with the id of the last event that the client has ('' for none); it is left when the client leaves or the
   * server closes. Nothing is sent faster than the client reads.
   *
   * @example
   * site.get('/news', (c) => c.events(async function* (last) {
   *   for await (const post of posts.since(last)) yield { id: post.id, event: 'post', data: JSON.stringify(post) }
   * }))
   */
  events(source: EventSourceFunction, init?: ReplyInit & EventStreamOptions): Reply {
    const reply = new Reply(200, EVENT_TYPE, eventPieces(this.#turn.exchange, source, init))
    for (let i = 0; i < EVENT_FIELDS.length; i += 2) reply.setHeader(EVENT_FIELDS[i]!, EVENT_FIELDS[i + 1]!)
    return finish(reply, init)
  }

  /**
   * Opens a WebSocket in place of a reply: `site.websocket` does it for a whole route. The handler runs once it is open;
   * when it throws, the WebSocket closes with 1011. A request that asks for none is answered 426.
   * @example
   * site.get('/live', (c) => c.user === null ? c.redirect(to.signIn()) : c.websocket((socket) => void room.add(socket)))
   */
  websocket(handler: (socket: WebSocketConnection) => void | Promise<void>, options: SocketOptions = {}): Reply {
    return socketReply(this.#turn, handler, options)
  }

  /**
   * A template, as HTML. Promises and queries among the data are awaited where the template needs them, before anything
   * is sent: `c.render('home.html', { posts: Post.all() })`.
   * @throws UsageError when the site has no templates; TemplateError, or the site answers the error if it comes later
   */
  render(name: string, data: object = {}, init?: ReplyInit): Reply {
    const { services, strict, work } = this.#turn
    return finish(new Reply(200, HTML, services.render(this, name, data, { strict, report: work })), init)
  }

  /**
   * Sends the browser to another page of this site; 303, so that it fetches that with GET.
   * @throws RedirectError (400) for a target elsewhere, unless `dangerouslyElsewhere`: a redirect to a place that a
   * visitor could name is how phishing borrows a site's name.
   */
  redirect(to: string, init: ReplyInit & { readonly dangerouslyElsewhere?: boolean } = {}): Reply {
    if (typeof to !== 'string')
      throw new UsageError(`c.redirect() takes an address as text (to.home()), not a ${typeof to}`)
    const target = localTarget(to, this.origin)
    if (target === null && !init.dangerouslyElsewhere)
      throw new RedirectError(
        `c.redirect(${JSON.stringify(to)}): it is not a path of this site; if the program chose it, say { dangerouslyElsewhere: true }`,
      )
    const location = target ?? elsewhere(to)
    return finish(new Reply(303, '', null).setHeader('Location', location), init)
  }

  /** Where the visitor wanted to go before signing in: `?next=`, if that is a path of this site; else `otherwise`. */
  returnTo(otherwise: string): string {
    return localTarget(this.query.get('next') ?? '', this.origin) ?? otherwise
  }

  /**
   * The address of a route on this site, by the route or by its name: `c.url('posts.show', { slug, page: 2 })`; what the
   * pattern has no place for goes into the query. `to.posts.show({ slug }, { page: 2 })` says the same with types.
   * @throws RouteError for a name that no route has, and for values that do not fit.
   */
  url(route: AnyRoute | string, values?: object): string {
    return this.#turn.addresses.address(route, values)
  }
}

/** @throws UsageError for what is no key: a text would be shared by all who think of the same. */
function checkKey(what: string, key: unknown): void {
  if (typeof key === 'object' && key !== null) return
  throw new UsageError(`${what} takes a key: const tenant = key<Tenant>('tenant'), not ${JSON.stringify(key)}`)
}

/** @throws RedirectError for what is no web address: browsers do strange things with the others. */
function elsewhere(to: string): string {
  const url = URL.canParse(to) ? new URL(to) : null
  if (url === null) throw new RedirectError(`c.redirect(${JSON.stringify(to)}): it is not a web address`)
  if (url.protocol !== 'https:' && url.protocol !== 'http:')
    throw new RedirectError(`c.redirect() takes http: and https: addresses, not ${url.protocol}`)
  return url.href
}

function finish(reply: Reply, init: ReplyInit | undefined): Reply {
  if (init === undefined) return reply
  if (init.status !== undefined) reply.status = init.status
  if (init.headers !== undefined) for (const [name, value] of Object.entries(init.headers)) reply.setHeader(name, value)
  return reply
}
