/** A `dgram.Socket` as `Datagrams`. */

import { createSocket, type RemoteInfo, type Socket } from 'node:dgram'
import { plainBytes } from '../../base/bytes.ts'
import { SocketError } from '../../base/errors.ts'
import { type Address, type Family, familyOf } from '../../socket/address.ts'
import type { DatagramOptions, Datagrams, DatagramsOwner } from '../../socket/host.ts'
import type { OptionName, OptionValue } from '../../socket/options.ts'
import { fromNode } from '../errors.ts'
import { DATAGRAM_OVERHEAD, MAX_DATAGRAM } from '../limits.ts'
import { closedSocket, given, numberValue, requireOption } from '../options.ts'
import { getDatagramOption, setDatagramOption } from './datagram-options.ts'
import type { NodeSettings } from './driver.ts'

export function datagrams(settings: NodeSettings, at: Address, options: DatagramOptions): Promise<Datagrams> {
  const family = familyOf(at.address)
  const wanted = given(options.options)
  const flag = (name: OptionName): boolean => wanted.some((one) => one[0] === name && numberValue(...one) !== 0)
  for (const [name] of wanted)
    if (name !== 'IP_ADD_MEMBERSHIP' && name !== 'IP_DROP_MEMBERSHIP') requireOption('setsockopt', 'datagram', name)
  return new Promise((resolve, reject) => {
    const socket = createSocket({
      type: family === 4 ? 'udp4' : 'udp6',
      reuseAddr: flag('SO_REUSEADDR'),
      reusePort: flag('SO_REUSEPORT'),
      lookup: literal as never,
    })
    socket.once('error', (error) => reject(fromNode(error, 'bind', at)))
    socket.bind({ address: at.address, port: at.port, exclusive: true }, () => {
      const bound = new NodeDatagrams(socket, settings, family)
      try {
        for (const [name, value] of wanted)
          if (name !== 'SO_REUSEADDR' && name !== 'SO_REUSEPORT') bound.setOption(name, value)
      } catch (error) {
        bound.close()
        return reject(error)
      }
      resolve(bound)
    })
  })
}

/** Addresses are literals: Node's own lookup of them would put off every send by a tick. */
function literal(address: string, family: number, found: (error: null, address: string, family: number) => void): void {
  found(null, address, family)
}

class NodeDatagrams implements Datagrams {
  readonly local: Address
  remote: Address | null = null
  readonly #socket: Socket
  readonly #settings: NodeSettings
  readonly #family: Family
  #owner: DatagramsOwner | null = null
  #closed = false
  /** A limited broadcast is refused here: the kernel's EACCES comes too late to be thrown by `send`. */
  #broadcast = false
  #waiting: { bytes: Uint8Array; from: Address }[] = []
  #waitingBytes = 0
  #waitingError: SocketError | null = null

  constructor(socket: Socket, settings: NodeSettings, family: Family) {
    const { address, port } = socket.address()
    this.local = { address, port }
    this.#socket = socket
    this.#settings = settings
    this.#family = family
    socket.removeAllListeners('error')
    socket.on('message', (bytes, info) => this.#arrived(plainBytes(bytes), info))
    socket.on('error', (error) => this.#failed(error))
    socket.on('close', () => this.#owner?.onClose())
  }

  #arrived(bytes: Uint8Array, info: RemoteInfo): void {
    const from = { address: info.address, port: info.port }
    if (this.#owner !== null && this.#waiting.length === 0) this.#owner.onDatagram(bytes, from)
    else this.#keep(bytes, from)
  }

  #keep(bytes: Uint8Array, from: Address): void {
    const cost = bytes.length + DATAGRAM_OVERHEAD
    if (this.#waitingBytes + cost > this.#settings.limits.waitingDatagramBytes) return // as a full SO_RCVBUF does
    this.#waitingBytes += cost
    this.#waiting.push({ bytes, from })
  }

  #failed(error: unknown): void {
    if (this.#closed) return
    const told = fromNode(error, (error as NodeJS.ErrnoException).syscall ?? 'recvmsg', this.remote ?? undefined)
    if (this.#owner === null) this.#waitingError = told
    else this.#owner.onError(told)
  }

  attach(owner: DatagramsOwner): void {
    const first = this.#owner === null
    this.#owner = owner
    if (first) setImmediate(() => this.#deliverWaiting())
  }

  #deliverWaiting(): void {
    for (const { bytes, from } of this.#waiting) if (!this.#closed) this.#owner!.onDatagram(bytes, from)
    this.#waiting = []
    const error = this.#waitingError
    this.#waitingError = null
    if (error !== null && !this.#closed) this.#owner!.onError(error)
  }

  connect(to: Address): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#socket.connect(to.port, to.address, (error?: Error) => {
        if (error) return reject(fromNode(error, 'connect', to))
        this.remote = { ...to }
        resolve()
      })
    })
  }

  send(bytes: Uint8Array, to?: Address): void {
    if (this.#closed) throw new SocketError('EBADF', 'send', { hint: 'the socket is closed' })
    const target = to ?? this.remote
    const detail = { address: target?.address, port: target?.port }
    if (target === null) throw new SocketError('EDESTADDRREQ', 'send', { hint: 'name a peer or connect first' })
    if (bytes.length > MAX_DATAGRAM[this.#family]) throw new SocketError('EMSGSIZE', 'send', detail)
    if (target.address === '255.255.255.255' && !this.#broadcast)
      throw new SocketError('EACCES', 'send', { ...detail, hint: 'set SO_BROADCAST first' })
    if (to !== undefined && this.remote !== null)
      throw new SocketError('EISCONN', 'send', { ...detail, hint: 'a connected socket sends to its peer only' })
    const failed = (error: Error | null): void => {
      if (error !== null) this.#failed(error)
    }
    // Node keeps a reference when the kernel's buffer is full: hence the copy.
    if (to === undefined) this.#socket.send(Buffer.from(bytes), failed)
    else this.#socket.send(Buffer.from(bytes), to.port, to.address, failed)
  }

  close(): void {
    if (this.#closed) return
    this.#closed = true
    this.#socket.close()
  }

  setOption(name: OptionName, value: OptionValue): void {
    this.#requireOpen('setsockopt', name)
    setDatagramOption(this.#settings, this.#socket, this.#family, name, value)
    if (name === 'SO_BROADCAST') this.#broadcast = numberValue(name, value) !== 0
  }

  getOption(name: OptionName): OptionValue {
    this.#requireOpen('getsockopt', name)
    return getDatagramOption(this.#settings, this.#socket, this.#family, name)
  }

  #requireOpen(syscall: 'setsockopt' | 'getsockopt', name: OptionName): void {
    if (this.#closed) throw closedSocket(syscall, name)
  }
}
