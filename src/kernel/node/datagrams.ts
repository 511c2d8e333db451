/** A `dgram.Socket` as `Datagrams`. */
import { createSocket, type RemoteInfo, type Socket } from 'node:dgram'
import { plainBytes } from '../../base/bytes.ts'
import { SocketError } from '../../base/errors.ts'
import { type Family, familyOf, type IpAddress, placeOf } from '../../socket/address.ts'
import { requireBytes } from '../../socket/bytes.ts'
import type { DatagramInfo, DatagramOptions, Datagrams, DatagramsOwner, Peer } from '../../socket/host.ts'
import { BEFORE_BIND, type OptionName, type OptionValue } from '../../socket/options.ts'
import { DATAGRAM_OVERHEAD, MAX_DATAGRAM } from '../datagram.ts'
import { fromNode } from '../errors.ts'
import { requireLiteral } from '../literal.ts'
import { closedSocket, given, numberValue, requireOption } from '../options.ts'
import { getDatagramOption, setDatagramOption } from './datagram-options.ts'
import type { NodeSettings } from './settings.ts'

export function datagrams(settings: NodeSettings, at: IpAddress, options: DatagramOptions): Promise<Datagrams> {
  const family = familyOf(at.address)
  const wanted = given(options.options)
  const flag = (name: OptionName): boolean => wanted.some((one) => one[0] === name && numberValue(...one) !== 0)
  for (const [name] of wanted) requireOption('setsockopt', 'datagram', family, name)
  return new Promise((resolve, reject) => {
    const socket = createSocket({
      type: family === 4 ? 'udp4' : 'udp6',
      reuseAddr: flag('SO_REUSEADDR'),
      reusePort: flag('SO_REUSEPORT'),
      ipv6Only: flag('IPV6_V6ONLY'),
      lookup: literal as never,
    })
    socket.once('error', (error) => reject(fromNode(error, 'bind', at)))
    socket.bind({ address: at.address, port: at.port, exclusive: true }, () => {
      const bound = new NodeDatagrams(socket, settings, family)
      try {
        for (const [name, value] of wanted)
          if (!BEFORE_BIND.has(name) || name === 'SO_BINDTODEVICE') bound.setOption(name, value)
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

/** Node tells neither the address that was asked nor the type of service, and cuts nothing off. */
const INFO: DatagramInfo = { truncated: false, ecn: 0 }

interface Waiting {
  readonly bytes: Uint8Array
  readonly from: Peer
}

class NodeDatagrams implements Datagrams {
  readonly local: IpAddress
  remote: IpAddress | null = null
  readonly #socket: Socket
  readonly #settings: NodeSettings
  readonly #family: Family
  #owner: DatagramsOwner | null = null
  #closed = false
  /** A limited broadcast is refused here: the kernel's EACCES comes too late to be thrown by `send`. */
  #broadcast = false
  #waiting: Waiting[] = []
  #waitingBytes = 0
  #waitingError: SocketError | null = null
  /** Bytes whose sending Node has not reported yet: Deno cannot say what the kernel has left. */
  #unreported = 0
  /** `send` has answered false, and `onDrain` has not followed yet. */
  #full = false
  #dropTold = false

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

  // ── receiving ──────────────────────────────────────────────────────────────────────────────────────────────────

  #arrived(bytes: Uint8Array, info: RemoteInfo): void {
    const from: Peer = { address: info.address, port: info.port, local: this.local }
    if (this.#owner !== null && this.#waiting.length === 0) {
      this.#owner.onDatagram(bytes, from, INFO)
      this.#owner.onBatchEnd?.()
    } else this.#keep(bytes, from)
  }

  #keep(bytes: Uint8Array, from: Peer): void {
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
    const waiting = this.#waiting
    for (const { bytes, from } of waiting) if (!this.#closed) this.#owner!.onDatagram(bytes, from, INFO)
    this.#waiting = []
    this.#waitingBytes = 0
    if (waiting.length > 0 && !this.#closed) this.#owner!.onBatchEnd?.()
    const error = this.#waitingError
    this.#waitingError = null
    if (error !== null && !this.#closed) this.#owner!.onError(error)
  }

  // ── sending ────────────────────────────────────────────────────────────────────────────────────────────────────

  async connect(to: IpAddress): Promise<void> {
    requireLiteral('connect', to)
    if (this.#closed) throw new SocketError('EBADF', 'connect', { hint: 'the socket is closed' })
    try {
      if (this.remote !== null) this.#socket.disconnect()
      this.remote = null
      await new Promise<void>((resolve, reject) => {
        this.#socket.connect(to.port, to.address, (error?: Error) => (error ? reject(error) : resolve()))
      })
    } catch (error) {
      throw fromNode(error, 'connect', to)
    }
    this.remote = { address: to.address, port: to.port }
  }

  send(bytes: Uint8Array, to?: Peer | IpAddress): boolean {
    requireBytes('send', bytes)
    this.#mayBeSent(bytes, to ?? this.remote)
    if (to !== undefined && this.remote !== null)
      throw new SocketError('EISCONN', 'send', {
        ...placeOf(to),
        hint: 'Node sends from a connected socket to its peer only; with FFI the kernel itself is asked',
      })
    const { datagramHighWaterMark, queuedDatagramBytes } = this.#settings.limits
    const queued = this.#queued
    if (queued + bytes.length > queuedDatagramBytes && queued > 0) return this.#dropped()
    this.#unreported += bytes.length
    // Node keeps a reference when the kernel's buffer is full: hence the copy.
    if (to === undefined) this.#socket.send(Buffer.from(bytes), this.#sent)
    else this.#socket.send(Buffer.from(bytes), to.port, to.address, this.#sent)
    if (this.#queued < datagramHighWaterMark) return true
    this.#full = true
    return false
  }

  /** @throws SocketError what the kernel would say to the call, where Node says it later or in other words. */
  #mayBeSent(bytes: Uint8Array, target: IpAddress | null): void {
    if (this.#closed) throw new SocketError('EBADF', 'send', { hint: 'the socket is closed' })
    if (target === null) throw new SocketError('EDESTADDRREQ', 'send', { hint: 'name a peer or connect first' })
    const place = placeOf(target)
    if (target.port === 0) throw new SocketError('EINVAL', 'send', { ...place, hint: 'port 0 is not a peer' })
    if (bytes.length > MAX_DATAGRAM[this.#family]) throw new SocketError('EMSGSIZE', 'send', place)
    if (target.address === '255.255.255.255' && !this.#broadcast)
      throw new SocketError('EACCES', 'send', { ...place, hint: 'set SO_BROADCAST first' })
  }

  #dropped(): boolean {
    this.#full = true
    if (this.#dropTold) return false
    this.#dropTold = true
    setImmediate(() =>
      this.#failed(
        new SocketError('ENOBUFS', 'send', {
          hint: 'datagrams were sent faster than the network takes them: wait for onDrain',
        }),
      ),
    )
    return false
  }

  /** Bytes that wait for room in the kernel. */
  get #queued(): number {
    const { getSendQueueSize } = this.#socket as { getSendQueueSize?: () => number }
    return getSendQueueSize === undefined ? this.#unreported : getSendQueueSize.call(this.#socket)
  }

  readonly #sent = (error: Error | null, bytes?: number): void => {
    this.#unreported -= bytes ?? this.#unreported // a failure does not say how many it was: begin anew
    if (error !== null) this.#failed(error)
    if (!this.#full || this.#closed || this.#queued > this.#settings.limits.lowWaterMark) return
    this.#full = false
    this.#dropTold = false
    this.#owner?.onDrain?.()
  }

  /** Node has no call that sends several datagrams at once: each goes out as soon as it is sent. */
  cork(): void {}
  uncork(): void {}

  close(): void {
    if (this.#closed) return
    this.#closed = true
    this.#socket.close()
  }

  [Symbol.dispose](): void {
    this.close()
  }

  // ── options ────────────────────────────────────────────────────────────────────────────────────────────────────

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
