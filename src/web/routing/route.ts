/**
 * A route is a value: `to.posts.show({ slug })` is its address, `site.get(to.posts.show, …)` handles it, and the
 * handler's `c.params` have the types that its pattern says. It knows nothing of where it is registered: one route may
 * stand in several groups, and one application may be mounted twice.
 */

import { type AnyRoute, addresses } from './address.ts'
import type { Converters } from './converter.ts'
import { encodeQuery, type Query } from './path.ts'
import { type ParamsOf, type Pattern, parsePattern, reversePattern } from './pattern.ts'

type Arguments<P> = keyof P extends never ? [query?: Query] : [params: P, query?: Query]

/** A path with parameters, as a value. Called, it gives an address. */
export interface Route<P = unknown> extends AnyRoute {
  /**
   * The address on the running site: percent-encoded path, with the prefixes of the group or the mount where the route
   * stands nearest to the running request, and the query if there is one. Outside a request there are no prefixes:
   * `site.url(route, params)` has them.
   * @throws RouteError for values that do not fit, and for a route that stands equally near at several places.
   */
  (...args: Arguments<P>): string
  /** The path below wherever the route is registered: no prefix. */
  path(...args: Arguments<P>): string
  /** Never there: carries the type. */
  readonly params?: P
}

/** A map of names to patterns and to further maps. */
export interface RoutePatterns {
  readonly [name: string]: string | RoutePatterns
}

/** The routes of a map of patterns: the same names, each with the parameters that its pattern has. */
export type Routes<M, C = unknown> = {
  readonly [K in keyof M]: M[K] extends string ? Route<ParamsOf<M[K], C>> : Routes<M[K], C>
}

export interface UrlOptions<C extends Converters> {
  /** Converters of your own, beside int, uuid, slug, str and path. */
  readonly converters?: C
}

/**
 * Makes routes of a nested map of patterns.
 *
 * @example
 * const to = urls({ home: '/', posts: { show: '/posts/{slug:slug}', edit: '/posts/{id:int}/edit' } })
 * to.posts.show({ slug: 'hello' })   // '/posts/hello'
 * @throws RouteError for a pattern that cannot be read.
 */
export function urls<const M extends RoutePatterns, const C extends Converters = Record<never, never>>(
  patterns: M,
  options: UrlOptions<C> = {},
): Routes<M, C> {
  return build(patterns, '', options.converters ?? {}) as Routes<M, C>
}

function build(patterns: RoutePatterns, under: string, converters: Converters): object {
  const routes: Record<string, unknown> = Object.create(null)
  for (const [name, pattern] of Object.entries(patterns)) {
    const routeName = under === '' ? name : `${under}.${name}`
    routes[name] =
      typeof pattern === 'string'
        ? makeRoute(routeName, parsePattern(pattern, converters))
        : build(pattern, routeName, converters)
  }
  return Object.freeze(routes)
}

type Params = Readonly<Record<string, unknown>>

/** A route of a pattern; '' for one without a name. */
export function makeRoute(routeName: string, pattern: Pattern): Route {
  const path = (first?: object, second?: Query) =>
    pattern.static ? pathTo(pattern, {}, first as Query | undefined) : pathTo(pattern, (first ?? {}) as Params, second)
  const address = (first?: object, second?: Query) => {
    const base = addresses.get()?.baseOf(route) ?? ''
    return base + path(first, second)
  }
  const route = Object.freeze(Object.assign(address, { routeName, pattern, path })) as unknown as Route
  return route
}

/** @throws RouteError for values that do not fit the pattern. */
export function pathTo(pattern: Pattern, params: Params, query: Query | undefined): string {
  return reversePattern(pattern, params) + (query === undefined ? '' : encodeQuery(query))
}

/** Values by name, apart: those that the pattern has a place for, and the rest, which goes into the query. */
export function pathWith(pattern: Pattern, values: object): string {
  const params: Record<string, unknown> = Object.create(null)
  const query: Record<string, unknown> = Object.create(null)
  const places = new Set(pattern.segments.map(({ parameter }) => parameter?.name))
  for (const [key, value] of Object.entries(values)) (places.has(key) ? params : query)[key] = value
  return pathTo(pattern, params, query as Query)
}
