/** Routes found by name: what templates do. */
import { RouteError } from './pattern.ts'
import type { Route } from './route.ts'

/** @throws RouteError naming the routes whose names are like it. */
export function findByName(routes: ReadonlyMap<string, Route>, name: string): Route {
  const found = routes.get(name)
  if (found !== undefined) return found
  const last = name.split('.').at(-1)!
  const near = [...routes.keys()].filter((other) => other.includes(last) || name.includes(other.split('.').at(-1)!))
  const hint = near.length > 0 ? `; did you mean ${near.slice(0, 5).join(' or ')}?` : ''
  throw new RouteError(`no route called '${name}' has a handler on this site${hint}`)
}
