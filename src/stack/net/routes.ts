/** The routing table: the longest prefix that holds the destination wins, then the lowest metric. */
import { formatIp4, formatPrefix4, type Ip4, mask4, type Prefix4 } from '../../base/ip.ts'
import type { Interface } from '../link/interface.ts'

/** One line of a routing table: packets to addresses in `prefix` leave by `interface`. */
export interface Route {
  readonly prefix: Prefix4
  /** The next hop; null: the destination itself is on the link. */
  readonly gateway: Ip4 | null
  readonly interface: Interface
  /** Among routes with the same prefix the lowest is taken. Default 0. */
  readonly metric: number
}

/** Routes that somebody else works out: a routing protocol, or a simulator that knows the whole network. */
export interface RouteSource {
  /** The route with the longest prefix that holds the destination. */
  lookup(destination: Ip4): Route | null
  readonly all: readonly Route[]
}

const NO_ROUTES: RouteSource = { lookup: () => null, all: [] }

/** The routes with one prefix length, by network; of those with the same prefix the best first. */
interface Length {
  readonly length: number
  readonly mask: number
  readonly byNetwork: Map<Ip4, Route[]>
}

export class Routes {
  /** Longest first; none is empty. */
  #lengths: Length[] = []
  #learnt: RouteSource = NO_ROUTES
  readonly #changed: () => void

  /** @param changed is called after every change: what was remembered of the table no longer holds. */
  constructor(changed: () => void) {
    this.#changed = changed
  }

  /** Those that were added, longest prefix first. */
  get own(): readonly Route[] {
    return this.#lengths.flatMap(({ byNetwork }) => [...byNetwork.values()].flat())
  }

  /** Longest prefix first; the table's own before learnt ones. */
  get all(): readonly Route[] {
    return [...this.own, ...this.#learnt.all].sort((a, b) => b.prefix.length - a.prefix.length)
  }

  add(route: Route): void {
    const { length, network } = route.prefix
    const of = this.#ofLength(length)
    const prefix = { network: (network & of.mask) >>> 0, length }
    const same = of.byNetwork.get(prefix.network) ?? []
    // Of two equal ones the older stays first.
    const at = same.findIndex((other) => other.metric > route.metric)
    same.splice(at < 0 ? same.length : at, 0, { ...route, prefix })
    of.byNetwork.set(prefix.network, same)
    this.#changed()
  }

  /** Removes what was added; learnt routes are their source's. */
  remove(unwanted: (route: Route) => boolean): void {
    for (const { byNetwork } of this.#lengths) {
      for (const [network, routes] of byNetwork) {
        const left = routes.filter((route) => !unwanted(route))
        if (left.length > 0) byNetwork.set(network, left)
        else byNetwork.delete(network)
      }
    }
    this.#lengths = this.#lengths.filter(({ byNetwork }) => byNetwork.size > 0)
    this.#changed()
  }

  /** Learns routes from there, in the place of those learnt before. Where prefixes are equal the table's own are taken. */
  follow(source: RouteSource): void {
    this.#learnt = source
    this.#changed()
  }

  lookup(destination: Ip4): Route | null {
    const own = this.#lookupOwn(destination)
    if (own !== null && own.prefix.length === 32) return own
    const learnt = this.#learnt.lookup(destination)
    if (own === null || learnt === null) return own ?? learnt
    return learnt.prefix.length > own.prefix.length ? learnt : own
  }

  #lookupOwn(destination: Ip4): Route | null {
    for (const { mask, byNetwork } of this.#lengths) {
      const found = byNetwork.get((destination & mask) >>> 0)
      if (found !== undefined) return found[0]!
    }
    return null
  }

  #ofLength(length: number): Length {
    const known = this.#lengths.find((each) => each.length === length)
    if (known !== undefined) return known
    const made = { length, mask: mask4(length), byNetwork: new Map<Ip4, Route[]>() }
    this.#lengths = [...this.#lengths, made].sort((a, b) => b.length - a.length)
    return made
  }

  /** As `ip route` prints it. */
  toString(): string {
    return this.all
      .map(({ prefix, gateway, interface: { name } }) => {
        const to = prefix.length === 0 ? 'default' : formatPrefix4(prefix)
        return `${to}${gateway === null ? '' : ` via ${formatIp4(gateway)}`} dev ${name}`
      })
      .join('\n')
  }
}
