/**
 * Where routes are registered. A site is a group; groups within it have a prefix, hooks and error handlers of their
 * own, and may be for signed-in users only.
 */
import type { Exchange, Handler } from '../../http/index.ts'
import { type ParamsOf, type Pattern, parsePattern, RouteError } from '../routing/pattern.ts'
import { type Base, makeRoute, type Route } from '../routing/route.ts'
import type { Context } from './context/context.ts'
import type { Answer, Reply } from './reply/reply.ts'

/** Any route, whatever its parameters. */
export interface AnyRoute {
  readonly routeName: string
  readonly pattern: Pattern
}

export type ParamsIn<R> = R extends string ? ParamsOf<R> : R extends { readonly params?: infer P } ? P : never

/**
 * Answers a request. **A string is sent as HTML, as it is**: what a visitor wrote belongs into a template
 * (`c.render(…)`), which escapes it, or into `c.text(…)`, which sends plain text.
 *
 *     site.get('/hello/{name}', (c) => c.text(`Hello, ${c.params.name}`))   // not: `Hello, ${…}`, which runs scripts
 *
 * Objects and arrays are sent as JSON, iterables of pieces as they come, a `Reply` (`c.html`, `c.json`, `c.redirect`,
 * `c.empty`, …) as it says.
 */
export type View<P, U> = (c: Context<P, U>) => Answer | Promise<Answer>
// biome-ignore lint/suspicious/noConfusingVoidType: a hook that says nothing need not say so
type Said = Answer | undefined | void
/** Runs before the handler; an answer takes its place. */
export type Before<U> = (c: Context<unknown, U>) => Said | Promise<Said>
/** Runs after the handler; may change the reply or give another. */
export type After<U> = (c: Context<unknown, U>, reply: Reply) => Said | Promise<Said>
/** Runs when the reply is sent, or could not be: always, once. */
export type Teardown<U> = (c: Context<unknown, U>, error: unknown) => void | Promise<void>
/** What an error view may tell the visitor. */
export interface Told {
  readonly status: number
  /** Words that were meant for them, else those of the status. */
  readonly message: string
  /** Leads to the log's entry of a 5xx; '' for the others. */
  readonly reference: string
}
export type ErrorView<U, E = unknown> = (c: Context<unknown, U>, error: E, told: Told) => Answer | Promise<Answer>

export interface ViewOptions {
  /** Takes changing requests from other sites' pages too. For webhooks and the like, which no cookie identifies. */
  readonly dangerouslyWithoutCsrf?: boolean
}

export type ErrorClass<E = unknown> = abstract new (...args: never[]) => E

export interface Registration {
  readonly method: string
  readonly route: Route
  /** The whole pattern, prefixes of groups included. */
  readonly pattern: Pattern
  readonly view: View<never, never>
  readonly group: Group<never>
  readonly options: ViewOptions
  /** Where in the program it stands, for messages. */
  readonly place: string
}

export interface Mounted {
  readonly prefix: string
  readonly target: MountTarget
  readonly place: string
}

/** A part of a site that others wrote: it registers its routes itself. */
export interface Part {
  install(group: Group<unknown>): void
}

/** Something that answers everything below a prefix. */
export type MountTarget = Handler | { handleUnder(exchange: Exchange, prefix: string): void | Promise<void> }

/** What the groups of one site register into. */
export interface Registry {
  readonly registrations: Registration[]
  readonly mounted: Mounted[]
  /** @throws RouteError once the site has begun to answer. */
  assertOpen(what: string): void
  adopt(target: MountTarget, prefix: string): void
}

const METHOD = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/

/** @typeParam U what `c.user` is for its handlers. */
export class Group<U> {
  readonly prefix: string
  readonly outer: Group<never> | null
  /** What the addresses of its routes begin with. */
  readonly base: Base
  /** Whether its routes are for signed-in users only. */
  readonly usersOnly: boolean
  readonly hooks = { before: [] as Before<never>[], after: [] as After<never>[], teardown: [] as Teardown<never>[] }
  readonly errors: { readonly of: number | ErrorClass; readonly view: ErrorView<never, never> }[] = []
  readonly #registry: Registry

  constructor(registry: Registry, outer: Group<never> | null, prefix: string, usersOnly: boolean, base?: Base) {
    if (prefix !== '') checkPrefix(prefix)
    this.#registry = registry
    this.outer = outer
    this.prefix = prefix
    this.usersOnly = usersOnly
    this.base = base ?? innerBase(outer!.base, prefix)
  }

  /**
   * GET, and HEAD with it.
   * @param view a string that it gives is sent as HTML, unescaped: `c.text(…)` for plain text, `c.render(…)` for a
   * template, which escapes.
   */
  get<const R extends string | AnyRoute>(route: R, view: View<ParamsIn<R>, U>): this {
    return this.on('GET', route, view)
  }
  post<const R extends string | AnyRoute>(route: R, view: View<ParamsIn<R>, U>, options?: ViewOptions): this {
    return this.on('POST', route, view, options)
  }
  put<const R extends string | AnyRoute>(route: R, view: View<ParamsIn<R>, U>, options?: ViewOptions): this {
    return this.on('PUT', route, view, options)
  }
  patch<const R extends string | AnyRoute>(route: R, view: View<ParamsIn<R>, U>, options?: ViewOptions): this {
    return this.on('PATCH', route, view, options)
  }
  delete<const R extends string | AnyRoute>(route: R, view: View<ParamsIn<R>, U>, options?: ViewOptions): this {
    return this.on('DELETE', route, view, options)
  }
  /** Every method that has no handler of its own there. */
  any<const R extends string | AnyRoute>(route: R, view: View<ParamsIn<R>, U>, options?: ViewOptions): this {
    return this.on('*', route, view, options)
  }

  /** @param method any method, as it is sent (`PROPFIND`). */
  on<const R extends string | AnyRoute>(
    method: string,
    route: R,
    view: View<ParamsIn<R>, U>,
    options: ViewOptions = {},
  ): this {
    const name = typeof route === 'string' ? route : route.routeName
    this.#registry.assertOpen(`${method} ${name}`)
    if (!METHOD.test(method)) throw new RouteError(`'${method}' is no method`)
    if (typeof view !== 'function') throw new TypeError(`${method} ${name}: the handler is a ${typeof view}`)
    const made = typeof route === 'string' ? makeRoute('', parsePattern(route)) : (route as unknown as Route)
    made.base = this.base
    const under = prefixOf(this)
    this.#registry.registrations.push({
      method,
      route: made,
      pattern: under === '' ? made.pattern : joined(under, made.pattern),
      view: view as unknown as View<never, never>,
      group: this as unknown as Group<never>,
      options,
      place: callerPlace(),
    })
    return this
  }

  /** Before every handler of the group, in order of registration, those of outer groups first. */
  before(hook: Before<U>): this {
    this.#registry.assertOpen('a before hook')
    this.hooks.before.push(hook as unknown as Before<never>)
    return this
  }
  /** After every handler of the group, those of inner groups first. */
  after(hook: After<U>): this {
    this.#registry.assertOpen('an after hook')
    this.hooks.after.push(hook as unknown as After<never>)
    return this
  }
  teardown(hook: Teardown<U>): this {
    this.#registry.assertOpen('a teardown hook')
    this.hooks.teardown.push(hook as unknown as Teardown<never>)
    return this
  }

  /**
   * Answers errors of a status, or of a class (`Error`: of all). The innermost group that knows one answers; the
   * reply has the error's status unless it says another.
   */
  error<E>(of: number | ErrorClass<E>, view: ErrorView<U, E>): this {
    this.#registry.assertOpen('an error handler')
    this.errors.push({ of, view: view as unknown as ErrorView<never, never> })
    return this
  }

  /** Routes with a prefix, hooks and error handlers of their own. */
  group(prefix: string, register: (group: Group<U>) => void): this {
    register(new Group<U>(this.#registry, this as unknown as Group<never>, prefix, this.usersOnly))
    return this
  }

  /** Routes for signed-in users: `c.user` is never null there. Others are sent to sign in, or told 401. */
  users(register: (group: Group<NonNullable<U>>) => void): this {
    register(new Group<NonNullable<U>>(this.#registry, this as unknown as Group<never>, '', true))
    return this
  }

  /** Another site, a part, or a bare HTTP handler, which sees the path without the prefix. */
  mount(prefix: string, target: MountTarget | Part): this {
    this.#registry.assertOpen(`what is mounted at ${prefix}`)
    if (typeof target === 'object' && 'install' in target)
      return this.group(prefix, (group) => target.install(group as unknown as Group<unknown>))
    if (this.usersOnly) throw new RouteError(`mount '${prefix}': inside users() mount a part; a handler knows no users`)
    const whole = prefixOf(this) + prefix
    checkPrefix(prefix)
    this.#registry.adopt(target, whole)
    this.#registry.mounted.push({ prefix: whole, target, place: callerPlace() })
    return this
  }
}

function checkPrefix(prefix: string): void {
  if (!/^(?:\/[A-Za-z0-9._~-]+)+$/.test(prefix))
    throw new RouteError(`prefix '${prefix}': write it as '/blog', literal, with a slash before it and none after`)
}

/** Follows the outer base, which changes when its site is mounted. */
function innerBase(outer: Base, prefix: string): Base {
  return {
    get prefix() {
      return outer.prefix + prefix
    },
  }
}

/** The prefixes of a group and of those around it. */
function prefixOf(group: { readonly prefix: string; readonly outer: Group<never> | null }): string {
  return (group.outer === null ? '' : prefixOf(group.outer)) + group.prefix
}

function joined(prefix: string, pattern: Pattern): Pattern {
  const outer = parsePattern(prefix)
  return {
    source: prefix + pattern.source,
    segments: [...outer.segments, ...pattern.segments],
    static: pattern.static,
  }
}

/** The first line of the stack outside this file, whatever the file is called: the package holds `group.js`. */
function callerPlace(): string {
  const lines = (new Error().stack ?? '').split('\n').slice(1)
  const line = lines.find((text) => !text.includes(import.meta.url)) ?? ''
  return line.replace(/^\s*at\s+/, '')
}
