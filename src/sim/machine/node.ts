/** The machines of a simulated Internet: hosts, routers, home routers. Each is a `Host` that programs run on. */
import type { EventLog } from '../../base/events.ts'
import { formatIp4, type Ip4 } from '../../base/ip.ts'
import type { Random } from '../../base/random.ts'
import type { Interface } from '../../stack/ip/interface.ts'
import { Nat } from '../../stack/ip/nat.ts'
import type { StackLimits } from '../../stack/limits.ts'
import { StackHost } from '../../stack/socket/host.ts'
import type { HostsFile, Resolver } from '../../stack/socket/lookup.ts'
import { Stack } from '../../stack/stack.ts'
import type { LinkEnd, LinkNode } from '../network/link.ts'
import type { World } from '../time/world.ts'
import { Life } from './life.ts'

export interface NodeOptions {
  /** What `lookup` knows without asking; the other machines' names are known unless the Internet says otherwise. */
  readonly hosts?: HostsFile
  readonly resolver?: Resolver
  /** What its stack may cost. */
  readonly limits?: Partial<StackLimits>
  /** Its program: started when the simulation first runs, and again whenever the machine restarts. */
  readonly boot?: (host: SimHost) => void | Promise<void>
}

/** What a machine is made of. */
export interface NodeParts extends NodeOptions {
  readonly name: string
  readonly world: World
  readonly random: Random
  readonly events: EventLog
  /** Its interfaces are new: routes have to be written again. */
  readonly rewired: () => void
}

/** All ports that reach each other without a router. */
export interface Segment {
  readonly ports: Port[]
}

/** A link's end with the interface that stands on it. */
export interface Port {
  readonly node: SimHost
  readonly end: LinkEnd
  readonly segment: Segment
  /** Like `10.0.0.1/30`. */
  readonly address: string
  interface: Interface
  /** Of a home router: whether it belongs to the home. */
  readonly inside: boolean
}

export class SimHost extends StackHost implements LinkNode {
  readonly ports: Port[] = []
  readonly #parts: NodeParts
  readonly #forwarding: boolean
  #life: Life
  #lives = 1
  #booted = false

  constructor(parts: NodeParts, forwarding = false) {
    const life = new Life()
    const { hosts, resolver, world } = parts
    super(stackOf(parts, forwarding, parts.random, life), {
      clock: life.clock(world.clock),
      ...(hosts && { hosts }),
      ...(resolver && { resolver }),
    })
    this.#parts = parts
    this.#forwarding = forwarding
    this.#life = life
  }

  /** False while it is crashed: what is sent to it is dropped as 'host down'. */
  get up(): boolean {
    return !this.#life.over
  }

  /**
   * The power fails. Nothing is sent any more, no socket is told, no timer of its clock fires; whoever talks to it finds
   * out as one does.
   */
  crash(): void {
    this.#life.over = true
  }

  /** Power off and on: an empty stack with the old addresses, and `boot` runs again. */
  restart(): void {
    this.crash()
    const { random, world, rewired } = this.#parts
    this.#life = new Life()
    this.stack = stackOf(this.#parts, this.#forwarding, random.fork(`life/${++this.#lives}`), this.#life)
    this.clock = this.#life.clock(world.clock)
    this.random = this.stack.random.fork('program')
    for (const port of this.ports) port.interface = this.attachPort(port)
    rewired()
    this.#booted = false
    this.bootOnce()
  }

  /** Starts its program, unless that has been done in this life. A program that fails fails the run. */
  bootOnce(): void {
    const { boot, world } = this.#parts
    if (this.#booted) return
    this.#booted = true
    if (boot === undefined) return
    world.enterApplication()
    Promise.resolve(boot(this)).catch((error: unknown) => world.fail(error))
  }

  /** Plugs a cable in: one more interface, with that address. */
  plugIn(end: LinkEnd, address: string, segment: Segment, inside: boolean): void {
    const port = { node: this, end, segment, address, inside }
    const made: Port = { ...port, interface: this.attachPort(port) }
    this.ports.push(made)
    segment.ports.push(made)
  }

  protected attachPort({ end, address }: Omit<Port, 'interface'>): Interface {
    return this.stack.attach(this.#life.device(end), [address])
  }

  get isRouter(): boolean {
    return this.stack.forwarding
  }

  /** Its first address. */
  get address(): string {
    const first = this.addresses[0]
    if (first === undefined) throw new Error(`${this.name} has no address yet: give it a link first`)
    return first
  }

  /** All its addresses, the loopback's left out. */
  get addresses(): readonly string[] {
    return this.ip4.map(formatIp4)
  }

  get ip4(): readonly Ip4[] {
    return this.ports.flatMap((port) => port.interface.addresses.map((each) => each.address))
  }
}

function stackOf(
  { name, world, events, limits = {} }: NodeParts,
  forwarding: boolean,
  random: Random,
  life: Life,
): Stack {
  const { quietClock, enterApplication } = world
  return new Stack({ name, clock: life.clock(quietClock), random, events, forwarding, enterApplication, limits })
}

export class SimRouter extends SimHost {
  constructor(parts: NodeParts) {
    super(parts, true)
  }
}

/** One side of a home router, to be given to `link`. */
export interface Side {
  readonly router: HomeRouter
  readonly inside: boolean
}

/** A router between a home and its provider: many machines inside share its one address outside. */
export class HomeRouter extends SimHost {
  /** Where the home's machines are plugged in. */
  readonly lan: Side = { router: this, inside: true }
  /** Where the provider is. */
  readonly wan: Side = { router: this, inside: false }

  constructor(parts: NodeParts) {
    super(parts, true)
  }

  /** The translations in force; null until the outside is linked. */
  get nat(): Nat | null {
    return this.stack.nat
  }

  /** The address by which the outside knows the home. */
  override get address(): string {
    return this.nat === null ? super.address : formatIp4(this.nat.outside.primary)
  }

  /** The address by which the home knows its router. */
  get insideAddress(): string {
    const port = this.ports.find((each) => each.inside)
    if (port === undefined) throw new Error(`${this.name} has nothing inside yet: link a host to its .lan`)
    return formatIp4(port.interface.primary)
  }

  /** With the outside's cable comes the translation behind its address. */
  protected override attachPort(port: Omit<Port, 'interface'>): Interface {
    const made = super.attachPort(port)
    if (!port.inside) this.#translateBehind(made)
    return made
  }

  #translateBehind(outside: Interface): void {
    const { stack } = this
    const { clock, random, counters, limits } = stack
    const isTaken = (protocol: number, port: number) =>
      protocol === 17 ? !stack.udp.mayBind(0, port, false) : !stack.tcp.mayBind(0, port, false)
    const forward = (through: Interface, frame: Uint8Array) => stack.input.forward(through, frame, 14)
    stack.nat = new Nat({ limits, clock, random, counters, isTaken, forward }, outside)
  }
}
