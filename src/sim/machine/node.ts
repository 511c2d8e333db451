/** The machines of a simulated Internet: hosts, routers, home routers. Each is a `Host` that programs run on. */
import type { Clock } from '../../base/clock.ts'
import type { EventLog } from '../../base/events.ts'
import { formatIp4, type Ip4 } from '../../base/ip.ts'
import type { Random } from '../../base/random.ts'
import type { Task } from '../../base/schedule.ts'
import type { Connection, Datagrams, Host, Listener } from '../../socket/host.ts'
import type { Frames } from '../../stack/frames.ts'
import type { StackLimits } from '../../stack/limits.ts'
import type { Interface } from '../../stack/link/interface.ts'
import type { PingOptions, PingReply } from '../../stack/net/ip4/ping.ts'
import type { HostsFile, Resolver } from '../../stack/socket/lookup.ts'
import { Stack } from '../../stack/stack.ts'
import type { TcpSettings } from '../../tcp/index.ts'
import { SimError } from '../errors.ts'
import type { SimLimits } from '../limits.ts'
import type { LinkEnd, LinkNode } from '../network/link.ts'
import type { World } from '../time/world.ts'
import { Life, type LifeState } from './life.ts'
import { ProgramHost } from './program.ts'

/** What can be said of a machine when it is made. */
export interface NodeOptions {
  /** What `lookup` knows without asking; the other machines' names are known unless the Internet says otherwise. */
  readonly hosts?: HostsFile
  readonly resolver?: Resolver
  /** What its stack may cost. */
  readonly limits?: Partial<StackLimits>
  /** What its TCP connections begin with, unless their sockets say otherwise. */
  readonly tcp?: Partial<TcpSettings>
  /**
   * Its program: started when the simulation first runs, and again whenever the machine restarts. The host that the
   * program is given belongs to this one life of the machine.
   */
  readonly boot?: Program
}

/** What runs on a machine. When it fails, the run fails. */
export type Program = (host: ProgramHost) => void | Promise<void>

/** What a machine is made of. */
export interface NodeParts extends NodeOptions {
  readonly name: string
  readonly world: World
  readonly random: Random
  readonly events: EventLog
  readonly simLimits: SimLimits
  /** Memory for frames, which all machines share. */
  readonly frames: Frames
  /** Its interfaces are new: it needs its routes again. */
  readonly rewired: (node: SimHost) => void
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

/**
 * A machine, in the hands of whoever makes the experiment. As a `Host` it is the machine as it is now: after a restart
 * its calls reach the new life. Programs that have to end with the machine are started by `boot` or `start`, which give
 * them a host of their own.
 */
export class SimHost implements Host, LinkNode {
  readonly name: string
  readonly events: EventLog
  readonly ports: Port[] = []
  readonly #parts: NodeParts
  readonly #forwarding: boolean
  #life!: Life
  #host!: ProgramHost
  #lives = 0
  #booted = false

  constructor(parts: NodeParts, forwarding = false) {
    this.name = parts.name
    this.events = parts.events
    this.#parts = parts
    this.#forwarding = forwarding
    this.#begin(parts)
  }

  /** A new life, with an empty stack. */
  #begin(names: { readonly hosts?: HostsFile; readonly resolver?: Resolver | null }): void {
    const { name, world, events, simLimits, frames, limits = {}, tcp = {} } = this.#parts
    this.#lives++
    const random = this.#lives === 1 ? this.#parts.random : this.#parts.random.fork(`life/${this.#lives}`)
    const life = new Life(name, world, simLimits.pausedFrames)
    const stack = new Stack({
      name,
      clock: world.clockOf(life, false),
      random,
      events,
      forwarding: this.#forwarding,
      enterApplication: life.enter,
      limits,
      tcp,
      frames,
    })
    this.#life = life
    this.#booted = false
    this.#host = new ProgramHost(stack, life, () => this.addresses, {
      clock: world.clockOf(life, true),
      hosts: names.hosts ?? {},
      ...(names.resolver && { resolver: names.resolver }),
    })
  }

  // ——— the machine's present life ———

  get stack(): Stack {
    return this.#host.stack
  }

  get clock(): Clock {
    return this.#host.clock
  }

  get random(): Random {
    return this.#host.random
  }

  /** Entries that `lookup` knows before it asks anybody. */
  get hosts(): HostsFile {
    return this.#host.hosts
  }

  set hosts(entries: HostsFile) {
    this.#host.hosts = entries
  }

  /** Who answers for all other names. */
  get resolver(): Resolver | null {
    return this.#host.resolver
  }

  set resolver(resolver: Resolver | null) {
    this.#host.resolver = resolver
  }

  listen(...call: Parameters<Host['listen']>): Promise<Listener> {
    return this.#host.listen(...call)
  }

  connect(...call: Parameters<Host['connect']>): Promise<Connection> {
    return this.#host.connect(...call)
  }

  datagrams(...call: Parameters<Host['datagrams']>): Promise<Datagrams> {
    return this.#host.datagrams(...call)
  }

  lookup(...call: Parameters<Host['lookup']>): Promise<readonly string[]> {
    return this.#host.lookup(...call)
  }

  /** Sends one ICMP echo request and waits for what becomes of it. */
  ping(to: string, options?: PingOptions): Promise<PingReply> {
    return this.#host.ping(to, options)
  }

  // ——— power ———

  /** 'running', 'paused', or 'over' when the machine has crashed. */
  get state(): LifeState {
    return this.#life.state
  }

  /** False while it is crashed: what is sent to it is dropped as 'host down'. */
  get up(): boolean {
    return this.#life.state !== 'over'
  }

  get refusal(): string | null {
    return this.#life.refusal
  }

  /**
   * The power fails. Nothing is sent any more, no socket is told, no timer of its clock fires; whoever talks to it finds
   * out as one does.
   */
  crash(): void {
    this.#life.become('over')
  }

  /** Power off and on: an empty stack with the old addresses, and `boot` runs again. */
  restart(): void {
    const { hosts, resolver } = this.#host
    this.crash()
    this.#begin({ hosts, resolver })
    for (const port of this.ports) port.interface = this.attachPort(port)
    this.#parts.rewired(this)
    this.bootOnce()
  }

  /**
   * The machine stands still, as a virtual machine does that is moved to another place: its timers wait, and so do the
   * frames that come to it, as many as its network card holds. Its clock goes on.
   */
  pause(): void {
    this.#life.become('paused')
  }

  /** What has waited happens now, in order. Without effect on a machine that is not paused. */
  resume(): void {
    this.#life.become('running')
  }

  /**
   * Starts a program in the machine's present life, at the next moment of virtual time. Nobody waits for it; when it
   * fails, the run fails. It ends with the machine: its host answers nothing after a crash.
   */
  start(program: Program): void {
    const { world } = this.#parts
    const [life, host] = [this.#life, this.#host]
    const task: Task = {
      run() {
        if (life.state === 'running') launch(program, host, life, world)
        else life.defer(task)
      },
    }
    world.schedule.add(world.now, task)
  }

  /** Starts its program, unless that has been done in this life. */
  bootOnce(): void {
    const { boot, world } = this.#parts
    if (this.#booted) return
    this.#booted = true
    if (boot !== undefined) launch(boot, this.#host, this.#life, world)
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
    if (first === undefined)
      throw new SimError('SIM_ADDRESS', `${this.name} has no address yet: join it to another machine with link() first`)
    return first
  }

  /** All its addresses, the loopback's left out. */
  get addresses(): readonly string[] {
    return this.ip4.map(formatIp4)
  }

  /** Whether an address is one of its own, the loopback's left out. */
  has(address: Ip4): boolean {
    return this.ports.some((port) => port.interface.has(address))
  }

  get ip4(): readonly Ip4[] {
    return this.ports.flatMap((port) => port.interface.addresses.map((each) => each.address))
  }
}

/** Runs a program that nobody waits for. */
async function launch(program: Program, host: ProgramHost, life: Life, world: World): Promise<void> {
  life.enter()
  try {
    await program(host)
  } catch (error) {
    world.fail(error, life)
  }
}
