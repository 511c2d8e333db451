/**
 * The Berkeley socket over any Host: the calls read like the C and Python ones, and wait with promises instead of
 * blocking the thread.
 *
 * ```ts
 * const server = new Socket(host, AF_INET, SOCK_STREAM)
 * server.setsockopt(SOL_SOCKET, SO_REUSEADDR, 1)
 * await server.bind(['', 9999])
 * await server.listen(10)
 * const [client, address] = await server.accept()
 * ```
 *
 * A stream socket's `bind` takes effect when it listens or connects: that is when the host takes the port, and when
 * `EADDRINUSE` comes.
 */
import { SocketError } from '../../base/errors.ts'
import type { Host } from '../host.ts'
import { type OptionName, type OptionValue, optionName } from '../options.ts'
import { AF_INET, AF_INET6, SOCK_DGRAM, SOCK_STREAM } from './constants.ts'
import { DatagramEndpoint } from './datagram.ts'
import type { Endpoint } from './endpoint.ts'
import { resolveName, type SocketName, socketName } from './name.ts'
import { StreamEndpoint } from './stream.ts'
import type { Timeout } from './waiting.ts'

const encoder = new TextEncoder()

export class Socket implements AsyncDisposable {
  readonly host: Host
  /** AF_INET or AF_INET6. */
  readonly family: number
  /** SOCK_STREAM or SOCK_DGRAM. */
  readonly type: number
  readonly #endpoint: Endpoint
  #timeout: Timeout = null

  /** socket(2). @throws SocketError EAFNOSUPPORT, EPROTONOSUPPORT for another family or type. */
  constructor(host: Host, family: number = AF_INET, type: number = SOCK_STREAM, accepted?: Endpoint) {
    if (family !== AF_INET && family !== AF_INET6)
      throw new SocketError('EAFNOSUPPORT', 'socket', { hint: `family ${family}; use AF_INET or AF_INET6` })
    if (type !== SOCK_STREAM && type !== SOCK_DGRAM)
      throw new SocketError('EPROTONOSUPPORT', 'socket', { hint: `type ${type}; use SOCK_STREAM or SOCK_DGRAM` })
    this.host = host
    this.family = family
    this.type = type
    this.#endpoint =
      accepted ?? (type === SOCK_STREAM ? new StreamEndpoint(host, this.#ip) : new DatagramEndpoint(host, this.#ip))
  }

  get #ip(): 4 | 6 {
    return this.family === AF_INET6 ? 6 : 4
  }

  /** bind(2): `['', port]` is every interface, port 0 one of the host's choice. */
  async bind(name: SocketName): Promise<void> {
    await this.#endpoint.bind(await resolveName(this.host, this.#ip, name, 'bind'))
  }

  /** listen(2): up to `backlog` connections wait to be accepted. */
  async listen(backlog = 128): Promise<void> {
    await this.#endpoint.listen(backlog)
  }

  /** accept(2): the next connection and its peer's address. */
  async accept(): Promise<[Socket, [string, number]]> {
    const endpoint = await this.#endpoint.accept(this.#timeout)
    const socket = new Socket(this.host, this.family, SOCK_STREAM, endpoint)
    return [socket, socket.getpeername()]
  }

  /** connect(2). A datagram socket only fixes its peer. */
  async connect(name: SocketName): Promise<void> {
    await this.#endpoint.connect(await resolveName(this.host, this.#ip, name, 'connect'), this.#timeout)
  }

  /** send(2): how many bytes were taken: all of them, once the connection can take any. */
  async send(data: Uint8Array | string): Promise<number> {
    return await this.#endpoint.send(bytesOf(data), this.#timeout)
  }

  /** Python's sendall: resolves when the connection has taken the bytes and can take more. */
  async sendall(data: Uint8Array | string): Promise<void> {
    await this.#endpoint.sendall(bytesOf(data), this.#timeout)
  }

  /** sendto(2): one datagram. */
  async sendto(data: Uint8Array | string, name: SocketName): Promise<number> {
    return await this.#endpoint.sendto(bytesOf(data), await resolveName(this.host, this.#ip, name, 'sendto'))
  }

  /** recv(2): up to `size` bytes; none at the end of the stream. The caller may keep them. */
  async recv(size = 65536): Promise<Uint8Array> {
    return await this.#endpoint.recv(size, this.#timeout)
  }

  /** recvfrom(2): one datagram, cut to `size`, and where it came from. */
  async recvfrom(size = 65536): Promise<[Uint8Array, [string, number]]> {
    const [bytes, from] = await this.#endpoint.recvfrom(size, this.#timeout)
    return [bytes, socketName(from)]
  }

  /** shutdown(2) with SHUT_RD, SHUT_WR or SHUT_RDWR. */
  shutdown(how: number): void {
    this.#endpoint.shutdown(how)
  }

  /** close(2). Calls that wait are refused with EBADF; closing twice is harmless. */
  async close(): Promise<void> {
    await this.#endpoint.close()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }

  /** How long calls wait: null for ever, 0 not at all (EAGAIN at once), else seconds (then ETIMEDOUT). */
  settimeout(seconds: number | null): void {
    if (seconds !== null && !(seconds >= 0)) throw new RangeError(`settimeout: ${seconds} is not null or at least 0`)
    this.#timeout = seconds
  }

  gettimeout(): number | null {
    return this.#timeout
  }

  /** `setblocking(false)` is `settimeout(0)`: no call waits. `setblocking(true)` waits for ever. */
  setblocking(blocking: boolean): void {
    this.settimeout(blocking ? null : 0)
  }

  /** getsockname(2): the wildcard and port 0 before the socket has an address. */
  getsockname(): [string, number] {
    const { local } = this.#endpoint
    return local === null ? [this.family === AF_INET6 ? '::' : '0.0.0.0', 0] : socketName(local)
  }

  /** getpeername(2). @throws SocketError ENOTCONN. */
  getpeername(): [string, number] {
    const { remote } = this.#endpoint
    if (remote === null) throw new SocketError('ENOTCONN', 'getpeername')
    return socketName(remote)
  }

  /** setsockopt(2). @throws SocketError ENOPROTOOPT for an option that the host does not have. */
  setsockopt(level: number, option: number, value: OptionValue | boolean): void {
    this.#endpoint.setOption(known('setsockopt', level, option), typeof value === 'boolean' ? Number(value) : value)
  }

  /** getsockopt(2). Reading SO_ERROR clears it. */
  getsockopt(level: number, option: number): OptionValue {
    return this.#endpoint.getOption(known('getsockopt', level, option))
  }
}

function bytesOf(data: Uint8Array | string): Uint8Array {
  return typeof data === 'string' ? encoder.encode(data) : data
}

function known(syscall: string, level: number, option: number): OptionName {
  const name = optionName(level, option)
  if (name !== undefined) return name
  throw new SocketError('ENOPROTOOPT', syscall, { hint: `no option ${option} at level ${level}` })
}
