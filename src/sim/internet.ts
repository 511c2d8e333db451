/** The simulated Internet: machines, links between them, faults, and the run of virtual time. */
import type { Clock, Nanos } from '../base/clock.ts'
import { type EventLog, silent } from '../base/events.ts'
import { contains4, type Ip4 } from '../base/ip.ts'
import { SeededRandom } from '../base/random.ts'
import * as ethernet from '../wire/ethernet.ts'
import * as ipv4 from '../wire/ipv4.ts'
import { drop, Hold, pass, type Rule, type RuleGuard, Rules } from './faults/rule.ts'
import { RUN_LIMIT } from './limits.ts'
import { HomeRouter, type NodeOptions, type NodeParts, type Side, SimHost, SimRouter } from './machine/node.ts'
import { Addressing } from './network/addressing.ts'
import { Lan, type LanOptions } from './network/lan.ts'
import { type Fabric, Link, type LinkNode, type LinkOptions } from './network/link.ts'
import { route } from './network/routing.ts'
import { settle, turn } from './time/settle.ts'
import { deadlock, timeLimit, World } from './time/world.ts'

export interface InternetOptions {
  /** Decides everything that is left to chance. The same seed gives the same run. Default 0. */
  readonly seed?: number | string
  /** Where every floor reports to. Default: nowhere. */
  readonly log?: EventLog
  /** The wall clock when the simulation begins, milliseconds since 1970. Default 2026-01-01T00:00:00Z. */
  readonly epoch?: number
  /** Whether every machine knows the names of all others, as from a common hosts file. Default true. */
  readonly names?: boolean
  /**
   * Real time, by which programs measure their own work (`systemClock().now`). What they report then differs from run
   * to run, and the log with it; without one, computing takes no time. Default: none.
   */
  readonly stopwatch?: () => Nanos
  /** Events that one instant may have before the run is given up; default ten million. */
  readonly instantEvents?: number
  /** Waits until all promise reactions have run; default: an immediate. */
  readonly settle?: () => Promise<void>
}

export interface ConnectionOptions extends LinkOptions {
  /** The addresses of the two ends, like `192.0.2.1/24`; default: the next free subnet. */
  readonly addresses?: readonly [string, string]
  /** On a LAN: the machine's address, like `192.168.1.10`; default: the next free one. */
  readonly address?: string
}

export interface RunOptions {
  /** Virtual time after which a promise that is still pending is given up. Default one hour. */
  readonly limit?: Nanos
}

/** 2026-01-01T00:00:00Z. */
const EPOCH = 1_767_225_600_000

export function internet(options: InternetOptions = {}): Internet {
  return new Internet(options)
}

export class Internet {
  readonly seed: string
  readonly clock: Clock
  readonly events: EventLog
  readonly #world: World
  readonly #random: SeededRandom
  readonly #fabric: Fabric
  readonly #nodes = new Map<string, SimHost>()
  readonly #lans = new Map<string, Lan>()
  readonly #links = new Map<string, Link>()
  readonly #addressing = new Addressing()
  readonly #computedRoutes = new WeakSet<object>()
  readonly #names: boolean
  #routesAreStale = false
  #nextMac = 0x0200_0000_0001

  constructor(options: InternetOptions) {
    this.seed = String(options.seed ?? 0)
    this.events = options.log ?? silent
    this.#world = new World(options.epoch ?? EPOCH, options.settle ?? settle, options.settle ?? turn, options.stopwatch)
    if (options.instantEvents !== undefined) this.#world.instantEvents = options.instantEvents
    this.clock = this.#world.clock
    this.#random = new SeededRandom(this.seed)
    this.#names = options.names ?? true
    this.#fabric = { world: this.#world, log: this.events, rules: new Rules(), nextId: 1 }
  }

  get now(): Nanos {
    return this.#world.now
  }

  get nodes(): Iterable<SimHost> {
    return this.#nodes.values()
  }

  get links(): Iterable<Link> {
    return this.#links.values()
  }

  /** A machine that programs run on. */
  host(name: string, options: NodeOptions = {}): SimHost {
    return this.#enter(new SimHost(this.#parts(name, options)))
  }

  /** A machine that passes packets on (and runs programs too, when asked). */
  router(name: string, options: NodeOptions = {}): SimRouter {
    return this.#enter(new SimRouter(this.#parts(name, options)))
  }

  /** A router with address translation between its `lan` and its `wan`. */
  homeRouter(name: string, options: NodeOptions = {}): HomeRouter {
    return this.#enter(new HomeRouter(this.#parts(name, options)))
  }

  /** The machine of that name. */
  node(name: string): SimHost {
    const node = this.#nodes.get(name)
    if (node === undefined)
      throw new RangeError(`no machine is named '${name}': there are ${[...this.#nodes.keys()].join(', ')}`)
    return node
  }

  #parts(name: string, options: NodeOptions): NodeParts {
    this.#mustBeNew(name)
    const random = this.#random.fork(`host/${name}`)
    const rewired = () => this.#route()
    const parts = { ...options, name, random, world: this.#world, events: this.events, rewired }
    return this.#names && parts.resolver === undefined
      ? { ...parts, resolver: (wanted) => this.#resolve(wanted) }
      : parts
  }

  #mustBeNew(name: string): void {
    if (name === '' || this.#nodes.has(name) || this.#lans.has(name))
      throw new RangeError(`a machine needs a name of its own; '${name}' is none`)
  }

  async #resolve(name: string): Promise<readonly string[]> {
    const node = this.#nodes.get(name)
    if (node === undefined || node.ports.length === 0) return []
    return [node.address]
  }

  #enter<T extends SimHost>(node: T): T {
    this.#nodes.set(node.name, node)
    return node
  }

  /** A local network: everything that is linked to it shares one subnet, and hears its broadcasts. */
  lan(name: string, options: LanOptions = {}): Lan {
    this.#mustBeNew(name)
    const made = new Lan(name, this.#addressing.forLan(options.subnet), options.remembers)
    this.#lans.set(name, made)
    return made
  }

  /** Joins two machines, the side of a home router and a machine, or a machine and a LAN. Routes follow by themselves. */
  link(a: Joinable, b: Joinable, options: ConnectionOptions = {}): Link {
    const { addresses, address, ...weather } = options
    const sides = [sideOf(a), sideOf(b)] as const
    const given = this.#addresses(sides, addresses, address)
    const [from, to] = [this.#plug(sides[0]), this.#plug(sides[1])]
    const name = this.#linkName(weather.name ?? `${from.node.name}--${to.node.name}`)
    const link = new Link(this.#fabric, this.#random.fork(`link/${name}`), from, to, { ...weather, name })
    this.#links.set(name, link)
    const segment = sides.map(({ node }) => (node instanceof Lan ? node.segment : null)).find((each) => each !== null)
    const shared = segment ?? { ports: [] }
    for (const [i, end] of [link.a, link.b].entries()) {
      const { node, inside } = sides[i]!
      if (node instanceof Lan) node.plug(end)
      else node.plugIn(end, given[i]!, shared, inside)
    }
    this.#routesAreStale = true
    return link
  }

  #plug({ node }: Joined): { node: LinkNode; name: string; mac: number } {
    const count = node instanceof Lan ? node.portCount : node.ports.length
    return { node, name: `eth${count}`, mac: this.#nextMac++ }
  }

  /** In a home the router has the first address, whichever end it was named at. */
  #addresses(
    sides: readonly [Joined, Joined],
    given: readonly [string, string] | undefined,
    address: string | undefined,
  ): readonly [string, string] {
    const lan = sides.map(({ node }) => node).find((node) => node instanceof Lan)
    if (lan !== undefined) {
      if (sides[0].node instanceof Lan && sides[1].node instanceof Lan)
        throw new TypeError(`link ${sides[0].node.name}: two LANs are joined by a router`)
      if (given !== undefined) throw new TypeError(`link to ${lan.name}: a LAN takes { address: '192.168.1.10' }`)
      const own = lan.addressFor(address)
      return [own, own]
    }
    if (address !== undefined)
      throw new TypeError(`link: { address } is for LANs; two machines take { addresses: [a, b] }`)
    const inside = sides.some((side) => side.inside)
    const [first, second] = this.#addressing.forLink(given, inside)
    return given === undefined && inside && !sides[0].inside ? [second, first] : [first, second]
  }

  #linkName(wanted: string): string {
    let name = wanted
    for (let i = 2; this.#links.has(name); i++) name = `${wanted}/${i}`
    return name
  }

  /** Installs a rule on every frame of every link. The guard takes it away again. */
  rule(rule: Rule): RuleGuard {
    return this.#fabric.rules.add(rule)
  }

  /** Nothing passes between the two (packets are dropped where they would first leave), until the guard is removed. */
  partition(a: SimHost, b: SimHost): RuleGuard {
    return this.rule((packet) =>
      between(packet.frame, a, b) || between(packet.frame, b, a) ? drop('partition') : pass,
    )
  }

  /** Nothing passes from `a` to `b`; the other way stays open. */
  partitionOneWay(a: SimHost, b: SimHost): RuleGuard {
    return this.rule((packet) => (between(packet.frame, a, b) ? drop('partition') : pass))
  }

  /** What the two send each other waits, until `release`, and then arrives in order. */
  hold(a: SimHost, b: SimHost): RuleGuard & { release(): void } {
    const hold = new Hold()
    const guard = this.rule(({ frame }) => (between(frame, a, b) || between(frame, b, a) ? hold.verdict : pass))
    const release = () => {
      guard.remove()
      hold.release()
    }
    return { ...guard, release }
  }

  /**
   * Runs virtual time until the promise is settled, and answers as it does. A function is called first.
   * @throws DeadlockError when nothing can settle it any more, TimeLimitError past `limit`
   */
  run<T>(work: Promise<T> | (() => Promise<T>), options?: RunOptions): Promise<T>
  /** Runs to that time, or for so long. */
  run(time: { readonly until: Nanos } | { readonly for: Nanos }): Promise<void>
  /** Runs until nothing is left to happen. */
  run(): Promise<void>
  async run<T>(
    work?: Promise<T> | (() => Promise<T>) | { readonly until: Nanos } | { readonly for: Nanos },
    options: RunOptions = {},
  ): Promise<T | undefined> {
    if (this.#routesAreStale) this.#route()
    for (const node of this.#nodes.values()) node.bootOnce()
    if (work === undefined) {
      await this.#world.advance(Number.POSITIVE_INFINITY, () => false)
      return undefined
    }
    if (typeof work === 'function') return this.#runPromise(work(), options)
    if ('then' in work) return this.#runPromise(work, options)
    const until = 'until' in work ? work.until : this.#world.now + work.for
    await this.#world.advance(until, () => false)
    this.#world.now = Math.max(this.#world.now, until)
    return undefined
  }

  async #runPromise<T>(work: Promise<T>, options: RunOptions): Promise<T> {
    let settled = false
    const note = () => {
      settled = true
    }
    work.then(note, note)
    const limit = options.limit ?? RUN_LIMIT
    const why = await this.#world.advance(this.#world.now + limit, () => settled)
    if (why === 'idle') throw deadlock(this.#world.now)
    if (why === 'until') throw timeLimit(this.#world.now, limit)
    return work
  }

  #route(): void {
    route(this.#nodes.values(), this.#computedRoutes)
    this.#routesAreStale = false
  }
}

/** What can stand at the end of a link. */
export type Joinable = SimHost | Side | Lan

interface Joined {
  readonly node: SimHost | Lan
  readonly inside: boolean
}

function sideOf(end: Joinable): Joined {
  if (end instanceof HomeRouter)
    throw new TypeError(`link ${end.name}.lan or ${end.name}.wan: a home router has two sides`)
  if (end instanceof SimHost || end instanceof Lan) return { node: end, inside: false }
  return { node: end.router, inside: end.inside }
}

/** Whether a frame carries an IPv4 packet of one machine for the other. */
function between(frame: Uint8Array, from: SimHost, to: SimHost): boolean {
  if (frame.length < 34 || ethernet.etherType(frame, 0) !== ethernet.ETHERTYPE_IPV4) return false
  return from.ip4.includes(ipv4.source(frame, 14)) && reaches(to, ipv4.destination(frame, 14))
}

function reaches(node: SimHost, destination: Ip4): boolean {
  if (node.ip4.includes(destination)) return true
  return node.ports.some(
    ({ interface: each }) =>
      each.isBroadcast(destination) && each.addresses.some(({ prefix }) => contains4(prefix, destination)),
  )
}
