/** SOCK_STREAM: a listening or connected endpoint over a Host. */
import { SocketError } from '../../base/errors.ts'
import type { Address, Family, IpAddress } from '../address.ts'
import type { Connection, ConnectionOwner, Host, Listener } from '../host.ts'
import { SOCKET_LIMITS } from '../limits.ts'
import { ByteQueue } from '../queue.ts'
import { SHUT_RD, SHUT_RDWR, SHUT_WR } from './constants.ts'
import { type Endpoint, EndpointState } from './endpoint.ts'
import { type Timeout, Waiters } from './waiting.ts'

type State = 'fresh' | 'connecting' | 'listening' | 'connected'

export class StreamEndpoint extends EndpointState implements Endpoint, ConnectionOwner {
  readonly #host: Host
  readonly #family: Family
  readonly #readers: Waiters
  readonly #writers: Waiters
  readonly #received = new ByteQueue()
  #state: State = 'fresh'
  #bound: IpAddress | null = null
  #listener: Listener | null = null
  #backlog = 0
  readonly #waiting: Connection[] = []
  #connection: Connection | null = null
  /** No more bytes will come: the peer's FIN, SHUT_RD or the end of the connection. */
  #ended = false
  /** No more bytes may go: SHUT_WR. */
  #finished = false
  #full = false
  #paused = false

  constructor(host: Host, family: Family, connection: Connection | null = null) {
    super()
    this.#host = host
    this.#family = family
    this.#readers = new Waiters(host)
    this.#writers = new Waiters(host)
    if (connection !== null) this.#own(connection)
  }

  get local(): Address | null {
    return this.#connection?.local ?? this.#listener?.local ?? this.#bound
  }

  get remote(): Address | null {
    return this.#connection?.remote ?? null
  }

  async bind(at: IpAddress): Promise<void> {
    this.open('bind')
    if (this.#bound !== null || this.#state !== 'fresh')
      throw new SocketError('EINVAL', 'bind', { ...at, hint: 'the socket has an address already' })
    this.#bound = at
  }

  async listen(backlog: number): Promise<void> {
    this.open('listen')
    if (this.#state !== 'fresh') throw new SocketError('EINVAL', 'listen', { hint: `the socket is ${this.#state}` })
    this.#backlog = Math.max(1, backlog)
    this.#state = 'listening'
    try {
      const at = this.#bound ?? { address: this.#family === 6 ? '::' : '0.0.0.0', port: 0 }
      const { settings } = this.options
      this.#listener = await this.#host.listen(at, (connection) => this.#arrived(connection), {
        backlog,
        options: settings,
      })
      this.options.opened(this.#listener)
    } catch (error) {
      this.#state = 'fresh'
      throw error
    }
  }

  /** The queue here is the backlog that the program asked for; past it connections wait in the host. */
  #arrived(connection: Connection): void {
    this.#waiting.push(connection)
    if (this.#waiting.length >= this.#backlog) this.#listener?.pause()
    this.#readers.wake()
  }

  async accept(timeout: Timeout): Promise<StreamEndpoint> {
    if (this.#state === 'fresh' || this.#state === 'connected')
      throw new SocketError('EINVAL', 'accept', { hint: 'call listen first' })
    return await this.#readers.until('accept', timeout, () => {
      this.open('accept')
      const connection = this.#waiting.shift()
      if (connection === undefined) return undefined
      this.#listener?.resume()
      return new StreamEndpoint(this.#host, this.#family, connection)
    })
  }

  async connect(to: Address, timeout: Timeout): Promise<void> {
    this.open('connect')
    if (this.#state === 'connected') throw new SocketError('EISCONN', 'connect', to)
    if (this.#state === 'connecting') throw new SocketError('EALREADY', 'connect', to)
    if (this.#state === 'listening') throw new SocketError('EOPNOTSUPP', 'connect', { ...to, hint: 'it is listening' })
    this.#state = 'connecting'
    const opening = this.#establish(to)
    // Without waiting, the outcome shows in SO_ERROR and in the next call, as with a non-blocking connect(2).
    if (timeout === 0) throw new SocketError('EINPROGRESS', 'connect', to)
    await opening
  }

  async #establish(to: Address): Promise<void> {
    const from = this.#bound
    try {
      const options = { options: this.options.settings }
      const connection = await this.#host.connect(to, from === null ? options : { ...options, from })
      if (this.closed) connection.close()
      else this.#own(connection)
    } catch (error) {
      this.#state = 'fresh'
      if (error instanceof SocketError) this.options.failed(error)
      this.#readers.wake()
      this.#writers.wake()
      throw error
    }
  }

  #own(connection: Connection): void {
    this.#connection = connection
    this.#state = 'connected'
    this.options.opened(connection)
    connection.attach(this)
    this.#writers.wake()
  }

  onData(bytes: Uint8Array): void {
    if (this.#ended) return
    this.#received.push(bytes)
    if (this.#received.length >= SOCKET_LIMITS.receiveQueue && !this.#paused) {
      this.#paused = true
      this.#connection?.pause()
    }
    this.#readers.wake()
  }

  onEnd(): void {
    this.#ended = true
    this.#readers.wake()
  }

  onDrain(): void {
    this.#full = false
    this.#writers.wake()
  }

  onClose(error: SocketError | null): void {
    this.#ended = true
    this.#finished = true
    if (error !== null) this.failed(error)
    this.#readers.wake()
    this.#writers.wake()
  }

  async send(bytes: Uint8Array, timeout: Timeout): Promise<number> {
    return await this.#writers.until('send', timeout, () => {
      const connection = this.#sendable()
      if (connection === undefined || this.#full) return undefined
      // The host takes all of it; above its high-water mark the next send waits.
      this.#full = !connection.write(bytes) && bytes.length > 0
      return bytes.length
    })
  }

  async sendall(bytes: Uint8Array, timeout: Timeout): Promise<void> {
    // Piece by piece: the connection copies what it takes, and need not hold all of it at once.
    for (let at = 0; at < bytes.length; at += SOCKET_LIMITS.sendPiece)
      await this.send(bytes.subarray(at, at + SOCKET_LIMITS.sendPiece), timeout)
    await this.#writers.until('send', timeout, () => (this.#sendable() === undefined || this.#full ? undefined : true))
    // send(2): the bytes are the kernel's when the call returns, whatever becomes of this process.
    await this.#connection?.flush()
  }

  #sendable(): Connection | undefined {
    this.open('send')
    this.throwFailure('send')
    if (this.#finished) throw new SocketError('EPIPE', 'send', { hint: 'this side has been shut down' })
    if (this.#connection !== null) return this.#connection
    if (this.#state === 'connecting') return undefined
    throw new SocketError('ENOTCONN', 'send', { hint: 'call connect first' })
  }

  async sendto(bytes: Uint8Array, to: Address): Promise<number> {
    throw new SocketError(this.#connection === null ? 'ENOTCONN' : 'EISCONN', 'sendto', {
      ...to,
      hint: `a stream has one peer: send ${bytes.length} bytes with send`,
    })
  }

  async recv(size: number, timeout: Timeout): Promise<Uint8Array> {
    return await this.#readers.until('recv', timeout, () => {
      this.open('recv')
      if (this.#received.length > 0) {
        const bytes = this.#received.take(size)
        if (this.#paused && this.#received.length < SOCKET_LIMITS.receiveQueue / 2) {
          this.#paused = false
          this.#connection?.resume()
        }
        return bytes
      }
      this.throwFailure('recv')
      if (this.#ended) return new Uint8Array(0)
      if (this.#connection === null && this.#state !== 'connecting')
        throw new SocketError('ENOTCONN', 'recv', { hint: 'call connect first' })
      return undefined
    })
  }

  async recvfrom(size: number, timeout: Timeout): Promise<[Uint8Array, Address]> {
    const bytes = await this.recv(size, timeout)
    return [bytes, this.#connection!.remote]
  }

  shutdown(how: number): void {
    this.open('shutdown')
    if (this.#connection === null) throw new SocketError('ENOTCONN', 'shutdown')
    if (how !== SHUT_RD && how !== SHUT_WR && how !== SHUT_RDWR)
      throw new SocketError('EINVAL', 'shutdown', { hint: `how is ${how}; use SHUT_RD, SHUT_WR or SHUT_RDWR` })
    if (how !== SHUT_WR) {
      this.#ended = true
      this.#received.clear()
      if (this.#paused) this.#connection.resume()
      this.#readers.wake()
    }
    if (how !== SHUT_RD && !this.#finished) {
      this.#finished = true
      this.#connection.end()
      this.#writers.wake()
    }
  }

  async close(): Promise<void> {
    if (this.closed) return
    this.closed = true
    for (const connection of this.#waiting.splice(0)) connection.reset()
    // Bytes that were received and never read are lost: the peer must learn it (RFC 2525 §2.17).
    if (this.#received.length > 0 && !this.#ended) this.#connection?.reset()
    else this.#connection?.close()
    this.#readers.wake()
    this.#writers.wake()
    await this.#listener?.close()
  }
}
