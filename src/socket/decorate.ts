/** Hosts and connections that change something about another one, and pass everything else on. */
import type { Clock } from '../base/clock.ts'
import type { Duration } from '../base/duration.ts'
import type { EventLog } from '../base/events.ts'
import type { Random } from '../base/random.ts'
import type { Address, Family, IpAddress } from './address.ts'
import type {
  Accept,
  Connection,
  ConnectionOwner,
  ConnectOptions,
  DatagramOptions,
  Datagrams,
  FileSource,
  Host,
  Listener,
  ListenOptions,
  Security,
} from './host.ts'
import type { OptionName, OptionValue } from './options.ts'

/**
 * A host that passes everything on to the one it stands for. What is to be different is overridden.
 *
 * @example
 * class Counting extends HostDecorator {
 *   accepted = 0
 *   override listen(at: Address, accept: Accept, options?: ListenOptions): Promise<Listener> {
 *     return super.listen(at, (connection) => (this.accepted++, accept(connection)), options)
 *   }
 * }
 */
export class HostDecorator implements Host {
  /** The host that this one stands for. */
  protected readonly of: Host
  /** Only where the host below says it. */
  declare families?: readonly Family[]
  /** Only where the host below has it: whoever calls looks first. */
  declare unixDatagrams?: NonNullable<Host['unixDatagrams']>
  /** Only where the host below has it. */
  declare pair?: NonNullable<Host['pair']>
  /** Only where the host below has it. */
  declare datagramPair?: NonNullable<Host['datagramPair']>

  constructor(of: Host) {
    this.of = of
    if (of.families !== undefined) this.families = of.families
    if (of.unixDatagrams !== undefined) this.unixDatagrams = (at, options) => of.unixDatagrams!(at, options)
    if (of.pair !== undefined) this.pair = () => of.pair!()
    if (of.datagramPair !== undefined) this.datagramPair = () => of.datagramPair!()
  }

  get name(): string {
    return this.of.name
  }
  get clock(): Clock {
    return this.of.clock
  }
  get random(): Random {
    return this.of.random
  }
  get events(): EventLog {
    return this.of.events
  }
  listen(at: Address, accept: Accept, options?: ListenOptions): Promise<Listener> {
    return this.of.listen(at, accept, options)
  }
  connect(to: Address, options?: ConnectOptions): Promise<Connection> {
    return this.of.connect(to, options)
  }
  datagrams(at?: IpAddress, options?: DatagramOptions): Promise<Datagrams> {
    return this.of.datagrams(at, options)
  }
  lookup(name: string, family?: Family): Promise<readonly string[]> {
    return this.of.lookup(name, family)
  }
}

/** A connection that passes everything on to the one it stands for. What is to be different is overridden. */
export class ConnectionDecorator implements Connection {
  /** The connection that this one stands for. */
  protected readonly of: Connection
  /** Only where the connection below has it: whoever calls looks first. */
  declare sendFile?: (file: FileSource, offset: number, length: number) => Promise<void>
  /** Only where the connection below has it. */
  declare writeOwned?: (bytes: Uint8Array, released: () => void) => boolean
  /** Only where the connection below has it. */
  declare ref?: () => void
  /** Only where the connection below has it. */
  declare unref?: () => void

  constructor(of: Connection) {
    this.of = of
    if (of.sendFile !== undefined) this.sendFile = (file, offset, length) => of.sendFile!(file, offset, length)
    if (of.writeOwned !== undefined) this.writeOwned = (bytes, released) => of.writeOwned!(bytes, released)
    if (of.ref !== undefined) this.ref = () => of.ref!()
    if (of.unref !== undefined) this.unref = () => of.unref!()
  }

  get local(): Address {
    return this.of.local
  }
  get remote(): Address {
    return this.of.remote
  }
  get security(): Security | null {
    return this.of.security
  }
  attach(owner: ConnectionOwner): void {
    this.of.attach(owner)
  }
  write(bytes: Uint8Array): boolean {
    return this.of.write(bytes)
  }
  cork(): void {
    this.of.cork()
  }
  uncork(): void {
    this.of.uncork()
  }
  get queued(): number {
    return this.of.queued
  }
  flush(): Promise<void> {
    return this.of.flush()
  }
  pause(): void {
    this.of.pause()
  }
  resume(): void {
    this.of.resume()
  }
  unread(bytes: Uint8Array): void {
    this.of.unread(bytes)
  }
  end(): void {
    this.of.end()
  }
  close(within?: Duration): void {
    this.of.close(within)
  }
  reset(): void {
    this.of.reset()
  }
  setOption(name: OptionName, value: OptionValue): void {
    this.of.setOption(name, value)
  }
  getOption(name: OptionName): OptionValue {
    return this.of.getOption(name)
  }
  [Symbol.dispose](): void {
    this.of[Symbol.dispose]()
  }
}
