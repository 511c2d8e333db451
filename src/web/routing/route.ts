/**
 * A route is a value: `to.posts.show({ slug })` is its address, `site.get(to.posts.show, …)` handles it, and the
 * handler's `c.params` have the types that its pattern says.
 */
import type { Converters } from './converter.ts'
import { encodeQuery, type Query } from './path.ts'
import { type ParamsOf, type Pattern, parsePattern, reversePattern } from './pattern.ts'

/** Where a site is mounted: its routes' addresses begin with it. '' at the root. */
export interface Base {
  readonly prefix: string
}

type Arguments<P> = keyof P extends never ? [query?: Query] : [params: P, query?: Query]

export interface Route<P = unknown> {
  /** The address: percent-encoded path, and the query if there is one. @throws RouteError for values that do not fit. */
  (...args: Arguments<P>): string
  /** `posts.show`. */
  readonly routeName: string
  readonly pattern: Pattern
  /** Set by the site that handles it. */
  base: Base
  /** Never there: carries the type. */
  readonly params?: P
}

/** A map of names to patterns and to further maps. */
export interface RoutePatterns {
  readonly [name: string]: string | RoutePatterns
}

export type Routes<M, C = unknown> = {
  readonly [K in keyof M]: M[K] extends string ? Route<ParamsOf<M[K], C>> : Routes<M[K], C>
}

export interface UrlOptions<C extends Converters> {
  /** Converters of your own, beside int, uuid, slug, str and path. */
  readonly converters?: C
}

/**
 * Makes routes of a nested map of patterns.
 * @throws RouteError for a pattern that cannot be read.
 */
export function urls<const M extends RoutePatterns, const C extends Converters = Record<never, never>>(
  patterns: M,
  options: UrlOptions<C> = {},
): Routes<M, C> {
  return Object.freeze(build(patterns, '', options.converters ?? {})) as Routes<M, C>
}

function build(patterns: RoutePatterns, under: string, converters: Converters): object {
  const routes: Record<string, unknown> = Object.create(null)
  for (const [name, pattern] of Object.entries(patterns)) {
    const routeName = under === '' ? name : `${under}.${name}`
    routes[name] =
      typeof pattern === 'string'
        ? makeRoute(routeName, parsePattern(pattern, converters))
        : Object.freeze(build(pattern, routeName, converters))
  }
  return routes
}

export function makeRoute(routeName: string, pattern: Pattern): Route {
  const address = pattern.static
    ? (query?: Query) => route.base.prefix + reversePattern(pattern, {}) + (query ? encodeQuery(query) : '')
    : (params?: Readonly<Record<string, unknown>>, query?: Query) =>
        route.base.prefix + reversePattern(pattern, params ?? {}) + (query ? encodeQuery(query) : '')
  const route = Object.assign(address, { routeName, pattern, base: { prefix: '' } }) as unknown as Route
  return route
}
