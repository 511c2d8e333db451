/** The routing table: the longest prefix that holds the destination wins, then the lowest metric. */
import { contains4, formatIp4, formatPrefix4, type Ip4, mask4, type Prefix4 } from '../../base/ip.ts'
import type { Interface } from './interface.ts'

export interface Route {
  readonly prefix: Prefix4
  /** The next hop; null: the destination itself is on the link. */
  readonly gateway: Ip4 | null
  readonly interface: Interface
  /** Among routes with the same prefix the lowest is taken. Default 0. */
  readonly metric: number
}

export class Routes {
  /** Longest prefix first. */
  #routes: Route[] = []
  readonly #changed: () => void

  /** @param changed is called after every change: what was remembered of the table no longer holds. */
  constructor(changed: () => void) {
    this.#changed = changed
  }

  get all(): readonly Route[] {
    return this.#routes
  }

  add(route: Route): void {
    this.#routes.push({ ...route, prefix: canonical(route.prefix) })
    // Array.prototype.sort is stable: of two equal ones the older stays first.
    this.#routes.sort((a, b) => b.prefix.length - a.prefix.length || a.metric - b.metric)
    this.#changed()
  }

  remove(unwanted: (route: Route) => boolean): void {
    this.#routes = this.#routes.filter((route) => !unwanted(route))
    this.#changed()
  }

  lookup(destination: Ip4): Route | null {
    for (const route of this.#routes) if (contains4(route.prefix, destination)) return route
    return null
  }

  /** As `ip route` prints it. */
  toString(): string {
    return this.#routes
      .map(({ prefix, gateway, interface: { name } }) => {
        const to = prefix.length === 0 ? 'default' : formatPrefix4(prefix)
        return `${to}${gateway === null ? '' : ` via ${formatIp4(gateway)}`} dev ${name}`
      })
      .join('\n')
  }
}

function canonical({ network, length }: Prefix4): Prefix4 {
  return { network: (network & mask4(length)) >>> 0, length }
}
