/** Where IPv4 packets go: a memory of paths above the routing table. */
import { IP4_BROADCAST, IP4_LOOPBACK, type Ip4, isMulticast4 } from '../../../base/ip.ts'
import type { Random } from '../../../base/random.ts'
import type { Interface } from '../../link/interface.ts'
import { Path } from '../path.ts'
import { Routes } from '../routes.ts'
import type { Ip4Host } from './host.ts'
import type { OwnAddresses } from './own.ts'

export class Paths {
  readonly routes: Routes
  readonly #host: Ip4Host
  readonly #own: OwnAddresses
  readonly #random: Random
  readonly #known = new Map<Ip4, Path>()

  constructor(host: Ip4Host, own: OwnAddresses) {
    this.#host = host
    this.#own = own
    this.#random = host.random.fork('ip identification')
    this.routes = new Routes(() => this.forget())
  }

  /** Routes or addresses have changed. */
  forget(): void {
    this.#known.clear()
  }

  /**
   * The way to a destination, or null when no route leads there.
   * @param source the socket's own address, which names the interface for broadcasts and multicasts; 0: any
   */
  to(destination: Ip4, source: Ip4): Path | null {
    const known = this.#known.get(destination)
    if (known !== undefined) return known
    if (isMulticast4(destination) || this.#own.isBroadcast(destination)) return this.#toGroup(destination, source)
    const found = this.#find(destination)
    if (found === null) return null
    if (this.#known.size >= this.#host.limits.paths) this.#known.clear()
    this.#known.set(destination, found)
    return found
  }

  /** The way to a destination, where packets have gone there before. */
  known(destination: Ip4): Path | undefined {
    return this.#known.get(destination)
  }

  #find(destination: Ip4): Path | null {
    if (this.#own.isLocal(destination)) {
      const source = this.#own.has(destination) ? destination : IP4_LOOPBACK
      return this.#path(this.#host.loopback, destination, source)
    }
    const route = this.routes.lookup(destination)
    if (route === null) return null
    const nextHop = route.gateway ?? destination
    return this.#path(route.interface, nextHop, route.interface.sourceFor(nextHop))
  }

  #toGroup(destination: Ip4, source: Ip4): Path | null {
    const { interfaces } = this.#host
    const through =
      (source !== 0 ? this.#own.interfaceWith(source) : undefined) ??
      interfaces.find((each) => destination !== IP4_BROADCAST && each.isBroadcast(destination)) ??
      this.routes.lookup(destination)?.interface ??
      interfaces.find((each) => each.device.medium === 'ethernet')
    return through === undefined ? null : this.#path(through, null, through.primary)
  }

  #path(through: Interface, nextHop: Ip4 | null, source: Ip4): Path {
    return new Path(through, nextHop, source, this.#host.limits.leastPathMtu, this.#random.u32() & 0xffff)
  }
}
