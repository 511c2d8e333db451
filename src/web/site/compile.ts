/** From what was registered to what is looked up: once, when the site begins to answer. */
import { RouteConflict, RouteError } from '../routing/pattern.ts'
import type { Route } from '../routing/route.ts'
import { type Endpoint, RouteTable } from '../routing/tree.ts'
import type { After, Before, ErrorClass, ErrorView, Group, Registration, Teardown, View } from './group.ts'

/** Everything about one method of one route. */
export interface Action {
  readonly view: View<never, never>
  /** The route's name, or its pattern. */
  readonly name: string
  readonly pattern: string
  readonly chain: Chain
  readonly usersOnly: boolean
  readonly checksCsrf: boolean
  readonly place: string
}

/** The hooks and error handlers that apply in a group, in the order in which they run. */
export interface Chain {
  readonly before: readonly Before<never>[]
  readonly after: readonly After<never>[]
  readonly teardown: readonly Teardown<never>[]
  readonly errors: readonly { readonly of: number | ErrorClass; readonly view: ErrorView<never, never> }[]
}

export interface Methods {
  readonly byMethod: Map<string, Action>
  /** `GET, HEAD, OPTIONS, POST`. */
  allow: string
}

/** One method of one route, for people. */
export interface RouteEntry {
  /** `*` for all that have no handler of their own. */
  readonly method: string
  readonly pattern: string
  /** '' when it has none. */
  readonly name: string
  readonly place: string
}

export interface Compiled {
  readonly table: RouteTable<Methods>
  /** All methods of the site: the answer to `OPTIONS *`. */
  readonly allow: string
  readonly root: Chain
  /** In order of registration. */
  readonly catalog: readonly RouteEntry[]
}

/** @throws RouteError for two handlers of the same thing, with both places. */
export function compile(
  registrations: readonly Registration[],
  root: Group<never>,
  csrf: boolean,
  names: Map<string, Route>,
): Compiled {
  const table = new RouteTable<Methods>()
  const chains = new Map<Group<never>, Chain>()
  for (const registration of registrations) {
    const { method, route, pattern, group, options } = registration
    const endpoint = enter(table, registration, registrations)
    const { byMethod } = endpoint.value
    const other = byMethod.get(method)
    if (other !== undefined)
      throw new RouteError(
        `${method} ${pattern.source} has two handlers: ${other.pattern} at ${other.place} and the one at ${registration.place}`,
      )
    let chain = chains.get(group)
    if (chain === undefined) chains.set(group, (chain = chainOf(group)))
    byMethod.set(method, {
      view: registration.view,
      name: route.routeName === '' ? pattern.source : route.routeName,
      pattern: pattern.source,
      chain,
      usersOnly: group.usersOnly,
      checksCsrf: csrf && !options.dangerouslyWithoutCsrf,
      place: registration.place,
    })
    if (route.routeName !== '') nameRoute(names, route, registration)
  }
  const all = new Set<string>()
  for (const { value } of table.endpoints()) {
    value.allow = allowed(value.byMethod)
    for (const method of value.byMethod.keys()) all.add(method)
  }
  const catalog = registrations.map(({ method, pattern, route, place }) => ({
    method,
    pattern: pattern.source,
    name: route.routeName,
    place,
  }))
  return { table, allow: allowed(new Map([...all].map((method) => [method, null]))), root: chainOf(root), catalog }
}

function enter(
  table: RouteTable<Methods>,
  { pattern, place }: Registration,
  all: readonly Registration[],
): Endpoint<Methods> {
  try {
    return table.endpoint(pattern, () => ({ byMethod: new Map(), allow: '' }))
  } catch (error) {
    if (!(error instanceof RouteConflict)) throw error
    const before = all.find((one) => one.pattern === error.other)
    throw new RouteError(`${error.message}; the second is at ${place}, the first at ${before?.place}`)
  }
}

function nameRoute(names: Map<string, Route>, route: Route, { place }: Registration): void {
  const other = names.get(route.routeName)
  if (other !== undefined && other !== route)
    throw new RouteError(
      `two routes are called '${route.routeName}': '${other.pattern.source}' and '${route.pattern.source}' at ${place}`,
    )
  names.set(route.routeName, route)
}

/** RFC 9110 §10.2.1: what the Allow field lists. HEAD comes with GET, and OPTIONS is answered everywhere. */
function allowed(methods: ReadonlyMap<string, unknown>): string {
  const all = new Set(methods.keys())
  if (all.delete('*')) for (const method of ['GET', 'POST', 'PUT', 'PATCH', 'DELETE']) all.add(method)
  if (all.has('GET')) all.add('HEAD')
  all.add('OPTIONS')
  return [...all].sort().join(', ')
}

function chainOf(group: Group<never>): Chain {
  const { hooks, errors, outer } = group
  if (outer === null) return { ...hooks, errors }
  const around = chainOf(outer)
  return {
    before: [...around.before, ...hooks.before],
    after: [...hooks.after, ...around.after],
    teardown: [...hooks.teardown, ...around.teardown],
    errors: [...errors, ...around.errors],
  }
}
