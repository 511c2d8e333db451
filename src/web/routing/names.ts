/** Routes found by name: what templates do. */
import { encodeQuery, type Query } from './path.ts'
import { RouteError } from './pattern.ts'
import type { Route } from './route.ts'

/** @throws RouteError naming the routes whose names are like it. */
function findByName(routes: ReadonlyMap<string, Route>, name: string): Route {
  const found = routes.get(name)
  if (found !== undefined) return found
  const last = name.split('.').at(-1)!
  const near = [...routes.keys()].filter((other) => other.includes(last) || name.includes(other.split('.').at(-1)!))
  const hint = near.length > 0 ? `; did you mean ${near.slice(0, 5).join(' or ')}?` : ''
  throw new RouteError(`no route called '${name}' has a handler on this site${hint}`)
}

/**
 * The address of a route by its name: values that its pattern has no place for go into the query.
 * @throws RouteError for a name that no route has, or values that do not fit.
 */
export function addressByName(routes: ReadonlyMap<string, Route>, name: string, values: object = {}): string {
  const route = findByName(routes, name)
  const params: Record<string, unknown> = Object.create(null)
  const query: Record<string, unknown> = Object.create(null)
  const places = new Set(route.pattern.segments.map(({ parameter }) => parameter?.name))
  for (const [key, value] of Object.entries(values)) (places.has(key) ? params : query)[key] = value
  const address = route as unknown as (...args: unknown[]) => string
  return (route.pattern.static ? address() : address(params)) + encodeQuery(query as Query)
}
