/** Opens a connection through a reactor. */
import type { SocketError } from '../../base/errors.ts'
import type { Address } from '../../socket/address.ts'
import type { Connection, ConnectOptions } from '../../socket/host.ts'
import { aborted } from '../driver.ts'
import { fromErrno } from '../errors.ts'
import type { KernelLimits } from '../limits.ts'
import { lingerOf } from '../options.ts'
import { encodeAddress, localOf, nameOf } from '../sockaddr.ts'
import { StreamConnection } from './connection.ts'
import { CONNECTED, Endpoint, type Reactor } from './reactor.ts'
import type { Chunk } from './send-chunks.ts'
import { bind, streamSocket } from './socket.ts'

const EAGAIN = 11
/** How long a client waits whose Unix listener has a full backlog: nobody tells a socket that does not block. */
const ROOM_RETRY_MS = 5

export function connect(
  reactor: Reactor,
  limits: KernelLimits,
  to: Address,
  options: ConnectOptions,
): Promise<Connection> {
  return new Promise((resolve, reject) => {
    if (options.signal?.aborted) return reject(aborted(to, options.signal))
    const fd = streamSocket(reactor.libc, to, options.options, 'connect', reactor.engine.socketFlags)
    if (options.from !== undefined) bind(reactor.libc, fd, options.from, 'bind')
    new Connecting(reactor, fd, limits, to, options, resolve, reject)
  })
}

class Connecting extends Endpoint {
  readonly #limits: KernelLimits
  readonly #to: Address
  readonly #options: ConnectOptions
  readonly #resolve: (connection: Connection) => void
  readonly #reject: (error: SocketError) => void
  readonly #address: Chunk
  readonly #length: number
  #retry: NodeJS.Timeout | null = null
  readonly #abort = (): void => {
    this.#reject(aborted(this.#to, this.#options.signal!))
    this.#stopWaiting()
    this.release()
  }

  constructor(
    reactor: Reactor,
    fd: number,
    limits: KernelLimits,
    to: Address,
    options: ConnectOptions,
    resolve: (connection: Connection) => void,
    reject: (error: SocketError) => void,
  ) {
    super(reactor, fd)
    this.#limits = limits
    this.#to = to
    this.#options = options
    this.#resolve = resolve
    this.#reject = reject
    const address = encodeAddress(reactor.libc, to)
    this.#address = reactor.chunks.take(address.length)
    this.#address.bytes.set(address)
    this.#length = address.length
    this.#begin()
    options.signal?.addEventListener('abort', this.#abort, { once: true })
  }

  #begin(): void {
    const name = this.begin(CONNECTED)
    this.reactor.engine.connect(this.fd, this.index, name, this.#address.address, this.#length)
  }

  #stopWaiting(): void {
    if (this.#retry === null) return
    clearTimeout(this.#retry)
    this.#retry = null
    this.reactor.chunks.give(this.#address)
  }

  override completed(_kind: number, result: number): void {
    if (result === -EAGAIN && this.#to.path !== undefined && !this.released) {
      this.#retry = setTimeout(() => {
        this.#retry = null
        this.#begin()
      }, ROOM_RETRY_MS)
      return
    }
    this.reactor.chunks.give(this.#address)
    if (this.released) return
    this.#options.signal?.removeEventListener('abort', this.#abort)
    if (result < 0) {
      this.#reject(fromErrno(-result, 'connect', this.#to))
      this.release()
    } else this.#connected()
  }

  #connected(): void {
    const { reactor, fd } = this
    const { libc } = reactor
    const settings = { limits: this.#limits, linger: lingerOf(this.#options.options) }
    const local = localOf(libc, fd)
    const remote = nameOf(libc, fd, 'getpeername') // not always `to`: 0.0.0.0 connects to 127.0.0.1
    this.#resolve(new StreamConnection(reactor, fd, local, remote ?? this.#to, settings))
    this.leave()
  }

  override broken(error: SocketError): void {
    this.#options.signal?.removeEventListener('abort', this.#abort)
    this.#stopWaiting()
    this.#reject(error)
  }

  override turn(): void {}
  override freed(): void {}
}

/** A connection of a Unix socket's descriptor, which is connected already. */
export function unnamed(reactor: Reactor, limits: KernelLimits, fd: number): Connection {
  const name = { path: '' }
  return new StreamConnection(reactor, fd, name, name, { limits, linger: null })
}
