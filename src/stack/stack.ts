/**
 * One IP stack: interfaces, routes, ICMP, UDP and TCP of one host, driven by the frames of its devices and by a clock.
 * It does no I/O of its own and has one timer, for the earliest of all its deadlines.
 */
import type { Clock, Nanos, Timer } from '../base/clock.ts'
import { type EventLog, silent } from '../base/events.ts'
import { IP4_LOOPBACK, type Ip4, isLoopback4, type Prefix4, parsePrefix4 } from '../base/ip.ts'
import type { Random } from '../base/random.ts'
import { Schedule, type Task } from '../base/schedule.ts'
import { type TcpSettings, tcpSettings } from '../tcp/index.ts'
import * as arp from '../wire/arp.ts'
import * as ethernet from '../wire/ethernet.ts'
import * as icmp from '../wire/icmp.ts'
import { counters } from './counters.ts'
import type { Device } from './device.ts'
import { Frames, LINK_HEADROOM } from './frames.ts'
import { Reassembler } from './ip/fragments.ts'
import { Icmp } from './ip/icmp.ts'
import { IpInput } from './ip/input.ts'
import { Interface } from './ip/interface.ts'
import { Loopback } from './ip/loopback.ts'
import type { Nat } from './ip/nat.ts'
import { Neighbours } from './ip/neighbours.ts'
import { IpOutput } from './ip/output.ts'
import { Routes } from './ip/routes.ts'
import { DEFAULT_LIMITS, type StackLimits } from './limits.ts'
import { Tcp } from './transport/tcp.ts'
import { Udp } from './transport/udp.ts'

export interface StackOptions {
  readonly name: string
  readonly clock: Clock
  readonly random: Random
  readonly events?: EventLog
  /** Whether it passes on packets that are not for it: a router. */
  readonly forwarding?: boolean
  readonly limits?: Partial<StackLimits>
  /** Memory for its frames. Stacks of one program can share it: a thousand hosts with a slab of their own cost a quarter of a gigabyte. */
  readonly frames?: Frames
  /** What its TCP connections begin with, unless their sockets say otherwise. */
  readonly tcp?: Partial<TcpSettings>
  /**
   * Called whenever the stack is about to run code of the program above it, or settles one of its promises: a simulator
   * lets that code finish before time goes on.
   */
  readonly enterApplication?: () => void
}

export class Stack {
  readonly name: string
  readonly clock: Clock
  readonly random: Random
  readonly events: EventLog
  readonly enterApplication: () => void
  readonly forwarding: boolean
  /** Address translation of a home router; null on every other host. */
  nat: Nat | null = null

  readonly limits: StackLimits
  readonly counters = counters()
  readonly frames: Frames
  readonly interfaces: Interface[] = []
  readonly loopback: Interface
  readonly routes: Routes
  readonly input: IpInput
  readonly output: IpOutput
  readonly reassembler = new Reassembler(this)
  readonly icmp: Icmp
  readonly udp: Udp
  readonly tcp: Tcp

  readonly #own = new Set<Ip4>()
  readonly #schedule = new Schedule()
  #timer: Timer | null = null
  #armedFor: Nanos = Number.POSITIVE_INFINITY

  constructor(options: StackOptions) {
    this.name = options.name
    this.clock = options.clock
    this.random = options.random
    this.events = options.events ?? silent
    this.enterApplication = options.enterApplication ?? (() => {})
    this.limits = { ...DEFAULT_LIMITS, ...options.limits }
    this.forwarding = options.forwarding ?? false
    this.frames = options.frames ?? new Frames()
    this.output = new IpOutput(this)
    this.input = new IpInput(this)
    this.icmp = new Icmp(this)
    this.udp = new Udp(this)
    this.tcp = new Tcp(this, tcpSettings(options.tcp))
    this.routes = new Routes(() => this.output.forgetPaths())
    const now = () => this.clock.now()
    this.loopback = this.attach(new Loopback(now, (when, task, frame) => this.at(when, task, frame)))
    this.addAddress(this.loopback, IP4_LOOPBACK, { network: 0x7f000000, length: 8 })
  }

  /** Plugs a device in as an interface, with addresses like `192.0.2.1/24`. */
  attach(device: Device, addresses: readonly string[] = []): Interface {
    const made = new Interface(device, (of) => (device.medium === 'ethernet' ? this.#neighbours(of) : null))
    this.interfaces.push(made)
    device.attach((frame) => this.input.frame(made, frame))
    for (const text of addresses) {
      const parsed = parsePrefix4(text)
      if (parsed === null) throw new RangeError(`interface ${device.name}: '${text}' is no address like 192.0.2.1/24`)
      this.addAddress(made, parsed.address, parsed.prefix)
    }
    return made
  }

  /** Gives an interface an address; what lies in its prefix is reached directly from then on. */
  addAddress(to: Interface, address: Ip4, prefix: Prefix4): void {
    to.addresses.push({ address, prefix })
    this.#own.add(address)
    this.routes.add({ prefix, gateway: null, interface: to, metric: 0 })
  }

  /** Whether the address is one of this host's: on which interface does not matter (RFC 1122 §3.3.4.2, weak model). */
  isOwn(address: Ip4): boolean {
    return this.#own.has(address)
  }

  /** Whether packets to it come back to this host: an own address, or one of 127/8. */
  isLocal(address: Ip4): boolean {
    return this.isOwn(address) || isLoopback4(address)
  }

  /** Whether a datagram socket may be bound to it: an own address, all of 127/8, or a broadcast address of an interface. */
  isBindable(address: Ip4): boolean {
    return this.isLocal(address) || this.interfaces.some((each) => each.isBroadcast(address))
  }

  /** Runs `task.run(argument)` at that time. The slot can be given to `cancel` or `move` until then. */
  at(when: Nanos, task: Task, argument?: unknown): number {
    const slot = this.#schedule.add(when, task, argument)
    if (when < this.#armedFor) this.#arm()
    return slot
  }

  /** Runs it at this instant, after what is due already: owners are never called from inside their own calls. */
  soon(task: Task, argument?: unknown): void {
    this.at(this.clock.now(), task, argument)
  }

  move(slot: number, when: Nanos): void {
    this.#schedule.move(slot, when)
    if (when < this.#armedFor) this.#arm()
  }

  cancel(slot: number): void {
    this.#schedule.remove(slot)
    if (this.#schedule.size === 0) this.#disarm()
  }

  /** A multicast or broadcast that was sent is heard by this host's own sockets too. */
  loopGroup(through: Interface, frame: Uint8Array, offset: number): void {
    this.soon({ run: () => this.input.deliver(through, frame, offset, true) })
  }

  /** Moves the timer forward. It is not moved back: one that fires early finds nothing due, which costs less. */
  #arm(): void {
    this.#timer?.cancel()
    this.#armedFor = this.#schedule.next()
    this.#timer = this.clock.at(this.#armedFor, this.#due)
  }

  #disarm(): void {
    this.#timer?.cancel()
    this.#timer = null
    this.#armedFor = Number.POSITIVE_INFINITY
  }

  readonly #due = (): void => {
    this.#timer = null
    const schedule = this.#schedule
    const now = this.clock.now()
    // Until the end nothing needs the timer. What is arranged meanwhile for this instant has its turn by the timer, after
    // what others have arranged for it: the loopback must not keep the clock's owner waiting for ever.
    this.#armedFor = Number.NEGATIVE_INFINITY
    const limit = schedule.sequence
    try {
      while (schedule.next() <= now && schedule.first < limit) {
        schedule.take()
        schedule.task!.run(schedule.argument)
      }
    } finally {
      this.#armedFor = Number.POSITIVE_INFINITY
      if (schedule.size > 0) this.#arm()
    }
  }

  #neighbours(of: Interface): Neighbours {
    const stack = this
    const { device } = of
    return new Neighbours({
      limits: stack.limits,
      mac: device.mac,
      now: () => stack.clock.now(),
      at: (when, task) => stack.at(when, task),
      cancel: (slot) => stack.cancel(slot),
      sourceFor: (neighbour) => of.sourceFor(neighbour),
      isOwn: (address) => stack.isOwn(address),
      sendFrame(frame, to) {
        ethernet.emitHeader(frame, 0, to, device.mac, ethernet.ETHERTYPE_IPV4)
        stack.counters.framesSent++
        device.transmit(frame)
      },
      sendArp(packet, to) {
        const frame = stack.frames.take(LINK_HEADROOM + arp.length(packet))
        ethernet.emitHeader(frame, 0, to, device.mac, ethernet.ETHERTYPE_ARP)
        arp.emit(packet, frame, LINK_HEADROOM)
        stack.counters.framesSent++
        device.transmit(frame)
      },
      queueOverflow: () => stack.counters.neighbourQueueOverflow++,
      unreachable(frames) {
        for (const frame of frames) {
          stack.counters.neighbourUnreachable++
          // RFC 1122 §2.3.2.2 and RFC 1812 §5.2.7.1: the sender is told, also when it is this host.
          stack.icmp.complain(icmp.DESTINATION_UNREACHABLE, icmp.HOST_UNREACHABLE, 0, frame, LINK_HEADROOM)
        }
      },
    })
  }
}
