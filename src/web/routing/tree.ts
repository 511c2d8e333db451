/**
 * The route table: paths without parameters in a map, the others in a tree of segments.
 *
 * At every node the candidates are tried in a fixed order: literal text, then parameters by their converter's rank
 * (int, uuid, slug, str), with more literal text around them first, then the rest of the path. The walk may try
 * several branches, but it reaches each node of the tree once at most: the cost is bounded by the number of routes,
 * whatever the path.
 */
import { type Pattern, RouteConflict, type Segment } from './pattern.ts'

/** A leaf: what stands at the end of a pattern. */
export interface Endpoint<T> {
  readonly pattern: Pattern
  value: T
}

export interface Match<T> {
  readonly endpoint: Endpoint<T>
  /** The parameters, in an object without prototype. */
  readonly params: Readonly<Record<string, unknown>>
}

interface Branch<T> {
  readonly segment: Segment
  /** The first pattern that came this way. */
  readonly pattern: Pattern
  readonly node: Node<T>
}

interface Node<T> {
  readonly literals: Map<string, Node<T>>
  readonly branches: Branch<T>[]
  readonly rests: { readonly segment: Segment; readonly endpoint: Endpoint<T> }[]
  endpoint: Endpoint<T> | null
}

export const NO_PARAMS: Readonly<Record<string, unknown>> = Object.freeze(Object.create(null))

export class RouteTable<T> {
  readonly #static = new Map<string, Match<T>>()
  readonly #root = makeNode<T>()

  /** The endpoint of a pattern; made with `value()` when it is new. @throws RouteError when it conflicts. */
  endpoint(pattern: Pattern, value: () => T): Endpoint<T> {
    if (pattern.static) {
      const path = `/${pattern.segments.map((segment) => segment.prefix).join('/')}`
      let match = this.#static.get(path)
      if (match === undefined) {
        match = { endpoint: { pattern, value: value() }, params: NO_PARAMS }
        this.#static.set(path, match)
      }
      return match.endpoint
    }
    let node = this.#root
    for (const segment of pattern.segments) {
      if (segment.parameter?.converter.rest) return this.#rest(node, segment, pattern, value)
      node = segment.parameter === null ? literal(node, segment.prefix) : branch(node, segment, pattern)
    }
    node.endpoint ??= { pattern, value: value() }
    return sameNames(node.endpoint, pattern)
  }

  #rest(node: Node<T>, segment: Segment, pattern: Pattern, value: () => T): Endpoint<T> {
    let rest = node.rests.find((other) => other.segment.parameter!.kind === segment.parameter!.kind)
    if (rest === undefined) {
      const equal = node.rests.find((one) => order(one.segment, segment) === 0)
      if (equal !== undefined) throw sameRank(pattern, equal.endpoint.pattern)
      rest = { segment, endpoint: { pattern, value: value() } }
      node.rests.push(rest)
      node.rests.sort((a, b) => order(a.segment, b.segment))
    }
    return sameNames(rest.endpoint, pattern)
  }

  /** Every endpoint, static ones first, in order of registration. */
  *endpoints(): IterableIterator<Endpoint<T>> {
    for (const match of this.#static.values()) yield match.endpoint
    yield* endpointsOf(this.#root)
  }

  /**
   * Matches a path without parameters as it came. Patterns hold no percent sign and no empty or dot segments, so a
   * path that is found here is canonical.
   */
  matchStatic(path: string): Match<T> | undefined {
    return this.#static.get(path)
  }

  /** Matches a canonical, decoded path. */
  match(path: string): Match<T> | null {
    const found = this.#static.get(path)
    if (found !== undefined) return found
    const values: unknown[] = []
    const endpoint = walk(this.#root, path, 1, values)
    if (endpoint === null) return null
    const params: Record<string, unknown> = Object.create(null)
    let i = 0
    for (const { parameter } of endpoint.pattern.segments) if (parameter !== null) params[parameter.name] = values[i++]
    return { endpoint, params }
  }
}

/** @param at where the next segment begins; past the end when the path is used up. */
function walk<T>(node: Node<T>, path: string, at: number, values: unknown[]): Endpoint<T> | null {
  if (at > path.length) return node.endpoint
  const slash = path.indexOf('/', at)
  const end = slash < 0 ? path.length : slash
  const text = path.slice(at, end)
  const next = node.literals.get(text)
  if (next !== undefined) {
    const found = walk(next, path, end + 1, values)
    if (found !== null) return found
  }
  const depth = values.length
  for (const { segment, node: target } of node.branches) {
    const value = matchSegment(segment, text)
    if (value === undefined) continue
    values.push(value)
    const found = walk(target, path, end + 1, values)
    if (found !== null) return found
    values.length = depth
  }
  for (const { segment, endpoint } of node.rests) {
    const value = segment.parameter!.converter.match(path.slice(at))
    if (value === undefined) continue
    values.push(value)
    return endpoint
  }
  return null
}

function matchSegment({ prefix, parameter, suffix }: Segment, text: string): unknown {
  if (text.length < prefix.length + suffix.length || !text.startsWith(prefix) || !text.endsWith(suffix))
    return undefined
  const middle = prefix === '' && suffix === '' ? text : text.slice(prefix.length, text.length - suffix.length)
  return middle === '' ? undefined : parameter!.converter.match(middle)
}

function makeNode<T>(): Node<T> {
  return { literals: new Map(), branches: [], rests: [], endpoint: null }
}

function literal<T>(node: Node<T>, text: string): Node<T> {
  let next = node.literals.get(text)
  if (next === undefined) node.literals.set(text, (next = makeNode()))
  return next
}

function branch<T>(node: Node<T>, segment: Segment, pattern: Pattern): Node<T> {
  for (const other of node.branches) {
    if (same(other.segment, segment)) return other.node
    if (order(other.segment, segment) === 0 && overlap(other.segment, segment)) throw sameRank(pattern, other.pattern)
  }
  const made: Branch<T> = { segment, pattern, node: makeNode() }
  node.branches.push(made)
  node.branches.sort((a, b) => order(a.segment, b.segment))
  return made.node
}

function same(a: Segment, b: Segment): boolean {
  return a.prefix === b.prefix && a.suffix === b.suffix && a.parameter!.kind === b.parameter!.kind
}

/** More literal text first, then the higher rank. */
function order(a: Segment, b: Segment): number {
  const more = b.prefix.length + b.suffix.length - (a.prefix.length + a.suffix.length)
  return more !== 0 ? more : b.parameter!.converter.rank - a.parameter!.converter.rank
}

function overlap(a: Segment, b: Segment): boolean {
  const prefixes = a.prefix.startsWith(b.prefix) || b.prefix.startsWith(a.prefix)
  return prefixes && (a.suffix.endsWith(b.suffix) || b.suffix.endsWith(a.suffix))
}

function sameNames<T>(endpoint: Endpoint<T>, pattern: Pattern): Endpoint<T> {
  const names = (of: Pattern) => of.segments.map((segment) => segment.parameter?.name ?? '').join('/')
  if (names(endpoint.pattern) !== names(pattern))
    throw new RouteConflict(
      `'${pattern.source}' and '${endpoint.pattern.source}' match the same paths: give their parameters the same names`,
      endpoint.pattern,
    )
  return endpoint
}

function sameRank(pattern: Pattern, other: Pattern): RouteConflict {
  const message = `'${pattern.source}' and '${other.source}' have converters of the same rank at the same place: neither can go first`
  return new RouteConflict(message, other)
}

function* endpointsOf<T>(node: Node<T>): IterableIterator<Endpoint<T>> {
  if (node.endpoint !== null) yield node.endpoint
  for (const next of node.literals.values()) yield* endpointsOf(next)
  for (const { node: next } of node.branches) yield* endpointsOf(next)
  for (const { endpoint } of node.rests) yield endpoint
}
