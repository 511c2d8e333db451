/** The simulated Internet: machines, links between them, faults, and the run of virtual time. */
import { loop } from '#loop'
import type { Clock, Nanos } from '../base/clock.ts'
import { type Duration, requireDuration } from '../base/duration.ts'
import { type EventLog, silent } from '../base/events.ts'
import { SeededRandom } from '../base/random.ts'
import { Frames } from '../stack/frames.ts'
import { SimError, underline } from './errors.ts'
import { crossing, type Group } from './faults/groups.ts'
import { drop, Hold, pass, type Rule, type RuleGuard, Rules } from './faults/rule.ts'
import { SIM_LIMITS, type SimLimits } from './limits.ts'
import { type NodeOptions, type NodeParts, SimHost } from './machine/node.ts'
import { HomeRouter, type Side, SimRouter } from './machine/router.ts'
import { Addressing } from './network/addressing.ts'
import { Lan, type LanOptions } from './network/lan.ts'
import { type Fabric, Link, type LinkNode, type LinkOptions } from './network/link.ts'
import { route, routeOne } from './network/routing.ts'
import type { Topology } from './network/topology.ts'
import { deadlock, type Situation, standstill, timeLimit, whereabouts } from './situation.ts'
import { type Failure, World } from './time/world.ts'

/** How a simulated network is made. */
export interface InternetOptions {
  /**
   * Decides everything that is left to chance. The same seed gives the same run. Default: the environment variable
   * RETICLE_SEED, else 0.
   */
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
  /** What the simulation may cost. */
  readonly limits?: Partial<SimLimits>
  /** Waits until all promise reactions have run; default: a turn of the event loop. */
  readonly settle?: () => Promise<void>
}

/** A link between two machines: its properties and the addresses of its ends. */
export interface ConnectionOptions extends LinkOptions {
  /** The addresses of the two ends, like `192.0.2.1/24`; default: the next free subnet. */
  readonly addresses?: readonly [string, string]
  /** On a LAN: the machine's address, like `192.168.1.10`; default: the next free one. */
  readonly address?: string
}

/** How far `run` goes. */
export interface RunOptions {
  /** Virtual time after which a promise that is still pending is given up. Default one hour. */
  readonly limit?: Duration
}

/** 2026-01-01T00:00:00Z. */
const EPOCH = 1_767_225_600_000

/**
 * A network that is still to be built, at time 0.
 * @example
 *     const net = internet({ seed: 1 })
 *     const [laptop, web] = [net.host('laptop'), net.host('web')]
 *     net.link(laptop, web, { latency: ms(20), rate: mbit(10), loss: 0.01 })
 *     await net.run(() => program(laptop, web))
 */
export function internet(options: InternetOptions = {}): Internet {
  return new Internet(options)
}

/** Machines, the links between them, their faults and their time. Everything in it is decided by the seed. */
export class Internet {
  readonly seed: string
  /** The clock of the experiment: its timers fire whatever happens to the machines. */
  readonly clock: Clock
  readonly events: EventLog
  readonly #limits: SimLimits
  readonly #world: World
  readonly #random: SeededRandom
  readonly #fabric: Fabric
  readonly #nodes = new Map<string, SimHost>()
  readonly #lans = new Map<string, Lan>()
  readonly #links = new Map<string, Link>()
  readonly #addressing = new Addressing()
  readonly #frames = new Frames()
  readonly #names: boolean
  /** How the run can be seen again. */
  readonly #repeat: string
  /** What the routes are computed from; null: links have changed since. */
  #topology: Topology | null = null
  #nextMac = 0x0200_0000_0001

  constructor(options: InternetOptions) {
    const { settle, limits = {}, epoch = EPOCH, stopwatch } = options
    this.seed = String(options.seed ?? loop.setting('RETICLE_SEED') ?? 0)
    this.#repeat = repeatOf(this.seed, options.seed !== undefined)
    this.events = options.log ?? silent
    this.#limits = { ...SIM_LIMITS, ...limits }
    this.#world = new World({
      epochMillis: epoch,
      loop: settle === undefined ? loop : { ...loop, settle, turn: settle },
      stopwatch,
      instantEvents: this.#limits.instantEvents,
    })
    this.clock = this.#world.clock
    this.#random = new SeededRandom(this.seed)
    this.#names = options.names ?? true
    this.#fabric = { world: this.#world, log: this.events, rules: new Rules(), limits: this.#limits, nextId: 1 }
  }

  get now(): Nanos {
    return this.#world.now
  }

  /** How many events virtual time has had so far: a measure of work that is the same on every computer. */
  get steps(): number {
    return this.#world.steps
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
      throw new SimError(
        'SIM_NAME',
        `there is no machine named '${name}': there are ${[...this.#nodes.keys()].join(', ')}`,
      )
    return node
  }

  #parts(name: string, options: NodeOptions): NodeParts {
    this.#mustBeNew(name)
    const random = this.#random.fork(`host/${name}`)
    const { events } = this
    const frames = this.#frames
    const rewired = (node: SimHost) => {
      if (this.#topology !== null) routeOne(node, this.#topology)
    }
    const parts = { ...options, name, random, world: this.#world, events, simLimits: this.#limits, frames, rewired }
    return this.#names && parts.resolver === undefined
      ? { ...parts, resolver: (wanted) => this.#resolve(wanted) }
      : parts
  }

  #mustBeNew(name: string): void {
    if (name === '') throw new SimError('SIM_NAME', "a machine needs a name, and '' is empty")
    if (this.#nodes.has(name) || this.#lans.has(name))
      throw new SimError('SIM_NAME', `there is already a machine or LAN named '${name}': choose another name`)
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
    const made = new Lan(
      name,
      this.#addressing.forLan(options.subnet),
      options.remembers ?? this.#limits.switchAddresses,
    )
    this.#lans.set(name, made)
    return made
  }

  /** Joins two machines, the side of a home router and a machine, or a machine and a LAN. Routes follow by themselves. */
  link(a: Joinable, b: Joinable, options: ConnectionOptions = {}): Link {
    const { addresses, address, ...weather } = options
    const sides = [sideOf(a), sideOf(b)] as const
    const [from, to] = [this.#plug(sides[0]), this.#plug(sides[1])]
    const name = this.#linkName(weather.name ?? `${from.node.name}--${to.node.name}`)
    const link = new Link(this.#fabric, this.#random.fork(`link/${name}`), from, to, { ...weather, name })
    const given = this.#addresses(sides, addresses, address)
    this.#links.set(name, link)
    const segment = sides.map(({ node }) => (node instanceof Lan ? node.segment : null)).find((each) => each !== null)
    const shared = segment ?? { ports: [] }
    for (const [i, end] of [link.a, link.b].entries()) {
      const { node, inside } = sides[i]!
      if (node instanceof Lan) node.plug(end)
      else node.plugIn(end, given[i]!, shared, inside)
    }
    this.#topology = null
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
        throw new SimError(
          'SIM_LINK',
          `link(${sides[0].node.name}, ${sides[1].node.name}): put a router between two LANs`,
        )
      if (given !== undefined)
        throw new SimError(
          'SIM_LINK',
          `link to ${lan.name}: on a LAN write { address: '192.168.1.10' }, not { addresses }`,
        )
      const own = lan.addressFor(address)
      return [own, own]
    }
    if (address !== undefined)
      throw new SimError('SIM_LINK', 'link: { address } is for LANs: between two machines write { addresses: [a, b] }')
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

  /**
   * Nothing passes between machines of different groups, until the guard is removed: packets are dropped where they would
   * first leave. Machines that are in no group reach everybody.
   * @example
   *     const cut = net.partition([a, b, c], [d, e])
   *     …
   *     cut.remove()
   */
  partition(...groups: readonly Group[]): RuleGuard {
    if (groups.length < 2)
      throw new SimError('SIM_NAME', 'partition() takes two groups or more: partition(a, b), partition([a, b], [c, d])')
    return this.rule((packet) => (crossing(packet, groups) === null ? pass : drop('partition')))
  }

  /** Nothing passes from the first group to the second; the other way stays open. */
  partitionOneWay(from: Group, to: Group): RuleGuard {
    const groups = [from, to]
    return this.rule((packet) => (crossing(packet, groups)?.[0] === 0 ? drop('partition') : pass))
  }

  /** What the two groups send each other waits, until `release`, and then arrives in order. */
  hold(a: Group, b: Group): RuleGuard & { release(): void } {
    const hold = new Hold()
    const groups = [a, b]
    const guard = this.rule((packet) => (crossing(packet, groups) === null ? pass : hold.verdict))
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
  /** Runs to that time (`net.now + seconds(5)`), or for so long. */
  run(time: { readonly until: Nanos } | { readonly for: Duration }): Promise<void>
  /** Runs until nothing is left to happen. */
  run(): Promise<void>
  async run<T>(
    work?: Promise<T> | (() => Promise<T>) | { readonly until: Nanos } | { readonly for: Duration },
    options: RunOptions = {},
  ): Promise<T | undefined> {
    if (this.#topology === null) this.#topology = route([...this.#nodes.values()])
    for (const node of this.#nodes.values()) node.bootOnce()
    try {
      if (work === undefined) await this.#advance(Number.POSITIVE_INFINITY, () => false)
      else if (typeof work === 'function') return await this.#runPromise(work(), options)
      else if ('then' in work) return await this.#runPromise(work, options)
      else await this.#runFor('until' in work ? work.until : this.now + requireDuration('run({ for })', work.for))
    } catch (error) {
      underline(error, whereabouts(this.#situation()))
      throw error
    }
    return undefined
  }

  /**
   * Lets the code that is running finish, without any virtual time.
   * @throws what a program has thrown that nobody waits for
   */
  async settled(): Promise<void> {
    await this.#advance(this.now, () => true)
  }

  async #runFor(until: Nanos): Promise<void> {
    await this.#advance(until, () => false)
    this.#world.skipTo(until)
  }

  async #runPromise<T>(work: Promise<T>, options: RunOptions): Promise<T> {
    let settled = false
    const note = () => {
      settled = true
    }
    work.then(note, note)
    const limit = requireDuration('run(promise, { limit })', options.limit ?? this.#limits.runTime)
    const why = await this.#advance(this.now + limit, () => settled)
    if (why === 'idle') throw deadlock(this.#situation())
    if (why === 'until') throw timeLimit(this.#situation(), limit)
    return work
  }

  async #advance(until: Nanos, finished: () => boolean): Promise<'finished' | 'until' | 'idle'> {
    const why = await this.#world.advance(until, finished, (failure) => this.#blamed(failure))
    if (why === 'standstill') throw standstill(this.#situation(), this.#limits.instantEvents)
    return why
  }

  #blamed({ error, life }: Failure): unknown {
    if (life !== null) underline(error, `in a program of ${life.machine}; ${whereabouts(this.#situation())}`)
    return error
  }

  #situation(): Situation {
    const named = (state: SimHost['state']) =>
      [...this.#nodes.values()].filter((node) => node.state === state).map(({ name }) => name)
    return {
      seed: this.seed,
      now: this.now,
      crashed: named('over'),
      paused: named('paused'),
      cut: [...this.#links.values()].filter(({ up }) => !up).map(({ name }) => name),
      rules: this.#fabric.rules.size,
      repeat: this.#repeat,
    }
  }
}

/** The call or the command that runs the same once more. */
function repeatOf(seed: string, given: boolean): string {
  const command = given ? null : loop.command()
  return command === null ? `internet({ seed: ${JSON.stringify(seed)} })` : `RETICLE_SEED=${seed} ${command}`
}

/** What can stand at the end of a link. */
export type Joinable = SimHost | Side | Lan

interface Joined {
  readonly node: SimHost | Lan
  readonly inside: boolean
}

function sideOf(end: Joinable): Joined {
  if (end instanceof HomeRouter)
    throw new SimError('SIM_LINK', `a home router has two sides: link ${end.name}.lan or ${end.name}.wan`)
  if (end instanceof SimHost || end instanceof Lan) return { node: end, inside: false }
  return { node: end.router, inside: end.inside }
}
