/** SOCK_DGRAM: a datagram endpoint over a Host. */
import { SocketError } from '../../base/errors.ts'
import type { Family, IpAddress } from '../address.ts'
import type { Datagrams, DatagramsOwner, Host } from '../host.ts'
import { SOCKET_LIMITS } from '../limits.ts'
import { SHUT_WR } from './constants.ts'
import { closedSocket, type Endpoint, EndpointState, notSupported } from './endpoint.ts'
import { type Timeout, Waiters } from './waiting.ts'

export class DatagramEndpoint extends EndpointState implements Endpoint, DatagramsOwner {
  readonly #host: Host
  readonly #family: Family
  readonly #readers: Waiters
  readonly #received: [Uint8Array, IpAddress][] = []
  #queued = 0
  #opening: Promise<Datagrams> | null = null
  #socket: Datagrams | null = null
  #finished = false
  #ended = false
  /** Datagrams that arrived when the queue was full. */
  dropped = 0

  constructor(host: Host, family: Family) {
    super()
    this.#host = host
    this.#family = family
    this.#readers = new Waiters(host)
  }

  get local(): IpAddress | null {
    return this.#socket?.local ?? null
  }

  get remote(): IpAddress | null {
    return this.#socket?.remote ?? null
  }

  async bind(at: IpAddress): Promise<void> {
    this.open('bind')
    if (this.#opening !== null)
      throw new SocketError('EINVAL', 'bind', { ...at, hint: 'the socket has an address already' })
    await this.#bindTo(at)
  }

  async #bindTo(at: IpAddress): Promise<Datagrams> {
    this.#opening = this.#host.datagrams(at, { options: this.options.settings })
    let socket: Datagrams
    try {
      socket = await this.#opening
    } catch (error) {
      this.#opening = null
      throw error
    }
    if (this.closed) {
      socket.close()
      throw closedSocket('bind')
    }
    if (this.#socket === null) {
      this.#socket = socket
      this.options.opened(socket)
      socket.attach(this)
    }
    return socket
  }

  /** The open socket: a socket that sends before it is bound gets a port of the host's choice. */
  async #ready(): Promise<Datagrams> {
    if (this.#socket !== null) return this.#socket
    if (this.#opening !== null) return await this.#opening
    return await this.#bindTo({ address: this.#family === 6 ? '::' : '0.0.0.0', port: 0 })
  }

  async listen(): Promise<void> {
    throw notSupported('listen', 'a datagram socket has no connections to listen for')
  }

  async accept(): Promise<Endpoint> {
    throw notSupported('accept', 'a datagram socket has no connections to accept')
  }

  async connect(to: IpAddress): Promise<void> {
    this.open('connect')
    await (await this.#ready()).connect(to)
  }

  async send(bytes: Uint8Array): Promise<number> {
    this.#sendable('send')
    const socket = await this.#ready()
    this.throwFailure('send')
    if (socket.remote === null)
      throw new SocketError('EDESTADDRREQ', 'send', { hint: 'call connect first, or use sendto' })
    socket.send(bytes)
    return bytes.length
  }

  async sendall(bytes: Uint8Array): Promise<void> {
    await this.send(bytes)
  }

  async sendto(bytes: Uint8Array, to: IpAddress): Promise<number> {
    this.#sendable('sendto')
    const socket = await this.#ready()
    this.throwFailure('sendto')
    socket.send(bytes, to)
    return bytes.length
  }

  async recv(size: number, timeout: Timeout): Promise<Uint8Array> {
    const [bytes] = await this.recvfrom(size, timeout)
    return bytes
  }

  /** One datagram; what exceeds `size` is cut off, as recvfrom(2) does. */
  async recvfrom(size: number, timeout: Timeout): Promise<[Uint8Array, IpAddress]> {
    this.open('recvfrom')
    await this.#ready()
    return await this.#readers.until('recvfrom', timeout, () => {
      this.open('recvfrom')
      const next = this.#received.shift()
      if (next !== undefined) {
        const [bytes, from] = next
        this.#queued -= bytes.length
        return [bytes.length > size ? bytes.subarray(0, Math.max(0, size)) : bytes, from]
      }
      this.throwFailure('recvfrom')
      if (this.#ended) return [new Uint8Array(0), this.#socket!.remote ?? this.#socket!.local]
      return undefined
    })
  }

  onDatagram(bytes: Uint8Array, from: IpAddress): void {
    if (this.#ended) return
    if (
      this.#received.length >= SOCKET_LIMITS.datagramQueue ||
      this.#queued + bytes.length > SOCKET_LIMITS.datagramQueueBytes
    ) {
      this.dropped++
      return
    }
    this.#received.push([bytes.slice(), from])
    this.#queued += bytes.length
    this.#readers.wake()
  }

  onError(error: SocketError): void {
    this.failed(error)
    this.#readers.wake()
  }

  onClose(): void {
    this.closed = true
    this.#readers.wake()
  }

  shutdown(how: number): void {
    this.open('shutdown')
    if (this.#socket === null || this.#socket.remote === null) throw new SocketError('ENOTCONN', 'shutdown')
    if (how !== SHUT_WR) {
      this.#ended = true
      this.#readers.wake()
    }
    if (how !== 0) this.#finished = true
  }

  async close(): Promise<void> {
    if (this.closed) return
    this.closed = true
    this.#socket?.close()
    this.#readers.wake()
  }

  #sendable(syscall: string): void {
    this.open(syscall)
    if (this.#finished) throw new SocketError('EPIPE', syscall, { hint: 'this side has been shut down' })
  }
}
