/** One group of a compiled site, at one place of it: what holds there, and where routes stand as seen from there. */
import { RouteError } from '../errors.ts'
import { BARE, type Chain } from '../request/hooks.ts'
import type { Addresses, AnyRoute } from '../routing/address.ts'
import { pathWith } from '../routing/route.ts'
import type { Scope } from './scope.ts'

/** A place where a route is registered. */
interface Home {
  readonly place: Place
  readonly route: AnyRoute
}

/** Where all routes of a site stand. */
export class RouteIndex {
  readonly #homes = new Map<AnyRoute, Home[]>()
  readonly #names = new Map<string, Home[]>()

  add(route: AnyRoute, place: Place): void {
    push(this.#homes, route, { place, route })
    if (route.routeName !== '') push(this.#names, route.routeName, { place, route })
  }

  /** The routes of a name that stand in one scope, whatever their groups. */
  named(name: string, scope: Scope): readonly AnyRoute[] {
    return (this.#names.get(name) ?? [])
      .filter(({ place }) => place.scope.prefix === scope.prefix)
      .map((home) => home.route)
  }

  homesOf(route: AnyRoute): readonly Home[] {
    return this.#homes.get(route) ?? []
  }

  /** @throws RouteError naming the routes whose names are like it. */
  homesNamed(name: string): readonly Home[] {
    const found = this.#names.get(name)
    if (found !== undefined) return found
    const last = name.split('.').at(-1)!
    const near = [...this.#names.keys()].filter(
      (other) => other.includes(last) || name.includes(other.split('.').at(-1)!),
    )
    const hint = near.length > 0 ? `; did you mean ${near.slice(0, 5).join(' or ')}?` : ''
    throw new RouteError(`no route named '${name}' has a handler on this site${hint}`)
  }
}

function push<K, V>(into: Map<K, V[]>, key: K, value: V): void {
  const values = into.get(key)
  if (values === undefined) into.set(key, [value])
  else values.push(value)
}

export class Place implements Addresses {
  readonly outer: Place | null
  readonly depth: number
  readonly scope: Scope
  /** What the addresses of its routes begin with. */
  readonly prefix: string
  readonly chain: Chain
  readonly #index: RouteIndex
  /** What has been found already. */
  readonly #bases = new Map<AnyRoute, string>()

  constructor(outer: Place | null, scope: Scope, prefix: string, chain: Chain, index: RouteIndex) {
    this.outer = outer
    this.depth = outer === null ? 0 : outer.depth + 1
    this.scope = scope
    this.prefix = prefix
    this.chain = chain
    this.#index = index
  }

  /** A site of which nothing is known yet. */
  static nowhere(scope: Scope): Place {
    return new Place(null, scope, '', BARE, new RouteIndex())
  }

  baseOf(route: AnyRoute): string {
    let base = this.#bases.get(route)
    if (base === undefined) {
      const homes = this.#index.homesOf(route)
      // A route that has no handler on this site is one of another.
      base = homes.length === 0 ? '' : this.#nearest(homes).place.prefix
      this.#bases.set(route, base)
    }
    return base
  }

  address(route: AnyRoute | string, values: object | undefined): string {
    if (typeof route !== 'string') return this.baseOf(route) + pathWith(route.pattern, values ?? {})
    const home = this.#nearest(this.#index.homesNamed(route))
    return home.place.prefix + pathWith(home.route.pattern, values ?? {})
  }

  /** The home that shares the most groups with this place, and of those the one with the fewest groups of its own. */
  #nearest(homes: readonly Home[]): Home {
    let [best] = homes as readonly [Home, ...Home[]]
    let closest = this.#common(best.place)
    let rivals: Home[] = [best]
    for (const home of homes.slice(1)) {
      const common = this.#common(home.place)
      const nearer = common - closest || best.place.depth - home.place.depth
      if (nearer < 0) continue
      if (nearer > 0) rivals = []
      rivals.push(home)
      best = home
      closest = common
    }
    const other = rivals.find(({ place }) => place.prefix !== best.place.prefix)
    if (other === undefined) return best
    const { routeName, pattern } = best.route
    throw new RouteError(
      `the route ${routeName === '' ? `'${pattern.source}'` : routeName} is registered at '${other.place.prefix}' and at '${best.place.prefix}', and neither is nearer to '${this.prefix || '/'}': write the prefix before route.path(…)`,
    )
  }

  /** The depth of the innermost group that holds both places. */
  #common(other: Place): number {
    let a: Place = this
    let b: Place = other
    while (a.depth > b.depth) a = a.outer!
    while (b.depth > a.depth) b = b.outer!
    while (a !== b) {
      if (a.outer === null || b.outer === null) return -1
      a = a.outer
      b = b.outer
    }
    return a.depth
  }
}
