/**
 * Static routes along the shortest paths (by latency, then by hops), for every router to every subnet that it may see.
 * What lies inside a home is seen from inside it only: the home router translates.
 */
import type { Nanos } from '../../base/clock.ts'
import { formatPrefix4, type Ip4, type Prefix4 } from '../../base/ip.ts'
import type { Interface } from '../../stack/ip/interface.ts'
import { HomeRouter, type Port, type SimHost } from '../machine/node.ts'

const DEFAULT: Prefix4 = { network: 0, length: 0 }
/** A hop costs a little, so that of two ways without latency the shorter is taken. */
const HOP: Nanos = 1

/** A way out of the machine that the search began at. */
interface FirstHop {
  readonly interface: Interface
  readonly gateway: Ip4
}

/** Writes the routes of all machines afresh. Routes that were added by hand stay. */
export function route(nodes: Iterable<SimHost>, computed: WeakSet<object>): void {
  for (const node of nodes) {
    node.stack.routes.remove((each) => each.gateway !== null && computed.has(each.prefix))
    for (const { prefix, gateway, interface: out } of node.isRouter ? routerRoutes(node) : hostRoutes(node)) {
      const own = { ...prefix }
      computed.add(own)
      node.stack.routes.add({ prefix: own, gateway, interface: out, metric: 0 })
    }
  }
}

interface Found extends FirstHop {
  readonly prefix: Prefix4
}

/** A host leaves everything but its own subnets to the router on its first link that has one. */
function hostRoutes(node: SimHost): readonly Found[] {
  for (const port of node.ports) {
    const router = port.segment.ports.find((peer) => peer.node !== node && peer.node.isRouter)
    if (router !== undefined) return [{ prefix: DEFAULT, gateway: router.interface.primary, interface: port.interface }]
  }
  return []
}

/** Dijkstra over the routers. */
function routerRoutes(start: SimHost): readonly Found[] {
  const routes = new Map<string, Found>()
  const own = new Set(start.ports.flatMap((port) => port.interface.addresses.map((each) => formatPrefix4(each.prefix))))
  const distances = new Map<SimHost, Nanos>([[start, 0]])
  const firstHops = new Map<SimHost, FirstHop>()
  const enteredInside = new Map<SimHost, boolean>()
  const done = new Set<SimHost>()
  for (;;) {
    const node = nearest(distances, done)
    if (node === undefined) return [...routes.values()]
    done.add(node)
    const hop = firstHops.get(node)
    for (const port of node.ports) {
      if (!isVisible(node, port, node === start ? undefined : enteredInside.get(node))) continue
      for (const { prefix } of hop === undefined ? [] : port.interface.addresses) {
        const key = formatPrefix4(prefix)
        if (!own.has(key) && !routes.has(key)) routes.set(key, { ...hop!, prefix })
      }
      for (const peer of port.segment.ports) {
        if (!peer.node.isRouter || done.has(peer.node)) continue
        const distance = distances.get(node)! + port.end.out.latency + HOP
        if (distance >= (distances.get(peer.node) ?? Number.POSITIVE_INFINITY)) continue
        distances.set(peer.node, distance)
        enteredInside.set(peer.node, peer.inside)
        firstHops.set(peer.node, hop ?? { interface: port.interface, gateway: peer.interface.primary })
      }
    }
  }
}

/** Ties go to the router made first: the map keeps that order. */
function nearest(distances: ReadonlyMap<SimHost, Nanos>, done: ReadonlySet<SimHost>): SimHost | undefined {
  let best: SimHost | undefined
  for (const [node, distance] of distances)
    if (!done.has(node) && (best === undefined || distance < distances.get(best)!)) best = node
  return best
}

/** From outside, a home's inside is not there. */
function isVisible(node: SimHost, port: Port, enteredInside: boolean | undefined): boolean {
  return !(node instanceof HomeRouter) || !port.inside || enteredInside !== false
}
