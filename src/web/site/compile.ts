/**
 * From what was registered to what is looked up: once, when the site begins to answer. Mounted sites become part of the
 * one table, each with the hooks and options of all that is around it.
 */
import type { Handler } from '../../http/index.ts'
import { RouteError, UsageError } from '../errors.ts'
import type { Part } from '../groups/group.ts'
import { type AnyGroup, closeGroup, type Entry, Group, type Told, toldOf } from '../groups/group.ts'
import type { AnyView, Chain, Step } from '../request/hooks.ts'
import type { AnyRoute } from '../routing/address.ts'
import { type Pattern, parsePattern, RouteConflict } from '../routing/pattern.ts'
import { type Endpoint, RouteTable } from '../routing/tree.ts'
import { staticFiles } from '../static/static-files.ts'
import { Place, RouteIndex } from './place.ts'
import type { Scope } from './scope.ts'

/** Everything about one method of one route. */
export interface Action {
  readonly view: AnyView
  /** The route's name, or its pattern; '' where none has matched. */
  readonly name: string
  readonly pattern: string
  readonly place: Place
  /** What holds there, with the limits of the route. */
  readonly scope: Scope
  readonly checksCsrf: boolean
  readonly anyHost: boolean
  /** Where in the program it was registered. */
  readonly registered: string
  readonly found: Taken
}

/** What a lookup finds: made once for each action. */
export interface Taken {
  readonly kind: 'action'
  readonly action: Action
}

/** The methods of one pattern. */
export interface Methods {
  readonly byMethod: Map<string, Action>
  /** `GET, HEAD, OPTIONS, POST`. */
  allow: string
}

/** A bare handler and what is around it. */
export interface Mounted {
  readonly prefix: string
  readonly handler: Handler
  readonly action: Action
  /** Whether the fields of the site are kept from its replies. */
  readonly bare: boolean
}

/** One method of one route, for people. */
export interface RouteEntry {
  /** `*` for all that have no handler of their own. */
  readonly method: string
  /** The whole pattern, prefixes of groups and mounts included. */
  readonly pattern: string
  /** '' when it has none. */
  readonly name: string
  /** Where in the program it was registered. */
  readonly place: string
}

export interface Compiled {
  readonly table: RouteTable<Methods>
  /** The longest prefix first. */
  readonly mounted: readonly Mounted[]
  /** All methods of the site: the answer to `OPTIONS *`. */
  readonly allow: string
  readonly root: Place
  /** The place that answers what no route takes, by prefix, the longest first. */
  readonly fallbacks: readonly { readonly prefix: string; readonly action: Action }[]
  /** In order of registration. */
  readonly catalog: readonly RouteEntry[]
  /** Whether it is plain that sessions or form tokens will be signed. */
  readonly signs: boolean
  readonly parts: readonly Part[]
  readonly groups: readonly AnyGroup[]
}

/** How a mounted site is found among groups, and what it holds. */
export interface Mounts {
  /** The scope of a site within another. */
  scopeOf(site: AnyGroup, outer: Scope, prefix: string): Scope
}

interface Registered {
  readonly pattern: Pattern
  readonly place: string
}

/** @throws RouteError for two handlers of the same thing, with both places. */
export function compile(root: AnyGroup, scope: Scope, mounts: Mounts): Compiled {
  const compiler = new Compiler(mounts)
  const place = compiler.root(root, scope)
  return compiler.finished(place)
}

class Compiler {
  readonly #mounts: Mounts
  readonly #table = new RouteTable<Methods>()
  readonly #index = new RouteIndex()
  readonly #registered: Registered[] = []
  readonly #catalog: RouteEntry[] = []
  readonly #mounted: Mounted[] = []
  readonly #places = new Map<string, Place>()
  readonly #parts: Part[] = []
  readonly #groups: AnyGroup[] = []
  #signs = false

  constructor(mounts: Mounts) {
    this.#mounts = mounts
  }

  root(group: AnyGroup, scope: Scope): Place {
    const told = toldOf(group)
    const place = new Place(null, scope, '', siteChain(told, scope, null), this.#index)
    this.#walk(group, told, place, [group])
    return place
  }

  /** @param around the sites that this one stands in, itself included. */
  #walk(group: AnyGroup, told: Told, place: Place, around: readonly AnyGroup[]): void {
    closeGroup(group)
    this.#groups.push(group)
    this.#answersFor(place)
    for (const entry of told.entries) this.#enter(entry, place, around)
  }

  #enter(entry: Entry, place: Place, around: readonly AnyGroup[]): void {
    if (entry.kind === 'route') this.#route(entry, place)
    else if (entry.kind === 'group') this.#group(entry, place, around)
    else if (entry.kind === 'site') this.#site(entry, place, around)
    else this.#handler(entry, place)
  }

  #group(
    { group, part, place: registered }: Entry & { kind: 'group' },
    place: Place,
    around: readonly AnyGroup[],
  ): void {
    const told = toldOf(group)
    if (part !== null) this.#parts.push(part)
    const scope = part?.context === undefined ? place.scope : place.scope.withContext((c) => part.context!(c))
    const inner = new Place(place, scope, place.prefix + told.prefix, groupChain(told, place.chain), this.#index)
    this.#walk(group, told, inner, around)
    for (const [prefix, directory] of Object.entries(part?.static ?? {})) {
      const files = new Group<never>(prefix)
      staticFiles(directory).install?.(files as unknown as Group<unknown>)
      this.#group({ kind: 'group', group: files, part: null, place: registered }, inner, around)
    }
  }

  #site({ site, prefix }: Entry & { kind: 'site' }, place: Place, around: readonly AnyGroup[]): void {
    if (around.includes(site)) throw new RouteError(`mount('${prefix}'): a site cannot be mounted in itself`)
    const told = toldOf(site)
    const whole = place.prefix + prefix
    const scope = this.#mounts.scopeOf(site, place.scope, whole)
    const inner = new Place(place, scope, whole, siteChain(told, scope, place), this.#index)
    this.#walk(site, told, inner, [...around, site])
  }

  #route({ method, route, view, options, place: registered }: Entry & { kind: 'route' }, place: Place): void {
    const pattern = place.prefix === '' ? route.pattern : joined(place.prefix, route.pattern)
    const endpoint = this.#endpoint(pattern, registered)
    const { byMethod } = endpoint.value
    const other = byMethod.get(method)
    if (other !== undefined)
      throw new RouteError(
        `${method} ${pattern.source} has two handlers: ${other.pattern} at ${other.registered}, and one at ${registered}`,
      )
    const { scope } = place
    const checksCsrf = scope.checksCsrf && !options.dangerouslyWithoutCsrf
    const action = made({
      view,
      name: route.routeName === '' ? pattern.source : route.routeName,
      pattern: pattern.source,
      place,
      scope: options.limits === undefined ? scope : scope.withLimits(options.limits),
      checksCsrf,
      anyHost: options.dangerouslyAnyHost ?? false,
      registered,
    })
    byMethod.set(method, action)
    // Who has templates and takes POST has forms; users are known by their sessions.
    if (scope.users.users !== null || (scope.hasTemplates && checksCsrf && method === 'POST')) this.#signs = true
    this.#name(route, place, registered)
    this.#catalog.push({ method, pattern: pattern.source, name: route.routeName, place: registered })
  }

  #endpoint(pattern: Pattern, registered: string): Endpoint<Methods> {
    this.#registered.push({ pattern, place: registered })
    try {
      return this.#table.endpoint(pattern, () => ({ byMethod: new Map(), allow: '' }))
    } catch (error) {
      if (!(error instanceof RouteConflict)) throw error
      const before = this.#registered.find((one) => one.pattern === error.other)
      throw new RouteError(`${error.message}; the second is at ${registered}, the first at ${before?.place}`)
    }
  }

  /** One name, one pattern, in each site. */
  #name(route: AnyRoute, place: Place, registered: string): void {
    const { routeName, pattern } = route
    if (routeName !== '') {
      const other = this.#index.named(routeName, place.scope).find((one) => one.pattern.source !== pattern.source)
      if (other !== undefined)
        throw new RouteError(
          `two routes are named '${routeName}': '${other.pattern.source}', and '${pattern.source}' at ${registered}`,
        )
    }
    this.#index.add(route, place)
  }

  #handler({ prefix, handler, options, place: registered }: Entry & { kind: 'handler' }, outer: Place): void {
    const whole = outer.prefix + prefix
    const other = this.#mounted.find((one) => one.prefix === whole)
    if (other !== undefined)
      throw new RouteError(
        `two handlers are mounted at '${whole}': at ${other.action.registered}, and at ${registered}`,
      )
    const place = new Place(outer, outer.scope, whole, outer.chain, this.#index)
    const action = made({
      view: () => undefined,
      name: whole,
      pattern: whole,
      place,
      scope: outer.scope,
      checksCsrf: outer.scope.checksCsrf && !options.dangerouslyWithoutCsrf,
      anyHost: false,
      registered,
    })
    this.#mounted.push({ prefix: whole, handler, action, bare: options.dangerouslyWithoutHeaders ?? false })
  }

  /** Of several places with one prefix, what is around them all answers what no route takes. */
  #answersFor(place: Place): void {
    const { prefix, outer } = place
    if (outer !== null && outer.prefix === prefix) return
    const other = this.#places.get(prefix)
    this.#places.set(prefix, other === undefined ? place : around(other, place))
  }

  finished(root: Place): Compiled {
    for (const { prefix, action } of this.#mounted) this.#checkHidden(prefix, action.registered)
    const all = new Set<string>()
    for (const { value } of this.#table.endpoints()) {
      value.allow = allowed(value.byMethod)
      for (const method of value.byMethod.keys()) all.add(method)
    }
    const longestFirst = (a: { prefix: string }, b: { prefix: string }) => b.prefix.length - a.prefix.length
    return {
      table: this.#table,
      mounted: this.#mounted.toSorted(longestFirst),
      allow: allowed(new Map([...all].map((method) => [method, null]))),
      root,
      fallbacks: [...this.#places].map(([prefix, place]) => ({ prefix, action: fallback(place) })).sort(longestFirst),
      catalog: this.#catalog,
      signs: this.#signs,
      parts: this.#parts,
      groups: this.#groups,
    }
  }

  /** A bare handler answers all below its prefix: a route there would never be asked. */
  #checkHidden(prefix: string, registered: string): void {
    const hidden = this.#registered.find(({ pattern }) => {
      const literal = pattern.segments.map((segment) => (segment.parameter === null ? segment.prefix : '\0')).join('/')
      return `/${literal}/`.startsWith(`${prefix}/`)
    })
    if (hidden === undefined) return
    throw new RouteError(
      `'${hidden.pattern.source}' at ${hidden.place} would never be reached: the handler that is mounted at '${prefix}' (${registered}) answers everything below it`,
    )
  }
}

function around(a: Place, b: Place): Place {
  let [x, y]: [Place | null, Place | null] = [a, b]
  while (x !== null && y !== null && x !== y) {
    if (x.depth >= y.depth) x = x.outer
    else y = y.outer
  }
  return x ?? a
}

function fallback(place: Place): Action {
  const { scope } = place
  return made({
    view: () => undefined,
    name: '',
    pattern: '',
    place,
    scope,
    checksCsrf: false,
    anyHost: false,
    registered: '',
  })
}

function made(of: Omit<Action, 'found'>): Action {
  const action: Action & { found: Taken } = { ...of, found: undefined as never }
  action.found = { kind: 'action', action }
  return action
}

function joined(prefix: string, pattern: Pattern): Pattern {
  const outer = parsePattern(prefix)
  return {
    source: prefix + pattern.source,
    segments: [...outer.segments, ...pattern.segments],
    static: pattern.static,
  }
}

/** RFC 9110 §10.2.1: what the Allow field lists. HEAD comes with GET, and OPTIONS is answered everywhere. */
function allowed(methods: ReadonlyMap<string, unknown>): string {
  const all = new Set(methods.keys())
  if (all.delete('*')) for (const method of ['GET', 'POST', 'PUT', 'PATCH', 'DELETE']) all.add(method)
  if (all.has('GET')) all.add('HEAD')
  all.add('OPTIONS')
  return [...all].sort().join(', ')
}

/** What holds in a site: what is around it, its authenticators where they are its own, its hooks. */
function siteChain(told: Told, scope: Scope, outer: Place | null): Chain {
  const known: Step[] = scope.authenticatesOtherwiseThan(outer?.scope ?? null)
    ? [{ kind: 'authenticate', authenticators: scope.authenticators, realm: scope.users }]
    : []
  return extended(outer?.chain ?? null, told, [...told.outermost, ...known])
}

function groupChain(told: Told, outer: Chain): Chain {
  if (told.outermost.length > 0)
    throw new UsageError('around(…, { outermost: true }) belongs to a site: in a group the visitor is known already')
  return extended(outer, told, [])
}

function extended(outer: Chain | null, told: Told, first: readonly Step[]): Chain {
  return {
    steps: [...(outer?.steps ?? []), ...first, ...told.steps],
    after: [...told.after, ...(outer?.after ?? [])],
    teardown: [...told.teardown, ...(outer?.teardown ?? [])],
    errors: [...told.errors, ...(outer?.errors ?? [])],
  }
}
