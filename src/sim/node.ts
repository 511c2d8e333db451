/** The machines of a simulated Internet: hosts, routers, home routers. Each is a `Host` that programs run on. */
import type { EventLog } from '../base/events.ts'
import { formatIp4, type Ip4 } from '../base/ip.ts'
import type { Random } from '../base/random.ts'
import type { Interface } from '../stack/ip/interface.ts'
import { Nat } from '../stack/ip/nat.ts'
import { StackHost } from '../stack/socket/host.ts'
import type { HostsFile, Resolver } from '../stack/socket/lookup.ts'
import { Stack } from '../stack/stack.ts'
import type { LinkEnd, LinkNode } from './link.ts'
import type { World } from './world.ts'

export interface NodeOptions {
  /** What `lookup` knows without asking; the other machines' names are known unless the Internet says otherwise. */
  readonly hosts?: HostsFile
  readonly resolver?: Resolver
}

/** What a machine is made of. */
export interface NodeParts extends NodeOptions {
  readonly name: string
  readonly world: World
  readonly random: Random
  readonly events: EventLog
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
  readonly interface: Interface
  /** Of a home router: whether it belongs to the home. */
  readonly inside: boolean
}

export class SimHost extends StackHost implements LinkNode {
  readonly ports: Port[] = []
  up = true

  constructor(parts: NodeParts, forwarding = false) {
    const { name, world, random, events, ...options } = parts
    const { quietClock: clock, enterApplication } = world
    super(new Stack({ name, clock, random, events, forwarding, enterApplication }), { ...options, clock: world.clock })
  }

  /** Plugs a cable in: one more interface, with that address. */
  plugIn(end: LinkEnd, address: string, segment: Segment, inside: boolean): Port {
    const port: Port = { node: this, end, segment, interface: this.stack.attach(end, [address]), inside }
    this.ports.push(port)
    segment.ports.push(port)
    return port
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
  override plugIn(end: LinkEnd, address: string, segment: Segment, inside: boolean): Port {
    const port = super.plugIn(end, address, segment, inside)
    if (!inside) this.#translateBehind(port.interface)
    return port
  }

  #translateBehind(outside: Interface): void {
    const { stack } = this
    const { clock, random, counters } = stack
    const isTaken = (protocol: number, port: number) =>
      protocol === 17 ? !stack.udp.mayBind(0, port, false) : !stack.tcp.mayBind(0, port, false)
    const forward = (through: Interface, frame: Uint8Array) => stack.input.forward(through, frame, 14)
    stack.nat = new Nat({ clock, random, counters, isTaken, forward }, outside)
  }
}
