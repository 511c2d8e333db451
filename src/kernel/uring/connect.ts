/** Opens a connection through the ring. */
import type { SocketError } from '../../base/errors.ts'
import type { Address } from '../../socket/address.ts'
import type { Connection, ConnectOptions } from '../../socket/host.ts'
import { aborted } from '../driver.ts'
import { fromErrno } from '../errors.ts'
import type { KernelLimits } from '../limits.ts'
import { lingerOf } from '../options.ts'
import { encodeAddress, localOf, nameOf } from '../sockaddr.ts'
import { bind, streamSocket } from '../stream-socket.ts'
import { UringConnection } from './connection.ts'
import { IORING_OP_CONNECT } from './constants.ts'
import { CONNECTED, Endpoint, type Reactor } from './reactor.ts'
import type { Chunk } from './send-chunks.ts'

export function connect(
  reactor: Reactor,
  limits: KernelLimits,
  to: Address,
  options: ConnectOptions,
): Promise<Connection> {
  return new Promise((resolve, reject) => {
    if (options.signal?.aborted) return reject(aborted(to, options.signal))
    const fd = streamSocket(reactor.libc, to, options.options, 'connect')
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
  readonly #abort = (): void => {
    this.#reject(aborted(this.#to, this.#options.signal!))
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
    this.submit(CONNECTED, IORING_OP_CONNECT, 0, 0, address.length, this.#address.address, 0, 0)
    options.signal?.addEventListener('abort', this.#abort, { once: true })
  }

  override completed(_kind: number, result: number): void {
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
    this.#resolve(new UringConnection(reactor, fd, local, remote ?? this.#to, settings))
    this.leave()
  }

  override broken(error: SocketError): void {
    this.#options.signal?.removeEventListener('abort', this.#abort)
    this.#reject(error)
  }

  override turn(): void {}
  override freed(): void {}
}

/** A connection of a Unix socket's descriptor, which is connected already. */
export function unnamed(reactor: Reactor, limits: KernelLimits, fd: number): Connection {
  const name = { path: '' }
  return new UringConnection(reactor, fd, name, name, { limits, linger: null })
}
