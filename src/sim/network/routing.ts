/**
 * Static routes along the shortest paths (by latency, then by hops), for every router to every subnet that it may see.
 * What lies inside a home is seen from inside it only: the home router translates. A router's routes are computed when
 * it first needs one; what it keeps is one small number for each subnet.
 */
import type { Nanos } from '../../base/clock.ts'
import type { Ip4, Prefix4 } from '../../base/ip.ts'
import { Schedule, type Task } from '../../base/schedule.ts'
import type { Route, RouteSource } from '../../stack/net/routes.ts'
import type { Port, SimHost } from '../machine/node.ts'
import { HomeRouter } from '../machine/router.ts'
import { type Edge, Topology, type Vertex } from './topology.ts'

const DEFAULT: Prefix4 = { network: 0, length: 0 }
/** A hop costs a little, so that of two ways without latency the shorter is taken. */
const HOP: Nanos = 1

/** Gives all machines the routes of their links. Routes that were added by hand come before these. */
export function route(nodes: readonly SimHost[]): Topology {
  const topology = new Topology(nodes, (node) => node instanceof HomeRouter)
  for (const node of nodes) routeOne(node, topology)
  return topology
}

/** One machine needs its routes again: its stack is new. */
export function routeOne(node: SimHost, topology: Topology): void {
  const place = topology.placeOf(node)
  node.stack.ip4.routes.follow(place < 0 ? new HostRoutes(node) : new RouterRoutes(topology, place))
}

/** A host leaves everything but its own subnets to the router on its first link that has one. */
class HostRoutes implements RouteSource {
  readonly #route: Route | null

  constructor(node: SimHost) {
    this.#route = defaultRoute(node)
  }

  lookup(): Route | null {
    return this.#route
  }

  get all(): readonly Route[] {
    return this.#route === null ? [] : [this.#route]
  }
}

function defaultRoute(node: SimHost): Route | null {
  for (const port of node.ports) {
    const router = port.segment.ports.find((peer) => peer.node !== node && peer.node.isRouter)
    if (router !== undefined) return routeVia(DEFAULT, port, router.interface.primary)
  }
  return null
}

function routeVia(prefix: Prefix4, port: Port, gateway: Ip4): Route {
  return { prefix, gateway, interface: port.interface, metric: 0 }
}

class RouterRoutes implements RouteSource {
  readonly #topology: Topology
  readonly #place: number
  /** By the prefix's number: which of the first hops leads there, counted from 1; 0: none does. */
  #hops: Uint32Array | null = null
  #firstHops: readonly Edge[] = []

  constructor(topology: Topology, place: number) {
    this.#topology = topology
    this.#place = place
  }

  lookup(destination: Ip4): Route | null {
    const hops = this.#computed()
    const id = this.#topology.prefixes.longest(destination, (each) => hops[each]! > 0)
    return id < 0 ? null : this.#route(id)
  }

  get all(): readonly Route[] {
    const hops = this.#computed()
    return this.#topology.prefixes.all.flatMap((_prefix, id) => (hops[id]! > 0 ? [this.#route(id)] : []))
  }

  #route(id: number): Route {
    const { port, gateway } = this.#firstHops[this.#hops![id]! - 1]!
    return routeVia(this.#topology.prefixes.all[id]!, port, gateway)
  }

  #computed(): Uint32Array {
    if (this.#hops !== null) return this.#hops
    const start = this.#topology.routers[this.#place]!
    this.#firstHops = start.edges
    this.#hops = shortestPaths(this.#topology, this.#place)
    // What the router stands on itself it reaches without anybody.
    for (const { id } of start.subnets) this.#hops[id] = 0
    return this.#hops
  }
}

/**
 * Dijkstra over the routers, by a heap: of two routers equally far the one found first comes first.
 * @returns for every prefix, which edge of the start leads there, counted from 1
 */
function shortestPaths({ routers, prefixes }: Topology, start: number): Uint32Array {
  const hops = new Uint32Array(prefixes.all.length)
  const distances = new Float64Array(routers.length).fill(Number.POSITIVE_INFINITY)
  const firstHops = new Uint32Array(routers.length)
  /** Whether a router was entered from inside its home; at the start it does not matter. */
  const enteredInside = new Uint8Array(routers.length).fill(1)
  const done = new Uint8Array(routers.length)
  const frontier = new Schedule()
  distances[start] = 0
  frontier.add(0, VISIT, start)
  while (frontier.take()) {
    const place = frontier.argument as number
    if (done[place]) continue
    done[place] = 1
    const router = routers[place]!
    const sees = (inside: boolean) => isVisible(router, inside, enteredInside[place] === 1)
    for (const { id, inside } of router.subnets) if (hops[id] === 0 && sees(inside)) hops[id] = firstHops[place]!
    router.edges.forEach(({ to, latency, leavesInside, entersInside }, i) => {
      const distance = distances[place]! + latency + HOP
      if (done[to] || !sees(leavesInside) || distance >= distances[to]!) return
      distances[to] = distance
      enteredInside[to] = entersInside ? 1 : 0
      firstHops[to] = place === start ? i + 1 : firstHops[place]!
      frontier.add(distance, VISIT, to)
    })
  }
  return hops
}

/** The heap is a schedule that nobody runs. */
const VISIT: Task = { run() {} }

/** From outside, a home's inside is not there. */
function isVisible({ hides }: Vertex, inside: boolean, cameFromInside: boolean): boolean {
  return !hides || !inside || cameFromInside
}
