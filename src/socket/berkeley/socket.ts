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
 * Calls take effect in the order in which they are made, whether or not each is awaited: a forgotten `await` before
 * `listen` does no harm. `close` alone does not wait for its turn.
 *
 * A stream socket's `bind` takes effect when it listens or connects: that is when the host takes the port, and when
 * `EADDRINUSE` comes.
 */
import { SocketError } from '../../base/errors.ts'
import { familyOf } from '../address.ts'
import type { Connection, Host, PathDatagrams } from '../host.ts'
import { SOCKET_LIMITS, type SocketLimits } from '../limits.ts'
import { type OptionName, type OptionValue, optionName, SOL_SOCKET } from '../options.ts'
import {
  AF_INET,
  AF_INET6,
  AF_UNIX,
  MSG_DONTWAIT,
  MSG_PEEK,
  MSG_TRUNC,
  MSG_WAITALL,
  SO_ACCEPTCONN,
  SO_DOMAIN,
  SO_PROTOCOL,
  SO_TYPE,
  SOCK_DGRAM,
  SOCK_STREAM,
} from './constants.ts'
import { DatagramEndpoint } from './datagram.ts'
import type { Endpoint } from './endpoint.ts'
import { type NameFamily, peerName, resolveName, type SocketName, socketName } from './name.ts'
import { SocketReader } from './reader.ts'
import { StreamEndpoint } from './stream.ts'
import type { Timeout } from './waiting.ts'

const encoder = new TextEncoder()
const FLAGS = MSG_PEEK | MSG_DONTWAIT | MSG_WAITALL
const IPPROTO_TCP = 6
const IPPROTO_UDP = 17

/** Settings of a `Socket` that its Berkeley namesake does not have. */
export interface SocketOptions {
  /** Default: `SOCKET_LIMITS`. */
  readonly limits?: Partial<SocketLimits>
}

/** What came with a message, beside its bytes: recvmsg(2)'s ancillary data. */
export interface Ancillary {
  /** The address that was asked (IP_PKTINFO). */
  readonly local: [string, number]
  /** The congestion bits of the IP header (IP_TOS; RFC 3168 §5). */
  readonly ecn: number
}

/** An endpoint that a new Socket is to take over. */
class Ready implements SocketOptions {
  readonly endpoint: Endpoint
  readonly limits: SocketLimits

  constructor(endpoint: Endpoint, limits: SocketLimits) {
    this.endpoint = endpoint
    this.limits = limits
  }
}

/**
 * A socket as C and Python know it, over any Host: names, order, errors (`SocketError`, with `code` and `errno`) and
 * time-outs are theirs. It is closed by `close` or by `await using`.
 *
 * @example
 * await using socket = new Socket(kernelHost())
 * socket.settimeout(5)
 * await socket.connect(['127.0.0.1', 9999])
 * await socket.sendall('hello')
 * console.log(new TextDecoder().decode(await socket.recv(1024)))
 */
export class Socket implements AsyncDisposable {
  readonly host: Host
  /** AF_INET, AF_INET6 or AF_UNIX. */
  readonly family: number
  /** SOCK_STREAM or SOCK_DGRAM. */
  readonly type: number
  readonly #limits: SocketLimits
  readonly #endpoint: Endpoint
  #timeout: Timeout = null
  /** Settles when the calls that must come first have taken effect; null when there are none. */
  #order: Promise<void> | null = null
  /** Settles when the names that datagrams are sent to have been looked up. */
  #names: Promise<unknown> | null = null

  /** socket(2). @throws SocketError EAFNOSUPPORT, EPROTONOSUPPORT for another family or type. */
  constructor(host: Host, family: number = AF_INET, type: number = SOCK_STREAM, options: SocketOptions = {}) {
    if (family !== AF_INET && family !== AF_INET6 && family !== AF_UNIX)
      throw new SocketError('EAFNOSUPPORT', 'socket', { hint: `family ${family}; use AF_INET, AF_INET6 or AF_UNIX` })
    if (type !== SOCK_STREAM && type !== SOCK_DGRAM)
      throw new SocketError('EPROTONOSUPPORT', 'socket', { hint: `type ${type}; use SOCK_STREAM or SOCK_DGRAM` })
    this.host = host
    this.family = family
    this.type = type
    const limits = { ...SOCKET_LIMITS, ...options.limits }
    this.#limits = limits
    if (options instanceof Ready) this.#endpoint = options.endpoint
    else if (type === SOCK_STREAM) this.#endpoint = new StreamEndpoint(host, this.#nameFamily, limits)
    else this.#endpoint = new DatagramEndpoint(host, this.#nameFamily, limits)
  }

  get #nameFamily(): NameFamily {
    if (this.family === AF_UNIX) return 'unix'
    return this.family === AF_INET6 ? 6 : 4
  }

  // ── the order of calls ─────────────────────────────────────────────────────────────────────────────────────────

  /** Runs the call after those that were made before it and change what the socket is. */
  async #after<T>(call: () => Promise<T>): Promise<T> {
    if (this.#order !== null) await this.#order
    return await call()
  }

  /** The same, and later calls wait for this one. */
  #inOrder<T>(call: () => Promise<T>): Promise<T> {
    const result = this.#after(call)
    const settled = result.then(
      () => {},
      () => {},
    )
    this.#order = settled
    settled.then(() => {
      if (this.#order === settled) this.#order = null
    })
    return result
  }

  // ── opening ────────────────────────────────────────────────────────────────────────────────────────────────────

  /** bind(2): `['', port]` is every interface, port 0 one of the host's choice. An AF_UNIX socket takes a path. */
  bind(name: SocketName): Promise<void> {
    return this.#inOrder(async () => {
      this.#endpoint.open('bind')
      await this.#endpoint.bind(await resolveName(this.host, this.#nameFamily, name, 'bind'))
    })
  }

  /** listen(2): up to `backlog` connections wait to be accepted. A socket that listens gets another backlog. */
  listen(backlog = 128): Promise<void> {
    if (!Number.isInteger(backlog)) throw new RangeError(`listen: backlog ${backlog} is not a whole number`)
    return this.#inOrder(() => this.#endpoint.listen(Math.max(0, backlog)))
  }

  /** accept(2): the next connection and its peer's address. */
  accept(): Promise<[Socket, [string, number]]> {
    const timeout = this.#timeout
    return this.#after(async () => {
      const endpoint = await this.#endpoint.accept(timeout)
      const socket = new Socket(this.host, this.family, SOCK_STREAM, new Ready(endpoint, this.#limits))
      return [socket, socket.getpeername()]
    })
  }

  /**
   * connect(2). A datagram socket only fixes its peer. Waits as long as `settimeout` says; a call that may not wait
   * rejects with EINPROGRESS, and `writable` resolves when it is decided.
   */
  connect(name: SocketName): Promise<void> {
    const timeout = this.#timeout
    return this.#inOrder(async () => {
      this.#endpoint.open('connect')
      await this.#endpoint.connect(await resolveName(this.host, this.#nameFamily, name, 'connect'), timeout)
    })
  }

  /** Python's connect_ex: 0, or the errno of what went wrong. Misuse is thrown all the same. */
  async connect_ex(name: SocketName): Promise<number> {
    try {
      await this.connect(name)
      return 0
    } catch (error) {
      if (error instanceof SocketError) return -error.errno
      throw error
    }
  }

  // ── sending ────────────────────────────────────────────────────────────────────────────────────────────────────

  /**
   * send(2): how many bytes were taken, once the network below has them: all of them, or what can be taken at once by
   * a socket that may not wait.
   */
  send(data: Uint8Array | string): Promise<number> {
    const [bytes, timeout] = [bytesOf('send', data), this.#timeout]
    return this.#afterNames(() => this.#endpoint.send(bytes, timeout))
  }

  /** Python's sendall: resolves when the network below has all of it, whatever becomes of this process then. */
  sendall(data: Uint8Array | string): Promise<void> {
    const [bytes, timeout] = [bytesOf('sendall', data), this.#timeout]
    return this.#afterNames(() => this.#endpoint.sendall(bytes, timeout))
  }

  /** sendto(2): one datagram. To the name that `recvfrom` gave it is answered from the address that was asked. */
  async sendto(data: Uint8Array | string, name: SocketName): Promise<number> {
    const [bytes, timeout] = [bytesOf('sendto', data), this.#timeout]
    const naming = this.#afterNames(async () => {
      this.#endpoint.open('sendto')
      return await resolveName(this.host, this.#nameFamily, name, 'sendto')
    })
    // Names take their time: what is sent later must not arrive earlier for that.
    const named = naming.catch(() => {})
    this.#names = named
    try {
      return await this.#endpoint.sendto(bytes, await naming, timeout)
    } finally {
      if (this.#names === named) this.#names = null
    }
  }

  async #afterNames<T>(call: () => Promise<T>): Promise<T> {
    const names = this.#names
    if (this.#order !== null) await this.#order
    if (names !== null) await names
    return await call()
  }

  /** sendmsg(2): the parts go out as one message. */
  sendmsg(parts: readonly (Uint8Array | string)[], name?: SocketName): Promise<number> {
    const bytes = joined(parts.map((part) => bytesOf('sendmsg', part)))
    return name === undefined ? this.send(bytes) : this.sendto(bytes, name)
  }

  // ── receiving ──────────────────────────────────────────────────────────────────────────────────────────────────

  /**
   * recv(2): up to `size` bytes; none at the end of the stream. The caller may keep them.
   * @param flags MSG_PEEK, MSG_WAITALL, MSG_DONTWAIT
   */
  recv(size = 65536, flags = 0): Promise<Uint8Array> {
    requireSize('recv', size)
    const timeout = this.#patience('recv', flags)
    return this.#after(() => this.#endpoint.recv(size, flags, timeout))
  }

  /** Python's recv_into: how many bytes were put into `buffer`; 0 at the end of the stream. */
  recv_into(buffer: Uint8Array, size = buffer.length, flags = 0): Promise<number> {
    const [into, timeout] = [partOf('recv_into', buffer, size), this.#patience('recv_into', flags)]
    return this.#after(() => this.#endpoint.recvInto(into, flags, timeout))
  }

  /** recvfrom(2): one datagram, cut to `size`, and where it came from. */
  async recvfrom(size = 65536, flags = 0): Promise<[Uint8Array, [string, number]]> {
    const [bytes, , , from] = await this.recvmsg(size, flags)
    return [bytes, from]
  }

  /** Python's recvfrom_into: one datagram, cut to the buffer, and where it came from. */
  async recvfrom_into(buffer: Uint8Array, size = buffer.length, flags = 0): Promise<[number, [string, number]]> {
    const into = partOf('recvfrom_into', buffer, size)
    const [bytes, , , from] = await this.recvmsg(into.length, flags)
    into.set(bytes)
    return [bytes.length, from]
  }

  /**
   * recvmsg(2): the bytes, what came with them, MSG_TRUNC where the datagram was longer than `size`, and the sender.
   */
  recvmsg(size = 65536, flags = 0): Promise<[Uint8Array, Ancillary, number, [string, number]]> {
    requireSize('recvmsg', size)
    const timeout = this.#patience('recvmsg', flags)
    return this.#after(async () => {
      const { bytes, from, local, truncated, ecn } = await this.#endpoint.recvfrom(size, flags, timeout)
      return [bytes, { local: socketName(local), ecn }, truncated ? MSG_TRUNC : 0, peerName(from)]
    })
  }

  #patience(syscall: string, flags: number): Timeout {
    if ((flags & ~FLAGS) !== 0)
      throw new SocketError('EINVAL', syscall, { hint: 'flags are MSG_PEEK, MSG_WAITALL and MSG_DONTWAIT' })
    return (flags & MSG_DONTWAIT) !== 0 ? 0 : this.#timeout
  }

  /** Python's makefile('rb'): reads lines and exact numbers of bytes. What it has read ahead, `recv` does not get. */
  makefile(): SocketReader {
    return new SocketReader((size) => this.recv(size), this.#limits)
  }

  /** What arrives, to the end of the stream: `for await (const bytes of socket)`. */
  async *[Symbol.asyncIterator](): AsyncGenerator<Uint8Array, void, undefined> {
    for (;;) {
      const bytes = await this.recv()
      if (bytes.length === 0 && this.type === SOCK_STREAM) return
      yield bytes
    }
  }

  // ── readiness, as select(2) and poll(2) tell it ────────────────────────────────────────────────────────────────

  /** Resolves when `recv` or `accept` would not wait: bytes, a connection, the end, an error. */
  readable(): Promise<void> {
    return this.#after(() => this.#endpoint.readable())
  }

  /** Resolves when `send` would not wait, and when a connect that is under way is decided (see SO_ERROR). */
  writable(): Promise<void> {
    return this.#after(() => this.#endpoint.writable())
  }

  // ── leaving ────────────────────────────────────────────────────────────────────────────────────────────────────

  /**
   * shutdown(2) with SHUT_RD, SHUT_WR or SHUT_RDWR. What `send` was given before still goes out; after SHUT_RD what has
   * arrived can still be read, and nobody waits for more.
   */
  shutdown(how: number): void {
    this.#endpoint.shutdown(how)
  }

  /**
   * close(2). What `send` was given before still goes out: resolves when the network below has it, or when the patience
   * of `settimeout` is over. A connect that is under way is given up; calls that wait are refused with EBADF; closing
   * twice is harmless.
   */
  async close(): Promise<void> {
    await this.#endpoint.close(this.#timeout)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }

  // ── settings ───────────────────────────────────────────────────────────────────────────────────────────────────

  /** How long calls wait: null for ever, 0 not at all (EAGAIN at once), else seconds (then a SocketTimeout). */
  settimeout(seconds: number | null): void {
    if (seconds !== null && !(typeof seconds === 'number' && seconds >= 0))
      throw new RangeError(`settimeout: ${seconds} is not null or a number of seconds from 0`)
    this.#timeout = seconds
  }

  gettimeout(): number | null {
    return this.#timeout
  }

  /** `setblocking(false)` is `settimeout(0)`: no call waits. `setblocking(true)` waits for ever. */
  setblocking(blocking: boolean): void {
    this.settimeout(blocking ? null : 0)
  }

  getblocking(): boolean {
    return this.#timeout !== 0
  }

  /** getsockname(2): the wildcard and port 0 before the socket has an address. @throws SocketError EBADF. */
  getsockname(): [string, number] {
    this.#endpoint.open('getsockname')
    const { local } = this.#endpoint
    if (local !== null) return socketName(local)
    return [this.family === AF_UNIX ? '' : this.family === AF_INET6 ? '::' : '0.0.0.0', 0]
  }

  /** getpeername(2). @throws SocketError ENOTCONN, EBADF. */
  getpeername(): [string, number] {
    this.#endpoint.open('getpeername')
    const { remote } = this.#endpoint
    if (remote === null) throw new SocketError('ENOTCONN', 'getpeername')
    return socketName(remote)
  }

  /** setsockopt(2). @throws SocketError ENOPROTOOPT for an option that the host does not have. */
  setsockopt(level: number, option: number, value: OptionValue | boolean): void {
    this.#endpoint.setOption(known('setsockopt', level, option), typeof value === 'boolean' ? Number(value) : value)
  }

  /**
   * getsockopt(2). Reading SO_ERROR clears it.
   * @throws SocketError EINVAL for what is known only once the socket is bound or connected.
   */
  getsockopt(level: number, option: number): OptionValue {
    this.#endpoint.open('getsockopt')
    const own = level === SOL_SOCKET ? this.#ownOption(option) : undefined
    return own ?? this.#endpoint.getOption(known('getsockopt', level, option))
  }

  /** What the socket itself knows, on every host. */
  #ownOption(option: number): number | undefined {
    switch (option) {
      case SO_TYPE:
        return this.type
      case SO_DOMAIN:
        return this.family
      case SO_PROTOCOL:
        if (this.family === AF_UNIX) return 0
        return this.type === SOCK_STREAM ? IPPROTO_TCP : IPPROTO_UDP
      case SO_ACCEPTCONN:
        return this.#endpoint.listening ? 1 : 0
      default:
        return undefined
    }
  }
}

/** A socket of a connection that the host has opened. */
export function openedStream(host: Host, connection: Connection, options: SocketOptions = {}): Socket {
  const { address } = connection.local
  const family = address === undefined ? AF_UNIX : familyOf(address) === 6 ? AF_INET6 : AF_INET
  const limits = { ...SOCKET_LIMITS, ...options.limits }
  const endpoint = new StreamEndpoint(host, address === undefined ? 'unix' : familyOf(address), limits, connection)
  return new Socket(host, family, SOCK_STREAM, new Ready(endpoint, limits))
}

/** A Unix datagram socket that the host has opened. */
export function openedDatagrams(host: Host, socket: PathDatagrams): Socket {
  const endpoint = new DatagramEndpoint(host, 'unix', SOCKET_LIMITS, socket)
  return new Socket(host, AF_UNIX, SOCK_DGRAM, new Ready(endpoint, SOCKET_LIMITS))
}

/** @throws TypeError for what is neither bytes nor text. */
function bytesOf(call: string, data: Uint8Array | string): Uint8Array {
  if (typeof data === 'string') return encoder.encode(data)
  if (data instanceof Uint8Array) return data
  throw new TypeError(`${call} takes a Uint8Array or a string, not ${Object.prototype.toString.call(data)}`)
}

function joined(parts: readonly Uint8Array[]): Uint8Array {
  const bytes = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0))
  let at = 0
  for (const part of parts) {
    bytes.set(part, at)
    at += part.length
  }
  return bytes
}

/** @throws RangeError */
function requireSize(call: string, size: number): void {
  if (!Number.isInteger(size) || size < 0) throw new RangeError(`${call}: a size is a whole number from 0, not ${size}`)
}

/** The first `size` bytes of the buffer. */
function partOf(call: string, buffer: Uint8Array, size: number): Uint8Array {
  requireSize(call, size)
  if (size > buffer.length) throw new RangeError(`${call}: the buffer has ${buffer.length} bytes, not ${size}`)
  return buffer.subarray(0, size)
}

function known(syscall: string, level: number, option: number): OptionName {
  const name = optionName(level, option)
  if (name !== undefined) return name
  throw new SocketError('ENOPROTOOPT', syscall, { hint: `no option ${option} at level ${level}` })
}
