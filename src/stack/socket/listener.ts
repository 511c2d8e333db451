/** A listening TCP socket of the stack. */
import { SocketError } from '../../base/errors.ts'
import { formatIp, type Ip, isUnspecified } from '../../base/ip6.ts'
import type { Task } from '../../base/schedule.ts'
import { type Address, type IpAddress, placeOf } from '../../socket/address.ts'
import type { Connection, Listener, ListenOptions } from '../../socket/host.ts'
import type { OptionName, OptionValue } from '../../socket/options.ts'
import { ListenQueue, type sequence } from '../../tcp/index.ts'
import type { TcpSegment } from '../../wire/tcp.ts'
import type { Arrived } from '../net/layer.ts'
import type { TcpListenEndpoint } from '../transport/tcp.ts'
import { locate, portOf } from './address.ts'
import { type Opening, StackConnection } from './connection.ts'
import type { OptionTable } from './options.ts'
import type { SocketPort } from './port.ts'
import { setTcpOption, tcpTable } from './tcp-options.ts'

/** Its number in tcp_info, where the queue and its limit stand in two fields that a listener has no other use for (Linux). */
const LISTEN = 10

/** Listens as `Host.listen` promises. */
export function openListener(
  stack: SocketPort,
  at: Address,
  accept: (connection: Connection) => void,
  options: ListenOptions = {},
): StackListener {
  const { ip: address, layer } = locate(stack.layers, at, 'listen')
  const wanted = portOf(at, 'listen')
  const detail = placeOf(at)
  if (!isUnspecified(address) && !layer.isLocal(address)) throw new SocketError('EADDRNOTAVAIL', 'listen', detail)
  const { settings } = stack.tcp
  const table = tcpTable(settings, options.options)
  const port = wanted || stack.tcp.freeListenPort()
  if (port === 0 || !stack.tcp.mayBind(address, port, table.flag('SO_REUSEPORT')))
    throw new SocketError('EADDRINUSE', 'listen', detail)
  return new StackListener(
    stack,
    address,
    port,
    table,
    new ListenQueue(options.backlog ?? settings.backlog, settings.synQueue),
    accept,
  )
}

export class StackListener implements Listener, TcpListenEndpoint, Opening, Task {
  readonly localAddress: Ip
  readonly localPort: number
  readonly local: IpAddress
  readonly shares: boolean
  readonly queue: ListenQueue
  readonly #stack: SocketPort
  readonly #options: OptionTable
  readonly #accept: (connection: Connection) => void
  readonly #halfOpen = new Set<StackConnection>()
  /** Complete and not accepted, in the order of completion. */
  readonly #complete: StackConnection[] = []
  #paused = false
  #closed = false
  #scheduled = false

  constructor(
    stack: SocketPort,
    address: Ip,
    port: number,
    options: OptionTable,
    queue: ListenQueue,
    accept: (connection: Connection) => void,
  ) {
    this.#stack = stack
    this.localAddress = address
    this.localPort = port
    this.local = { address: formatIp(address), port }
    this.shares = options.flag('SO_REUSEPORT')
    this.#options = options
    this.queue = queue
    this.#accept = accept
    stack.tcp.bind(this)
  }

  open(syn: TcpSegment, packet: Arrived, least: sequence.Seq | null): void {
    const ends = {
      localAddress: packet.destination,
      localPort: this.localPort,
      remoteAddress: packet.source,
      remotePort: syn.sourcePort,
    }
    // Accepted sockets inherit the listener's options, as accept(2) has it on Linux.
    const options = this.#options.inherited()
    this.queue.opened()
    const connection = new StackConnection(this.#stack, ends, options, this, syn, least)
    this.#halfOpen.add(connection)
    connection.start()
  }

  admit(): boolean {
    return this.queue.roomToAccept
  }

  established(connection: StackConnection): void {
    this.#halfOpen.delete(connection)
    this.queue.completed()
    this.#complete.push(connection)
    this.#wake()
  }

  failed(connection: StackConnection): void {
    if (this.#halfOpen.delete(connection)) this.queue.failed()
  }

  #wake(): void {
    if (this.#paused || this.#scheduled || this.#complete.length === 0) return
    this.#scheduled = true
    this.#stack.soon(this)
  }

  /** Hands over what waits. */
  run(): void {
    this.#scheduled = false
    while (!this.#paused && !this.#closed) {
      const connection = this.#complete.shift()
      if (connection === undefined) return
      this.queue.taken()
      this.#stack.enterApplication()
      this.#accept(connection)
    }
  }

  pause(): void {
    this.#paused = true
  }

  resume(): void {
    this.#paused = false
    this.#wake()
  }

  /** Connections that the program has not been given are reset, as close(2) does with a backlog. */
  async close(): Promise<void> {
    if (this.#closed) return
    this.#closed = true
    this.#stack.tcp.release(this)
    for (const connection of [...this.#halfOpen, ...this.#complete]) connection.reset()
    this.#complete.length = 0
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  setOption(name: OptionName, value: OptionValue): void {
    setTcpOption(this.#options, name, value, this.#stack.tcp.settings)
  }

  getOption(name: OptionName): OptionValue {
    if (name === 'TCP_INFO') return { state: LISTEN, unacked: this.queue.waiting, sacked: this.queue.backlog }
    return this.#options.get(name)
  }
}
