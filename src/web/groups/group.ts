/**
 * Where routes are registered. A site is a group; groups within it have a prefix, hooks and error pages of their own,
 * and may have a guard. A group only keeps what it is told: nothing of it is looked at before the site begins.
 */
import type { AnySchema } from '../../base/standard-schema.ts'
import { type Handler, TypedWebSocket, type WebSocketConnection } from '../../http/index.ts'
import type { Class } from '../../models/index.ts'
import type { Filter } from '../../templates/index.ts'
import { RouteError, UsageError } from '../errors.ts'
import { atOnce } from '../ground/maybe.ts'
import { checkedLimits, type WebLimits } from '../limits.ts'
import type { Context } from '../request/context.ts'
import type {
  After,
  AnyView,
  Around,
  Before,
  ErrorClass,
  ErrorPage,
  ErrorView,
  Guard,
  Guarded,
  GuardVerdict,
  ParamsIn,
  Step,
  Teardown,
  View,
} from '../request/hooks.ts'
import type { SocketOptions } from '../request/socket.ts'
import type { AnyRoute } from '../routing/address.ts'
import { parsePattern } from '../routing/pattern.ts'
import { makeRoute } from '../routing/route.ts'
import type { Check, Command } from './operation.ts'
import { callerPlace } from './place.ts'

/** What may differ for one route. */
export interface RouteOptions {
  /** Takes changing requests from other sites' pages too. For webhooks and the like, which no cookie identifies. */
  readonly dangerouslyWithoutCsrf?: boolean
  /** Answers whatever the Host field names. For health checks, which ask by an address; links need `app({ origin })`. */
  readonly dangerouslyAnyHost?: boolean
  /** Limits of this route's body, form and query. */
  readonly limits?: Partial<WebLimits>
}

/** What may differ for a route that is a WebSocket. */
export type SocketRouteOptions = RouteOptions & SocketOptions

/** Talks to a visitor over a WebSocket. */
export type SocketHandler<P, U, S> = (c: Context<P, U>, socket: S) => void | Promise<void>

/** What may differ for a bare handler. */
export interface MountOptions {
  /** Takes changing requests from other sites' pages too. */
  readonly dangerouslyWithoutCsrf?: boolean
  /** Leaves the fields of its replies as they are: without the security fields of the site. */
  readonly dangerouslyWithoutHeaders?: boolean
}

/** What a group was told, in order. */
export type Entry =
  | {
      readonly kind: 'route'
      readonly method: string
      readonly route: AnyRoute
      readonly view: AnyView
      readonly options: RouteOptions
      readonly place: string
    }
  | { readonly kind: 'group'; readonly group: AnyGroup; readonly part: Part | null; readonly place: string }
  | { readonly kind: 'site'; readonly prefix: string; readonly site: AnyGroup; readonly place: string }
  | {
      readonly kind: 'handler'
      readonly prefix: string
      readonly handler: Handler
      readonly options: MountOptions
      readonly place: string
    }

/** All that a group keeps, for whoever compiles it. */
export interface Told {
  readonly prefix: string
  readonly entries: readonly Entry[]
  /** Hooks before authentication, outermost first. */
  readonly outermost: readonly Step[]
  /** Hooks and guards in order of registration. */
  readonly steps: readonly Step[]
  readonly after: readonly After<never>[]
  readonly teardown: readonly Teardown<never>[]
  readonly errors: readonly ErrorPage[]
}

/** A group whatever `c.user` is in it. */
export type AnyGroup = Group<never>

/** What a group was told. */
export let toldOf: (group: AnyGroup) => Told
/** Closes a group: what is registered later is an error. */
export let closeGroup: (group: AnyGroup) => void

const METHOD = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/

/** The parts that were put into a group and the groups in it, in order; not those of sites that are mounted there. */
export function partsIn(group: AnyGroup): readonly Part[] {
  return toldOf(group).entries.flatMap((entry) => {
    if (entry.kind !== 'group') return []
    const inside = partsIn(entry.group)
    return entry.part === null ? inside : [entry.part, ...inside]
  })
}

/**
 * A part of a site that others wrote. It registers its routes itself, and brings what they need.
 *
 * @example
 * export const blog: Part = {
 *   name: 'blog',
 *   models: [Post],
 *   templates: join(import.meta.dirname, 'templates'),
 *   install(group) { group.get(to.index, (c) => c.render('blog/index.html')) },
 * }
 * site.mount('/blog', blog)
 */
export interface Part {
  /** For messages. */
  readonly name?: string
  /** Registers routes and hooks, below the prefix where the part is mounted. */
  install?(group: Group<unknown>): void
  /** Models whose rows it keeps in the site's database. */
  readonly models?: readonly Class<object>[]
  /** Directories of templates. The site's own are looked through first, so that it can say how a page looks. */
  readonly templates?: string | readonly string[]
  /** Filters for templates; the site's own of the same name go before. */
  readonly filters?: Readonly<Record<string, Filter>>
  /** More for every template that is rendered below its prefix. */
  context?(c: Context<unknown, unknown>): object
  /** Directories of files for everybody, by prefix below that of the part: `{ '/static': 'public' }`. */
  readonly static?: Readonly<Record<string, string>>
  /** Directory of its migrations. */
  readonly migrations?: string
  /** What it lets an operator do from the command line. */
  readonly commands?: readonly Command[]
  /** What of its set-up is worth a second look before the site is served. */
  readonly checks?: readonly Check[]
  /** Runs when the site starts, in the order in which parts were put in. */
  onStart?(): void | Promise<void>
  /** Runs when the site closes, in the opposite order. */
  onStop?(): void | Promise<void>
}

/** What can be mounted below a prefix: another site, a part, or a bare HTTP handler. */
export type MountTarget = Handler | Part | Mountable

/** A whole application that answers exchanges: a site of this framework is one. */
export interface Mountable {
  /** Answers one exchange. */
  readonly handle: Handler
}

/** @typeParam U what `c.user` is for its handlers. */
export class Group<U> {
  /** What the paths of its routes begin with; '' for none. */
  readonly prefix: string
  #closed = false
  readonly #entries: Entry[] = []
  readonly #outermost: Step[] = []
  readonly #steps: Step[] = []
  readonly #after: After<never>[] = []
  readonly #teardown: Teardown<never>[] = []
  readonly #errors: ErrorPage[] = []

  static {
    toldOf = (group) => ({
      prefix: group.prefix,
      entries: group.#entries,
      outermost: group.#outermost,
      steps: group.#steps,
      after: group.#after,
      teardown: group.#teardown,
      errors: group.#errors,
    })
    closeGroup = (group) => {
      group.#closed = true
    }
  }

  /** Made by `app()` and `group()`. */
  constructor(prefix: string) {
    if (prefix !== '') checkPrefix(prefix)
    this.prefix = prefix
  }

  /** GET, and HEAD with it. A string that the handler gives is sent as plain text. */
  get<const R extends string | AnyRoute>(route: R, view: View<ParamsIn<R>, U>, options?: RouteOptions): this {
    return this.route('GET', route, view, options)
  }
  /** POST. Other sites' pages cannot send one, unless the route says so. */
  post<const R extends string | AnyRoute>(route: R, view: View<ParamsIn<R>, U>, options?: RouteOptions): this {
    return this.route('POST', route, view, options)
  }
  /** PUT, with the protection of `post`. */
  put<const R extends string | AnyRoute>(route: R, view: View<ParamsIn<R>, U>, options?: RouteOptions): this {
    return this.route('PUT', route, view, options)
  }
  /** PATCH, with the protection of `post`. */
  patch<const R extends string | AnyRoute>(route: R, view: View<ParamsIn<R>, U>, options?: RouteOptions): this {
    return this.route('PATCH', route, view, options)
  }
  /** DELETE, with the protection of `post`. */
  delete<const R extends string | AnyRoute>(route: R, view: View<ParamsIn<R>, U>, options?: RouteOptions): this {
    return this.route('DELETE', route, view, options)
  }
  /**
   * A WebSocket, over HTTP/1.1 and HTTP/2. Hooks, guards and the check of who asks run before it opens, as for any route: pages of other
   * sites cannot open it. With `receives`, messages are JSON that the schema has looked at.
   * The handler's async function may run as long as the WebSocket is open; what it does to `c` no reply carries any more.
   * @example
   * site.websocket('/rooms/{room}', async (c, socket) => {
   *   for await (const message of socket) socket.send(`${c.params.room}: ${message}`)
   * })
   */
  websocket<const R extends string | AnyRoute, In>(
    route: R,
    handler: SocketHandler<ParamsIn<R>, U, TypedWebSocket<In>>,
    options: SocketRouteOptions & { readonly receives: AnySchema<In> },
  ): this
  websocket<const R extends string | AnyRoute>(
    route: R,
    handler: SocketHandler<ParamsIn<R>, U, WebSocketConnection>,
    options?: SocketRouteOptions,
  ): this
  websocket<const R extends string | AnyRoute>(
    route: R,
    handler: SocketHandler<ParamsIn<R>, U, never>,
    options: SocketRouteOptions & { readonly receives?: AnySchema } = {},
  ): this {
    requireFunction(handler, `websocket ${nameOf(route, 'websocket')}`)
    const { receives } = options
    const view: View<ParamsIn<R>, U> = (c) =>
      c.websocket((socket) => {
        const given = receives === undefined ? socket : new TypedWebSocket(socket, receives)
        return handler(c, given as never)
      }, options)
    // RFC 8441 §4: over HTTP/2 a WebSocket is asked for with CONNECT.
    return this.route('GET', route, view, options).route('CONNECT', route, view, options)
  }
  /** Every method that has no handler of its own there. */
  any<const R extends string | AnyRoute>(route: R, view: View<ParamsIn<R>, U>, options?: RouteOptions): this {
    return this.route('*', route, view, options)
  }

  /**
   * Registers a handler. The route is left as it is: it may be registered in several groups and sites.
   * @param method any method, as it is sent (`PROPFIND`); `*` is every one without a handler of its own.
   * @throws RouteError for a method or pattern that cannot be, or once the site has begun to answer.
   */
  route<const R extends string | AnyRoute>(
    method: string,
    route: R,
    view: View<ParamsIn<R>, U>,
    options: RouteOptions = {},
  ): this {
    const name = nameOf(route, method)
    this.#open(`${method} ${name}`)
    if (!METHOD.test(method)) throw new RouteError(`'${method}' is not an HTTP method`)
    if (typeof view !== 'function')
      throw new UsageError(`${method} ${name}: the handler must be a function, not ${String(view)}`)
    checkedLimits(`${method} ${name}`, options.limits)
    this.#entries.push({
      kind: 'route',
      method,
      route: typeof route === 'string' ? makeRoute('', parsePattern(route)) : route,
      view: view as unknown as AnyView,
      options,
      place: callerPlace(),
    })
    return this
  }

  /** Before every handler of the group, in order of registration, those of outer groups first. */
  before(hook: Before<U>): this {
    return this.#hook(this.#steps, { kind: 'before', hook: hook as unknown as Before<never> }, 'before()')
  }

  /**
   * Around every handler of the group, and around what was registered later with `before`, `around` and `guard`.
   * @param options `outermost`: also around the authenticators, for what they need themselves (the database of a tenant);
   * `c.user` is null there.
   */
  around(hook: Around<U>, options: { readonly outermost?: boolean } = {}): this {
    const steps = options.outermost ? this.#outermost : this.#steps
    return this.#hook(steps, { kind: 'around', hook: hook as unknown as Around<never> }, 'around()')
  }

  #hook(steps: Step[], step: Step, what: string): this {
    this.#open(what)
    if (step.kind === 'before' || step.kind === 'around') requireFunction(step.hook, what)
    steps.push(step)
    return this
  }

  /** After every handler of the group, those of inner groups first: on every reply, also of error pages. */
  after(hook: After<U>): this {
    this.#open('after()')
    requireFunction(hook, 'after()')
    this.#after.push(hook as unknown as After<never>)
    return this
  }

  /** When the reply has been sent, or could not be. */
  teardown(hook: Teardown<U>): this {
    this.#open('teardown()')
    requireFunction(hook, 'teardown()')
    this.#teardown.push(hook as unknown as Teardown<never>)
    return this
  }

  /**
   * Answers errors of a status, or of a class (`Error`: of all). The innermost group that knows one answers; the
   * reply has the error's status unless it says another.
   *
   * @example
   * site.onError(404, (c) => c.render('lost.html'))
   * site.onError(ConstraintError, (c, error) => c.json({ field: error.field }))
   */
  onError<E>(of: number | ErrorClass<E>, view: ErrorView<U, E>): this {
    this.#open('onError()')
    if (typeof of !== 'function' && !(Number.isInteger(of) && of >= 400 && of <= 599))
      throw new UsageError(`onError() takes a status from 400 to 599 or a class of errors, not ${JSON.stringify(of)}`)
    requireFunction(view, 'onError()')
    this.#errors.push({ of, view: view as unknown as ErrorView<never, never> })
    return this
  }

  /** Routes with a prefix, hooks and error pages of their own. */
  group(prefix: string, register: (group: Group<U>) => void): this {
    requireFunction(register, `group('${prefix}')`)
    const group = new Group<U>(prefix)
    registered(`group('${prefix}')`, register(group))
    return this.#put(group, null)
  }

  /**
   * Routes behind a guard, which says who may pass and what `c.user` is inside.
   *
   * @example
   * site.guard((c) => (c.user?.role === 'admin' ? c.user : null), (admins) => {
   *   admins.get('/admin', (c) => `Hello, ${c.user.name}`)
   * })
   */
  guard<V extends GuardVerdict>(check: Guard<U, V>, register: (group: Group<Guarded<U, Awaited<V>>>) => void): this {
    if (typeof check !== 'function' || typeof register !== 'function')
      throw new UsageError('guard() takes a check and a function that registers routes')
    const group = new Group<Guarded<U, Awaited<V>>>('')
    group.#steps.push({ kind: 'guard', check: check as unknown as Guard<never, GuardVerdict> })
    registered('guard()', register(group))
    return this.#put(group, null)
  }

  /** Routes for signed-in users: `c.user` is never null there. Others are sent to sign in, or told 401. */
  signedIn(register: (group: Group<NonNullable<U>>) => void): this {
    requireFunction(register, 'signedIn()')
    const group = new Group<NonNullable<U>>('')
    // Whatever a user is: an authenticator may give a name alone.
    const known: Guard<never, GuardVerdict> = ({ user }: { readonly user: unknown }) =>
      user !== null && user !== undefined
    group.#steps.push({ kind: 'guard', check: known })
    registered('signedIn()', register(group))
    return this.#put(group, null)
  }

  #put(group: Group<never> | Group<unknown>, part: Part | null): this {
    this.#open('group()')
    this.#entries.push({ kind: 'group', group: group as AnyGroup, part, place: callerPlace() })
    return this
  }

  /**
   * Puts something below a prefix: another site, a part, or a bare HTTP handler, which sees the path without the prefix.
   * Hooks, guards, error pages and limits of this group hold inside. One site may be mounted at several places.
   */
  mount(prefix: string, target: MountTarget, options: MountOptions = {}): this {
    this.#open(`mount('${prefix}')`)
    checkPrefix(prefix)
    const place = callerPlace()
    if (target instanceof Group)
      this.#entries.push({ kind: 'site', prefix, site: target as unknown as AnyGroup, place })
    else {
      const handler = typeof target === 'function' ? target : (target as Partial<Mountable> | null)?.handle
      if (typeof handler === 'function') this.#entries.push({ kind: 'handler', prefix, handler, options, place })
      else this.#install(prefix, target as Part)
    }
    return this
  }

  /** Puts a part into this group, with its routes as they are. */
  use(part: Part): this {
    this.#open('use()')
    this.#install('', part)
    return this
  }

  #install(prefix: string, part: Part): void {
    if (typeof part !== 'object' || part === null)
      throw new UsageError(`mount('${prefix}'): mount a site, a part, or an HTTP handler, not ${String(part)}`)
    if (part instanceof Promise) throw new UsageError(`mount('${prefix}') was given a promise: await it first`)
    const group = new Group<U>(prefix)
    registered('the install() of a part', part.install?.(group as unknown as Group<unknown>))
    this.#put(group as Group<never>, part)
  }

  #open(what: string): void {
    if (this.#closed)
      throw new RouteError(`${what} was called after the first request: register everything before the site is served`)
  }
}

function requireFunction(given: unknown, what: string): void {
  if (typeof given !== 'function') throw new UsageError(`${what} takes a function, not ${String(given)}`)
}

/** Routes that come after a wait would come too late, without a word. @throws UsageError for a promise. */
function registered(what: string, given: unknown): void {
  atOnce(given, what)
}

/** @throws RouteError for what is neither a pattern nor a route. */
function nameOf(route: string | AnyRoute, method: string): string {
  if (typeof route === 'string') return route
  const { routeName } = (route ?? {}) as Partial<AnyRoute>
  if (typeof routeName === 'string') return routeName
  throw new RouteError(
    `${method}: the route must be a pattern like '/posts/{id:int}' or a route of urls(), not ${String(route)}`,
  )
}

function checkPrefix(prefix: string): void {
  if (/^(?:\/[A-Za-z0-9._~-]+)+$/.test(prefix)) return
  const advice = /[*:{]/.test(prefix)
    ? "a prefix is literal and covers all below it: write '/api', and parameters in the routes"
    : "write it as '/blog', with a slash before it and none after"
  throw new RouteError(`prefix '${prefix}': ${advice}`)
}
