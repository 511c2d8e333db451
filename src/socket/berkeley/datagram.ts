/** SOCK_DGRAM: a datagram endpoint over a Host. */
import { ns, sleep } from '../../base/duration.ts'
import { SocketError } from '../../base/errors.ts'
import { type Address, placeOf } from '../address.ts'
import type { DatagramInfo, DatagramOptions, Datagrams, DatagramsOwner, Host } from '../host.ts'
import type { SocketLimits } from '../limits.ts'
import { MSG_PEEK, SHUT_RD, SHUT_RDWR, SHUT_WR } from './constants.ts'
import { closedSocket, type Endpoint, EndpointState, type Message, notSupported, noUnixSockets } from './endpoint.ts'
import type { NameFamily, Sender } from './name.ts'
import { type Timeout, Waiters, Watchers } from './waiting.ts'

interface Received {
  readonly bytes: Uint8Array
  readonly from: Sender
  readonly truncated: boolean
  readonly ecn: number
}

export class DatagramEndpoint extends EndpointState implements Endpoint, DatagramsOwner<Address> {
  readonly listening = false
  readonly #host: Host
  readonly #family: NameFamily
  readonly #limits: SocketLimits
  readonly #readers: Waiters
  readonly #writers: Waiters
  readonly #readable = new Watchers()
  readonly #writable = new Watchers()
  readonly #received: Received[] = []
  #queued = 0
  #opening: Promise<Datagrams<Address>> | null = null
  #socket: Datagrams<Address> | null = null
  /** The host has more than it wants: until `onDrain`. */
  #full = false
  #finished = false
  #ended = false
  /** Datagrams that arrived when the queue was full. */
  dropped = 0

  constructor(host: Host, family: NameFamily, limits: SocketLimits, socket: Datagrams<Address> | null = null) {
    super()
    this.#host = host
    this.#family = family
    this.#limits = limits
    this.#readers = new Waiters(host)
    this.#writers = new Waiters(host)
    if (socket !== null) this.#opening = Promise.resolve(this.#own(socket))
  }

  get local(): Address | null {
    return this.#socket?.local ?? null
  }

  get remote(): Address | null {
    return this.#socket?.remote ?? null
  }

  // ── opening ────────────────────────────────────────────────────────────────────────────────────────────────────

  async bind(at: Address): Promise<void> {
    this.open('bind')
    if (this.#opening !== null)
      throw new SocketError('EINVAL', 'bind', { ...placeOf(at), hint: 'the socket has an address already' })
    this.#opening = this.#bindTo(at)
    await this.#opening
  }

  async #bindTo(at: Address | null): Promise<Datagrams<Address>> {
    let socket: Datagrams<Address>
    try {
      socket = await openAt(this.#host, at, { options: this.options.settings })
    } catch (error) {
      this.#opening = null
      throw error
    }
    if (this.closed) {
      socket.close()
      throw closedSocket('bind')
    }
    return this.#own(socket)
  }

  #own(socket: Datagrams<Address>): Datagrams<Address> {
    this.#socket = socket
    this.options.opened(socket)
    socket.attach(this)
    return socket
  }

  /** The open socket: a socket that sends before it is bound gets a port of the host's choice. */
  #ready(): Promise<Datagrams<Address>> {
    this.#opening ??= this.#bindTo(anywhere(this.#family))
    return this.#opening
  }

  async listen(): Promise<void> {
    throw notSupported('listen', 'a datagram socket has no connections to listen for')
  }

  async accept(): Promise<Endpoint> {
    throw notSupported('accept', 'a datagram socket has no connections to accept')
  }

  async connect(to: Address): Promise<void> {
    this.open('connect')
    await (await this.#ready()).connect(to)
    this.open('connect')
  }

  // ── sending ────────────────────────────────────────────────────────────────────────────────────────────────────

  async send(bytes: Uint8Array, timeout: Timeout): Promise<number> {
    return await this.#send('send', bytes, undefined, timeout)
  }

  async sendall(bytes: Uint8Array, timeout: Timeout): Promise<void> {
    await this.send(bytes, timeout)
  }

  async sendto(bytes: Uint8Array, to: Address, timeout: Timeout): Promise<number> {
    return await this.#send('sendto', bytes, to, timeout)
  }

  async #send(syscall: string, bytes: Uint8Array, to: Address | undefined, timeout: Timeout): Promise<number> {
    this.#sendable(syscall)
    const socket = await this.#ready()
    await this.#writers.until(syscall, timeout, () => {
      this.#sendable(syscall)
      this.throwFailure(syscall)
      if (to === undefined && socket.remote === null)
        throw new SocketError('EDESTADDRREQ', syscall, { hint: 'call connect first, or use sendto' })
      if (this.#full) return undefined
      if (!socket.send(bytes, to)) this.#full = true
      return true
    })
    // What the kernel says to it comes a moment later; and a loop that sends must not keep all others waiting.
    await sleep(this.#host.clock, ns(0))
    if (!this.closed) this.throwFailure(syscall)
    return bytes.length
  }

  #sendable(syscall: string): void {
    this.open(syscall)
    if (this.#finished) throw new SocketError('EPIPE', syscall, { hint: 'this side has been shut down' })
  }

  // ── receiving ──────────────────────────────────────────────────────────────────────────────────────────────────

  async recv(size: number, flags: number, timeout: Timeout): Promise<Uint8Array> {
    return (await this.recvfrom(size, flags, timeout)).bytes
  }

  async recvInto(into: Uint8Array, flags: number, timeout: Timeout): Promise<number> {
    const { bytes } = await this.recvfrom(into.length, flags, timeout)
    into.set(bytes)
    return bytes.length
  }

  /** One datagram; what exceeds `size` is cut off, as recvfrom(2) does. */
  async recvfrom(size: number, flags: number, timeout: Timeout): Promise<Message> {
    this.open('recvfrom')
    await this.#ready()
    return await this.#readers.until('recvfrom', timeout, () => {
      this.open('recvfrom')
      const next = this.#received[0]
      if (next !== undefined) {
        if ((flags & MSG_PEEK) === 0) {
          this.#received.shift()
          this.#queued -= next.bytes.length
        }
        return messageOf(next, size, (flags & MSG_PEEK) !== 0)
      }
      this.throwFailure('recvfrom')
      if (!this.#ended) return undefined
      const { local, remote } = this.#socket!
      return { bytes: new Uint8Array(0), from: remote ?? local, local, truncated: false, ecn: 0 }
    })
  }

  onDatagram(bytes: Uint8Array, from: Sender, { truncated, ecn }: DatagramInfo): void {
    if (this.#ended) return
    const { datagramQueue, datagramQueueBytes } = this.#limits
    if (this.#received.length >= datagramQueue || this.#queued + bytes.length > datagramQueueBytes) {
      this.dropped++
      return
    }
    this.#received.push({ bytes: bytes.slice(), from, truncated, ecn })
    this.#queued += bytes.length
    this.#wake()
  }

  onDrain(): void {
    this.#full = false
    this.#wake()
  }

  onError(error: SocketError): void {
    this.failed(error)
    this.#wake()
  }

  onClose(): void {
    this.closed = true
    this.#wake()
  }

  // ── readiness ──────────────────────────────────────────────────────────────────────────────────────────────────

  readonly #canRead = (): boolean => this.closed || this.#ended || this.#received.length > 0 || this.hasFailure
  readonly #canWrite = (): boolean => this.closed || this.#finished || !this.#full || this.hasFailure

  async readable(): Promise<void> {
    if (!this.#canRead()) await this.#ready()
    await this.#readable.until(this.#canRead)
  }

  writable(): Promise<void> {
    return this.#writable.until(this.#canWrite)
  }

  #wake(): void {
    this.#readers.wake()
    this.#writers.wake()
    this.#readable.wake(this.#canRead)
    this.#writable.wake(this.#canWrite)
  }

  // ── leaving ────────────────────────────────────────────────────────────────────────────────────────────────────

  shutdown(how: number): void {
    this.open('shutdown')
    if (this.#socket === null || this.#socket.remote === null) throw new SocketError('ENOTCONN', 'shutdown')
    if (how !== SHUT_RD && how !== SHUT_WR && how !== SHUT_RDWR)
      throw new SocketError('EINVAL', 'shutdown', { hint: `how is ${how}; use SHUT_RD, SHUT_WR or SHUT_RDWR` })
    if (how !== SHUT_WR) this.#ended = true
    if (how !== SHUT_RD) this.#finished = true
    this.#wake()
  }

  async close(): Promise<void> {
    if (this.closed) return
    this.closed = true
    this.#socket?.close()
    this.#wake()
  }
}

/** Where a socket is that was never bound: a Unix socket has no name then. */
function anywhere(family: NameFamily): Address | null {
  if (family === 'unix') return null
  return { address: family === 6 ? '::' : '0.0.0.0', port: 0 }
}

async function openAt(host: Host, at: Address | null, options: DatagramOptions): Promise<Datagrams<Address>> {
  if (at !== null && at.path === undefined) return await host.datagrams(at, options)
  if (host.unixDatagrams === undefined) throw noUnixSockets('socket')
  return await host.unixDatagrams(at ?? undefined, options)
}

/** Up to `size` bytes of it; a copy where it stays. */
function messageOf({ bytes, from, truncated, ecn }: Received, size: number, stays: boolean): Message {
  const cut = bytes.length > size
  const shown = cut ? bytes.subarray(0, size) : bytes
  return { bytes: stays ? shown.slice() : shown, from, local: from.local, truncated: truncated || cut, ecn }
}
