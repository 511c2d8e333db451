/**
 * Who is joined to whom, as it was when the links were last changed: routers with their ports, and the subnets that they
 * stand on. Routes are computed from it, for every router when it first needs them.
 */
import type { Nanos } from '../../base/clock.ts'
import { formatPrefix4, type Ip4, mask4, type Prefix4 } from '../../base/ip.ts'
import type { Port, SimHost } from '../machine/node.ts'

/** A router's way out to a neighbouring router. */
export interface Edge {
  /** The neighbour's place among the routers. */
  readonly to: number
  /** The neighbour's address on the subnet between the two. */
  readonly gateway: Ip4
  readonly latency: Nanos
  readonly port: Port
  /** Of a home router: whether this way out leads into the home; and whether it enters the neighbour's home. */
  readonly leavesInside: boolean
  readonly entersInside: boolean
}

/** A subnet that a router stands on. */
export interface Subnet {
  /** The prefix's number. */
  readonly id: number
  readonly inside: boolean
}

export interface Vertex {
  readonly node: SimHost
  /** Address translation hides what is inside from who comes from outside. */
  readonly hides: boolean
  readonly edges: readonly Edge[]
  readonly subnets: readonly Subnet[]
}

/** The subnets of all routers, each with a number. */
export class Prefixes {
  readonly all: Prefix4[] = []
  readonly #ids = new Map<string, number>()
  /** By prefix length, longest first: numbers by network. */
  readonly #lengths: { readonly length: number; readonly byNetwork: Map<number, number> }[] = []

  number(prefix: Prefix4): number {
    const key = formatPrefix4(prefix)
    const known = this.#ids.get(key)
    if (known !== undefined) return known
    const id = this.all.push(prefix) - 1
    this.#ids.set(key, id)
    this.#ofLength(prefix.length).set(prefix.network, id)
    return id
  }

  #ofLength(length: number): Map<number, number> {
    let found = this.#lengths.find((each) => each.length === length)
    if (found === undefined) {
      found = { length, byNetwork: new Map() }
      this.#lengths.push(found)
      this.#lengths.sort((a, b) => b.length - a.length)
    }
    return found.byNetwork
  }

  /** The number of the longest prefix that holds the address and that `suits`; -1 when there is none. */
  longest(address: Ip4, suits: (id: number) => boolean): number {
    for (const { length, byNetwork } of this.#lengths) {
      const id = byNetwork.get((address & mask4(length)) >>> 0)
      if (id !== undefined && suits(id)) return id
    }
    return -1
  }
}

export class Topology {
  readonly routers: readonly Vertex[]
  readonly prefixes = new Prefixes()
  readonly #places = new Map<SimHost, number>()

  constructor(nodes: Iterable<SimHost>, hides: (node: SimHost) => boolean) {
    const routers = [...nodes].filter((node) => node.isRouter)
    for (const [place, node] of routers.entries()) this.#places.set(node, place)
    // The routers of a LAN are sought once, not once for every machine on it.
    const bySegment = new Map<object, readonly Port[]>()
    const routersOn = ({ segment }: Port): readonly Port[] => {
      let found = bySegment.get(segment)
      if (found === undefined)
        bySegment.set(segment, (found = segment.ports.filter(({ node }) => this.#places.has(node))))
      return found
    }
    this.routers = routers.map((node) => ({
      node,
      hides: hides(node),
      edges: node.ports.flatMap((port) => this.#edges(port, routersOn(port))),
      subnets: node.ports.flatMap((port) => this.#subnets(port)),
    }))
  }

  /** The place of a router among the routers; -1 for a host. */
  placeOf(node: SimHost): number {
    return this.#places.get(node) ?? -1
  }

  #subnets({ interface: { addresses }, inside }: Port): Subnet[] {
    return addresses.map(({ prefix }) => ({ id: this.prefixes.number(prefix), inside }))
  }

  #edges(port: Port, peers: readonly Port[]): Edge[] {
    return peers
      .filter((peer) => peer.node !== port.node)
      .map((peer) => ({
        to: this.#places.get(peer.node)!,
        gateway: peer.interface.primary,
        latency: port.end.out.latency,
        port,
        leavesInside: port.inside,
        entersInside: peer.inside,
      }))
  }
}
