/**
 * A network of one process for tests: hosts whose connections hand bytes over in microtasks, and misbehave on
 * request. The memory given to `onData` is overwritten after the call, so that whoever keeps it is found out.
 */
import { SocketError } from '../../base/errors.ts'
import type { EventLog } from '../../base/events.ts'
import type { Address } from '../../socket/address.ts'
import type { Connection, ConnectionOwner, ConnectOptions, Host, Listener } from '../../socket/host.ts'
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
  readonly listeners = new Map<string, (connection: MemoryConnection) => void>()
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

  async listen(at: Address, accept: (connection: Connection) => void): Promise<Listener> {
    const local = { address: at.address === '0.0.0.0' ? this.#address : at.address, port: at.port || 8080 }
    const key = `${local.address}:${local.port}`
    const { listeners } = this.#network
    if (listeners.has(key)) throw new SocketError('EADDRINUSE', 'bind', local)
    listeners.set(key, accept)
    const close = async () => void listeners.delete(key)
    return { local, pause() {}, resume() {}, close, setOption: refuseOption, getOption: refuseOption }
  }

  async connect(to: Address, options: ConnectOptions = {}): Promise<Connection> {
    if (options.signal?.aborted) throw new SocketError('ECANCELED', 'connect', to)
    const accept = this.#network.listeners.get(`${to.address}:${to.port}`)
    if (accept === undefined) throw new SocketError('ECONNREFUSED', 'connect', to)
    const from = { address: this.#address, port: this.#network.port++ }
    const here = new MemoryConnection(from, to, this.#manners)
    const there = new MemoryConnection(to, from, this.#manners)
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
  readonly local: Address
  readonly remote: Address
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

  constructor(local: Address, remote: Address, manners: Manners) {
    this.local = local
    this.remote = remote
    this.#manners = manners
  }

  attach(owner: ConnectionOwner): void {
    this.#owner = owner
    this.#paused = false
    this.#schedule()
  }

  write(bytes: Uint8Array): boolean {
    if (this.#sentEnd || this.closed || this.#shut || this.#failure !== null) return false
    this.writes++
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

  pause(): void {
    this.#paused = true
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
    this.#schedule()
  }

  reset(): void {
    if (this.closed) return
    this.#shut = true
    this.#sentEnd = true
    this.#inbox = []
    this.#waiting = 0
    this.peer.#fail(new SocketError('ECONNRESET', 'read'))
    this.#schedule()
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
    if (!this.#paused && !this.#shut && this.#inbox.length > 0) {
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
    if (!this.#blocked || this.closed || this.peer.#waiting > (this.#manners.highWater ?? 65_536) / 2) return
    this.#blocked = false
    this.#owner?.onDrain()
  }
}

function refuseOption(name: string): never {
  throw noSuchOption('setsockopt', name)
}
