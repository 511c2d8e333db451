/** Host 2: the whole `Host` contract on a stack of our own. */
import type { Clock } from '../../base/clock.ts'
import type { EventLog } from '../../base/events.ts'
import type { Random } from '../../base/random.ts'
import { guarded } from '../../socket/accept.ts'
import type { Address, Family, IpAddress } from '../../socket/address.ts'
import type {
  Accept,
  Connection,
  ConnectOptions,
  DatagramOptions,
  Datagrams,
  Host,
  Listener,
  ListenOptions,
} from '../../socket/host.ts'
import { type PingOptions, type PingReply, ping } from '../net/ip4/ping.ts'
import type { Stack } from '../stack.ts'
import { openConnection } from './connect.ts'
import { openDatagrams } from './datagrams.ts'
import { openListener } from './listener.ts'
import { type HostsFile, lookup, type Resolver } from './lookup.ts'

/** What a host knows beside its stack: names, and the clock that its programs see. */
export interface StackHostOptions {
  /** The clock that programs see; default the stack's own. */
  readonly clock?: Clock
  readonly hosts?: HostsFile
  readonly resolver?: Resolver
}

const FAMILIES: readonly Family[] = [4]

/** The sockets of a stack, as the `Host` that programs are given. */
export class StackHost implements Host {
  readonly name: string
  readonly families = FAMILIES
  readonly events: EventLog
  // These three begin anew when a simulated machine restarts; a program sees one of each for its whole life.
  clock: Clock
  random: Random
  stack: Stack
  /** Entries that `lookup` knows before it asks anybody. */
  hosts: HostsFile
  /** Who answers for all other names. */
  resolver: Resolver | null

  constructor(stack: Stack, options: StackHostOptions = {}) {
    this.stack = stack
    this.name = stack.name
    this.clock = options.clock ?? stack.clock
    this.random = stack.random.fork('program')
    this.events = stack.events
    this.hosts = options.hosts ?? {}
    this.resolver = options.resolver ?? null
  }

  async listen(at: Address, accept: Accept, options: ListenOptions = {}): Promise<Listener> {
    return openListener(this.stack, at, guarded(accept, options), options)
  }

  async connect(to: Address, options?: ConnectOptions): Promise<Connection> {
    return openConnection(this.stack, to, options)
  }

  async datagrams(at?: IpAddress, options?: DatagramOptions): Promise<Datagrams> {
    return openDatagrams(this.stack, at, options)
  }

  /** Sends one ICMP echo request and waits for what becomes of it. */
  async ping(to: string, options?: PingOptions): Promise<PingReply> {
    return ping(this.stack, to, options)
  }

  lookup(name: string, family?: Family): Promise<readonly string[]> {
    return lookup(name, family, this.hosts, this.resolver)
  }
}

/** A host on a stack: `Host` for every program, `stack` for who configures it. */
export function stackHost(stack: Stack, options?: StackHostOptions): StackHost {
  return new StackHost(stack, options)
}
