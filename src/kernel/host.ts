/** `kernelHost()`: this machine as a `Host`. */
import { lookup } from 'node:dns/promises'
import type { Clock } from '../base/clock.ts'
import { SocketError } from '../base/errors.ts'
import type { EventLog } from '../base/events.ts'
import type { Machine } from '../base/machine.ts'
import { type MachineOptions, systemMachine } from '../base/node/machine.ts'
import type { Random } from '../base/random.ts'
import { guarded } from '../socket/accept.ts'
import { type Address, type Family, type IpAddress, type PathAddress, placeOf } from '../socket/address.ts'
import type {
  Accept,
  Connection,
  ConnectOptions,
  DatagramOptions,
  Datagrams,
  Host,
  Listener,
  ListenOptions,
} from '../socket/host.ts'
import type { NodeSocketHost } from '../socket/node/native.ts'
import { chooseDriver } from './choice.ts'
import type { Driver, DriverChoice, DriverName } from './driver.ts'
import { fromNode } from './errors.ts'
import { KERNEL_LIMITS, type KernelLimits } from './limits.ts'
import { requireAddress, requireLiteral, requirePath } from './literal.ts'
import { warnIfUnpatched } from './patched.ts'
import { claim, hasFile, SocketFile } from './unix/file.ts'
import { FileListener } from './unix/listener.ts'
import { watched } from './watch.ts'

/** Settings of `kernelHost`; the clock, randomness and event log of the machine among them. */
export interface KernelHostOptions extends MachineOptions {
  /** Default: the environment's RETICLE_DRIVER, else the fastest that works here. */
  readonly driver?: DriverName | undefined
  /** Default: `KERNEL_LIMITS`. */
  readonly limits?: Partial<KernelLimits> | undefined
}

/** A Host that can say which driver carries it. */
export interface KernelHost extends Host {
  readonly driver: DriverChoice
}

/**
 * This machine. Cheap: hosts share the driver's rings and buffers.
 *
 * @example
 * const host = kernelHost()
 * console.log(host.driver.reason) // io_uring works here, and is the fastest
 * await host.listen({ address: '::', port: 9999 }, (connection) => connection.close())
 *
 * @throws SocketError EOPNOTSUPP when a driver was asked for by name that cannot work here; the message says why.
 */
export function kernelHost(options: KernelHostOptions = {}): KernelHost {
  const { driver, node, reason } = chooseDriver(options.driver, { ...KERNEL_LIMITS, ...options.limits })
  return hostOver(systemMachine(options), driver, reason, node)
}

/** A host whose sockets come from that driver. */
export function hostOver(machine: Machine, driver: Driver, reason: string, node: Driver = driver): KernelHost {
  return new Kernel(machine, driver, reason, node)
}

const UNNAMED: PathAddress = { path: '' }

class Kernel implements KernelHost, NodeSocketHost {
  readonly name: string
  readonly clock: Clock
  readonly random: Random
  readonly events: EventLog
  readonly driver: DriverChoice
  /** Absent where the driver has none: a property that is there says that the call works. */
  readonly unixDatagrams?: NonNullable<Host['unixDatagrams']>
  readonly pair?: NonNullable<Host['pair']>
  readonly datagramPair?: NonNullable<Host['datagramPair']>
  readonly #driver: Driver
  readonly #machine: Machine
  readonly #node: Driver

  constructor(machine: Machine, driver: Driver, reason: string, node: Driver) {
    this.#machine = machine
    this.#node = node
    this.name = machine.name
    this.clock = machine.clock
    this.random = machine.random
    this.events = machine.events
    this.driver = { name: driver.name, reason }
    this.#driver = watched(driver, machine)
    const { unixDatagrams, pair, datagramPair } = this.#driver
    if (unixDatagrams !== undefined)
      this.unixDatagrams = async (at = UNNAMED, given = {}) => {
        if (at.path !== '') requirePath('bind', at)
        return await claim(at, given, async () => unixDatagrams(at, given))
      }
    if (pair !== undefined) this.pair = async () => pair()
    if (datagramPair !== undefined) this.datagramPair = async () => datagramPair()
  }

  get nodeSockets(): Host {
    const node = this.#node
    return this.driver.name === 'node'
      ? this
      : new Kernel(this.#machine, node, 'Node’s own sockets are asked for', node)
  }

  async listen(at: Address, accept: Accept, options: ListenOptions = {}): Promise<Listener> {
    const place = requireAddress('listen', at)
    const taken = guarded(accept, options)
    if (place.path !== undefined) return await this.#listenAt(place, taken, options)
    warnIfUnpatched(place)
    try {
      return await this.#driver.listen(place, taken, options)
    } catch (error) {
      throw await explained(error, place)
    }
  }

  async #listenAt(
    at: PathAddress,
    accept: (connection: Connection) => void,
    options: ListenOptions,
  ): Promise<Listener> {
    return await claim(at, options, async () => {
      const listener = await this.#driver.listen(at, accept, options)
      return hasFile(at) ? new FileListener(listener, new SocketFile(at.path)) : listener
    })
  }

  async connect(to: Address, options: ConnectOptions = {}): Promise<Connection> {
    if (options.from !== undefined) requireLiteral('bind', options.from)
    const place = requireAddress('connect', to)
    if (place.path !== undefined && options.from !== undefined)
      throw new SocketError('EOPNOTSUPP', 'connect', { ...placeOf(to), hint: 'a client of a Unix socket has no name' })
    return this.#driver.connect(place, options)
  }

  async datagrams(at: IpAddress = { address: '0.0.0.0', port: 0 }, options: DatagramOptions = {}): Promise<Datagrams> {
    return this.#driver.datagrams(requireLiteral('bind', at), options)
  }

  async lookup(name: string, family?: Family): Promise<readonly string[]> {
    // RFC 6761 §6.3: always the loopback address, even where the hosts file has it for one family only.
    if (family === 6 && /^(.+\.)?localhost\.?$/i.test(name)) return ['::1']
    try {
      const found = await lookup(name, { all: true, family: family ?? 0, order: 'verbatim' })
      return found.map((entry) => entry.address)
    } catch (error) {
      throw fromNode(error, 'lookup', { address: name })
    }
  }
}

/** Workers of `node:cluster` do not share a port by themselves: the kernel does that for them, when it is asked to. */
async function explained(error: unknown, at: IpAddress): Promise<unknown> {
  if (!(error instanceof SocketError) || error.code !== 'EADDRINUSE') return error
  const { default: cluster } = await import('node:cluster')
  if (!cluster.isWorker) return error
  const hint = 'for several processes on one port: listen with { options: { SO_REUSEPORT: 1 } } in each'
  return new SocketError('EADDRINUSE', error.syscall, { ...placeOf(at), hint, cause: error })
}
