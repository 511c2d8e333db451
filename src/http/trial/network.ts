/**
 * A network of one process for tests: hosts whose connections hand bytes over in microtasks, and misbehave on
 * request. The memory given to `onData` is overwritten after the call, so that whoever keeps it is found out.
 */
import { SocketError } from '../../base/errors.ts'
import type { EventLog } from '../../base/events.ts'
import { guarded } from '../../socket/accept.ts'
import { type Address, type IpAddress, ipOf } from '../../socket/address.ts'
import { requireBytes } from '../../socket/bytes.ts'
import { Flushes, ownReset, writtenTooLate } from '../../socket/flush.ts'
import { HeldBytes } from '../../socket/held.ts'
import type {
  Accept,
  Connection,
  ConnectionOwner,
  ConnectOptions,
  Host,
  Listener,
  ListenOptions,
} from '../../socket/host.ts'
import { noSuchOption } from '../../socket/options.ts'
import { type ManualClock, testMachine } from './machine.ts'

export interface Manners {
  /** At most so many bytes per `onData`; default all there are. */
  readonly chunk?: number
  /** `write` always answers false, with an `onDrain` after it. */
  readonly reluctant?: boolean
  /** Bytes in flight before `write` answers false; default 65,536. */
  readonly highWater?: number
}

export class TestNetwork {
  readonly listeners = new Map<string, (connection: Connection) => void>()
  /** Every connection ever made, both ends: for looking at what is left open. */
  readonly connections: MemoryConnection[] = []
  readonly names = new Map<string, string>()
  port = 49_152

  host(name: string, address: string, manners: Manners = {}, events?: EventLog, clock?: ManualClock): TestHost {
    this.names.set(name, address)
    return new TestHost(this, name, address, manners, events, clock)
  }

  get open(): number {
    return this.connections.filter((connection) => !connection.closed).length
  }
}

export class TestHost implements Host {
  readonly name: string
  readonly clock: ManualClock
  readonly random
  readonly events
  readonly #network: TestNetwork
  readonly #address: string
  readonly #manners: Manners

  constructor(
    network: TestNetwork,
    name: string,
    address: string,
    manners: Manners,
    events?: EventLog,
    clock?: ManualClock,
  ) {
    const machine = testMachine(name, events)
    this.name = name
    this.clock = clock ?? machine.clock
    this.random = machine.random
    this.events = machine.events
    this.#network = network
    this.#address = address
    this.#manners = manners
  }

  async listen(at: Address, accept: Accept, options: ListenOptions = {}): Promise<Listener> {
    const { address, port } = ipOf(at, 'listen')
    const local = { address: address === '0.0.0.0' ? this.#address : address, port: port || 8080 }
    const key = `${local.address}:${local.port}`
    const { listeners } = this.#network
    if (listeners.has(key)) throw new SocketError('EADDRINUSE', 'bind', local)
    listeners.set(key, guarded(accept, options))
    const close = async () => void listeners.delete(key)
    const refusing = { setOption: refuseOption, getOption: refuseOption }
    return { local, pause() {}, resume() {}, close, ...refusing, [Symbol.asyncDispose]: close }
  }

  async connect(to: Address, options: ConnectOptions = {}): Promise<Connection> {
    const { address, port } = ipOf(to, 'connect')
    if (options.signal?.aborted) throw new SocketError('ECANCELED', 'connect', { address, port })
    const accept = this.#network.listeners.get(`${address}:${port}`)
    if (accept === undefined) throw new SocketError('ECONNREFUSED', 'connect', { address, port })
    const from = { address: this.#address, port: this.#network.port++ }
    const here = new MemoryConnection(from, { address, port }, this.#manners)
    const there = new MemoryConnection({ address, port }, from, this.#manners)
    here.peer = there
    there.peer = here
    this.#network.connections.push(here, there)
    accept(there)
    return here
  }

  async datagrams(): Promise<never> {
    throw new SocketError('EPROTONOSUPPORT', 'socket')
  }

  async lookup(name: string): Promise<readonly string[]> {
    if (/^[\d.]+$|:/.test(name)) return [name]
    const address = this.#network.names.get(name)
    if (address === undefined) throw new SocketError('ENOTFOUND', 'getaddrinfo', { address: name })
    return [address]
  }
}

export class MemoryConnection implements Connection {
  readonly local: IpAddress
  readonly remote: IpAddress
  readonly security = null
  peer!: MemoryConnection
  closed = false
  /** How many times `write` was called: one send each. */
  writes = 0
  readonly #manners: Manners
  #owner: ConnectionOwner | null = null
  #inbox: Uint8Array[] = []
  #waiting = 0
  #paused = false
  #scheduled = false
  #sentEnd = false
  #endPending = false
  #blocked = false
  #shut = false
  #failure: SocketError | null = null
  #finished = false
  #gotEnd = false
  readonly #returned = new HeldBytes()
  #written = 0
  readonly #flushes = new Flushes()
  /** Why bytes that were written have gone to nobody. */
  #lost: SocketError | null = null

  constructor(local: IpAddress, remote: IpAddress, manners: Manners) {
    this.local = local
    this.remote = remote
    this.#manners = manners
  }

  attach(owner: ConnectionOwner): void {
    if (owner !== this.#owner) this.#gotEnd = this.#finished = false
    this.#owner = owner
    this.#paused = false
    this.#schedule()
  }

  write(bytes: Uint8Array): boolean {
    requireBytes('write', bytes)
    if (this.#sentEnd || this.closed || this.#shut || this.#failure !== null) {
      if (bytes.length > 0) this.#lost ??= writtenTooLate()
      return false
    }
    this.writes++
    this.#written += bytes.length
    this.peer.#receive(new Uint8Array(bytes))
    const full = this.peer.#waiting > (this.#manners.highWater ?? 65_536)
    if (full || this.#manners.reluctant) this.#blocked = true
    if (this.#blocked && !full) queueMicrotask(() => this.#drained())
    return !this.#blocked
  }

  cork(): void {}
  uncork(): void {}

  get queued(): number {
    return this.peer.#waiting
  }

  /** Handed over is what the other end has been told. */
  flush(): Promise<void> {
    if (this.#failure !== null) return Promise.reject(this.#failure)
    if (this.#lost !== null) return Promise.reject(this.#lost)
    return this.queued === 0 ? Promise.resolve() : this.#flushes.until(this.#written)
  }

  pause(): void {
    this.#paused = true
  }

  unread(bytes: Uint8Array): void {
    requireBytes('unread', bytes)
    if (bytes.length === 0 || this.#shut || this.closed) return
    this.#returned.putBack(bytes)
    this.#gotEnd = false
    this.#schedule()
  }

  resume(): void {
    this.#paused = false
    this.#schedule()
  }

  end(): void {
    if (this.#sentEnd || this.closed) return
    this.#sentEnd = true
    this.peer.#endPending = true
    this.peer.#schedule()
    this.#schedule()
  }

  close(): void {
    if (this.closed) return
    this.end()
    this.#shut = true
    this.#inbox = []
    this.#waiting = 0
    this.peer.#drained()
    this.#schedule()
  }

  reset(): void {
    if (this.closed) return
    this.#shut = true
    this.#sentEnd = true
    this.#inbox = []
    this.#waiting = 0
    if (this.queued > 0) this.#lost ??= ownReset()
    this.#flushes.fail(ownReset())
    this.peer.#fail(new SocketError('ECONNRESET', 'read'))
    this.#schedule()
  }

  [Symbol.dispose](): void {
    this.close()
  }

  setOption = refuseOption
  getOption = refuseOption

  #receive(bytes: Uint8Array): void {
    if (this.#shut || this.closed) return
    this.#inbox.push(bytes)
    this.#waiting += bytes.length
    this.#schedule()
  }

  #fail(error: SocketError): void {
    if (this.closed || this.#shut) return
    this.#failure = error
    this.#flushes.fail(error)
    this.#inbox = []
    this.#waiting = 0
    this.#schedule()
  }

  #schedule(): void {
    if (this.#scheduled || this.#owner === null) return
    this.#scheduled = true
    queueMicrotask(() => {
      this.#scheduled = false
      this.#deliver()
    })
  }

  #deliver(): void {
    const owner = this.#owner!
    if (this.#finished) return
    if (!this.#paused && !this.#shut && !this.#returned.empty) owner.onData(this.#returned.take())
    else if (!this.#paused && !this.#shut && this.#inbox.length > 0) {
      const piece = this.#take()
      owner.onData(piece)
      piece.fill(0xdd)
      this.peer.#drained()
    } else if (!this.#paused && !this.#shut && this.#endPending && !this.#gotEnd) {
      this.#gotEnd = true
      owner.onEnd()
    } else if (this.#shut || this.#failure !== null || (this.#gotEnd && this.#sentEnd)) {
      this.#finished = true
      this.closed = true
      owner.onClose(this.#shut ? null : this.#failure)
      return
    } else return
    this.#schedule()
  }

  #take(): Uint8Array {
    const first = this.#inbox[0]!
    const chunk = this.#manners.chunk ?? Number.POSITIVE_INFINITY
    let piece = first
    if (first.length <= chunk) this.#inbox.shift()
    else {
      piece = first.slice(0, chunk)
      this.#inbox[0] = first.subarray(chunk)
    }
    this.#waiting -= piece.length
    return piece
  }

  #drained(): void {
    this.#flushes.reached(this.#written - this.peer.#waiting)
    if (!this.#blocked || this.closed || this.peer.#waiting > (this.#manners.highWater ?? 65_536) / 2) return
    this.#blocked = false
    this.#owner?.onDrain()
  }
}

function refuseOption(name: string): never {
  throw noSuchOption('setsockopt', name)
}
