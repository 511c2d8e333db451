/**
 * One IP stack: interfaces, network layers, UDP and TCP of one host, driven by the frames of its devices and by a clock.
 * It does no I/O of its own and has one timer, for the earliest of all its deadlines. Here its parts are put together;
 * each of them says in an interface of its own what it needs, and none knows the stack.
 */
import type { Clock, Nanos } from '../base/clock.ts'
import { type EventLog, silent } from '../base/events.ts'
import { formatIp4, type Ip4, parsePrefix4 } from '../base/ip.ts'
import type { Random } from '../base/random.ts'
import type { Task } from '../base/schedule.ts'
import { type TcpSettings, tcpSettings } from '../tcp/index.ts'
import * as ethernet from '../wire/ethernet.ts'
import type { Counters } from './counters.ts'
import type { Device } from './device.ts'
import { StackError } from './errors.ts'
import { type Frame, Frames } from './frames.ts'
import { Journal } from './journal.ts'
import { STACK_LIMITS, type StackLimits } from './limits.ts'
import { Addressing, type AddressOptions } from './link/addressing.ts'
import { frameArrived, type LinkParts } from './link/input.ts'
import { Interface } from './link/interface.ts'
import { Loopback } from './link/loopback.ts'
import { Neighbours } from './link/neighbours.ts'
import { arpArrived, askArp } from './net/ip4/arp.ts'
import { Ip4Layer } from './net/ip4/layer.ts'
import { Layers } from './net/layer.ts'
import { Timers } from './timers.ts'
import { Tcp } from './transport/tcp.ts'
import { Udp } from './transport/udp.ts'

/** What a stack is made of. It has no clock, chance or log of its own. */
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

/**
 * A TCP/IP stack, without sockets: `stackHost` puts them on top.
 * @example
 *     const stack = new Stack({ name: 'web', clock, random, events })
 *     const eth0 = stack.attach(device, ['192.0.2.1/24'])
 *     stack.ip4.routes.add({ prefix: { network: 0, length: 0 }, gateway: parseIp4('192.0.2.254'), interface: eth0, metric: 0 })
 *     const host = new StackHost(stack)
 */
export class Stack {
  readonly name: string
  readonly clock: Clock
  readonly random: Random
  readonly events: EventLog
  readonly enterApplication: () => void
  readonly forwarding: boolean
  readonly limits: StackLimits
  readonly timers: Timers
  readonly journal: Journal
  readonly frames: Frames
  readonly loopback: Interface
  readonly ip4: Ip4Layer
  readonly layers: Layers
  readonly udp: Udp
  readonly tcp: Tcp
  readonly #interfaces: Interface[] = []
  readonly #addressing: Addressing
  readonly #link: LinkParts

  constructor(options: StackOptions) {
    this.name = options.name
    this.clock = options.clock
    this.random = options.random
    this.events = options.events ?? silent
    this.enterApplication = options.enterApplication ?? (() => {})
    this.limits = Object.freeze({ ...STACK_LIMITS, ...options.limits })
    this.forwarding = options.forwarding ?? false
    this.frames = options.frames ?? new Frames()
    this.timers = new Timers(this.clock)
    this.journal = new Journal(this.name, this.events, this.timers)
    this.loopback = new Interface(new Loopback(this.timers), () => null)
    this.ip4 = new Ip4Layer(this)
    this.layers = new Layers(this.ip4)
    this.udp = new Udp(this)
    this.tcp = new Tcp(this, tcpSettings(options.tcp))
    this.#addressing = new Addressing(this.timers, this.journal, this.ip4)
    this.#link = this.#linkParts()
    this.#enter(this.loopback)
    this.addAddress(this.loopback, '127.0.0.1/8')
  }

  get interfaces(): readonly Interface[] {
    return this.#interfaces
  }

  /** What it has seen, in the manner of `netstat -s`. */
  get counters(): Counters {
    return this.journal.counters
  }

  /** Plugs a device in as an interface, with addresses like `192.0.2.1/24`. */
  attach(device: Device, addresses: readonly string[] = []): Interface {
    const made = new Interface(device, (of) => (device.medium === 'ethernet' ? this.#neighbours(of) : null))
    this.#enter(made)
    for (const address of addresses) this.addAddress(made, address)
    return made
  }

  #enter(made: Interface): void {
    this.#interfaces.push(made)
    made.device.attach({
      received: (frame, meta) => frameArrived(this.#link, made, frame, meta),
      batchEnd: () => this.tcp.batchEnd(),
    })
  }

  /**
   * Gives an interface an address like `192.0.2.1/24`; what lies in its prefix is reached directly from then on.
   * @throws StackError for what is not an address with a prefix
   */
  addAddress(to: Interface, address: string, options: AddressOptions = {}): void {
    const parsed = parsePrefix4(address)
    if (parsed === null || !address.includes('/'))
      throw new StackError(
        'STACK_ADDRESS',
        `interface ${to.name}: write an address with its prefix, like 192.0.2.1/24, not '${address}'`,
      )
    this.#addressing.add(to, parsed.address, parsed.prefix, options)
  }

  /** Takes an address away: what comes for it is no longer for this host. Sockets that are bound to it stay. */
  removeAddress(from: Interface, address: string): void {
    const parsed = parsePrefix4(address)
    if (parsed === null || !this.#addressing.remove(from, parsed.address))
      throw new StackError('STACK_ADDRESS', `interface ${from.name} has no address ${address}: ${listed(from)}`)
  }

  // ——— for sockets ———

  at(when: Nanos, task: Task, argument?: unknown): number {
    return this.timers.at(when, task, argument)
  }

  soon(task: Task, argument?: unknown): void {
    this.timers.soon(task, argument)
  }

  move(slot: number, when: Nanos): void {
    this.timers.move(slot, when)
  }

  cancel(slot: number): void {
    this.timers.cancel(slot)
  }

  // ——— the parts, joined ———

  #linkParts(): LinkParts {
    const arpHost = this.#arpHost()
    return {
      journal: this.journal,
      ip4: this.ip4.input,
      arp: (through, packet) => arpArrived(arpHost, through, packet),
    }
  }

  #arpHost() {
    return {
      frames: this.frames,
      isOwn: (address: Ip4) => this.ip4.own.has(address),
      frameSent: () => this.journal.counters.framesSent++,
    }
  }

  #neighbours(of: Interface): Neighbours {
    const { device } = of
    const { journal, limits, timers, ip4 } = this
    const arpHost = this.#arpHost()
    return new Neighbours({
      limits,
      timers,
      ask(neighbour, at) {
        if (typeof neighbour === 'number') askArp(arpHost, of, neighbour, at)
      },
      send(frame: Frame, to) {
        const header = frame.prepend(ethernet.HEADER_LENGTH)
        ethernet.emitHeader(frame.bytes, header, to, device.mac, ethernet.ETHERTYPE_IPV4)
        journal.counters.framesSent++
        device.transmit(frame.view(), frame.meta)
      },
      overflowed: (frame) =>
        journal.dropped('too many wait for the neighbour', of, frame.brought, frame.bytes, frame.start, frame.end),
      unreachable(frames) {
        for (const frame of frames) {
          journal.dropped('neighbour does not answer', of, frame.brought, frame.bytes, frame.start, frame.end)
          // RFC 1122 §2.3.2.2 and RFC 1812 §5.2.7.1: the sender is told, also when it is this host.
          ip4.undeliverable(frame)
        }
      },
    })
  }
}

function listed({ addresses }: Interface): string {
  const texts = addresses.map(({ address, prefix }) => `${formatIp4(address)}/${prefix.length}`)
  return texts.length === 0 ? 'it has none' : `it has ${texts.join(', ')}`
}
