/** What stream and datagram sockets have in common, below the `Socket` class. */
import { SocketError } from '../../base/errors.ts'
import type { Address } from '../address.ts'
import type { OptionSettings } from '../host.ts'
import type { OptionName, OptionValue } from '../options.ts'
import type { Sender } from './name.ts'
import { SocketTimeout, type Timeout } from './waiting.ts'

/** What was received, and all that is known of it. */
export interface Message {
  readonly bytes: Uint8Array
  readonly from: Address | Sender
  /** The address that was asked. */
  readonly local: Address
  readonly truncated: boolean
  readonly ecn: number
}

/** The calls of a socket with their addresses resolved. A call that does not fit the kind of socket is refused. */
export interface Endpoint {
  bind(at: Address): Promise<void>
  listen(backlog: number): Promise<void>
  accept(timeout: Timeout): Promise<Endpoint>
  connect(to: Address, timeout: Timeout): Promise<void>
  send(bytes: Uint8Array, timeout: Timeout): Promise<number>
  sendall(bytes: Uint8Array, timeout: Timeout): Promise<void>
  sendto(bytes: Uint8Array, to: Address, timeout: Timeout): Promise<number>
  recv(size: number, flags: number, timeout: Timeout): Promise<Uint8Array>
  recvInto(into: Uint8Array, flags: number, timeout: Timeout): Promise<number>
  recvfrom(size: number, flags: number, timeout: Timeout): Promise<Message>
  readable(): Promise<void>
  writable(): Promise<void>
  shutdown(how: number): void
  /** Resolves when what was sent has been handed over, at the latest when the patience is over. */
  close(timeout: Timeout): Promise<void>
  readonly local: Address | null
  readonly remote: Address | null
  readonly listening: boolean
  /** @throws SocketError EBADF once the socket is closed. */
  open(syscall: string): void
  setOption(name: OptionName, value: OptionValue): void
  getOption(name: OptionName): OptionValue
}

export function notSupported(syscall: string, hint: string): SocketError {
  return new SocketError('EOPNOTSUPP', syscall, { hint })
}

export function noUnixSockets(syscall: string): SocketError {
  return new SocketError('EAFNOSUPPORT', syscall, { hint: 'Unix sockets are not available on this host' })
}

export function closedSocket(syscall: string): SocketError {
  return new SocketError('EBADF', syscall, { hint: 'the socket is closed' })
}

/** The part of a host's socket that takes options; absent until the host has opened one. */
interface Options {
  setOption(name: OptionName, value: OptionValue): void
  getOption(name: OptionName): OptionValue
}

/** What every new socket has, on every host. The other options are known once the host has opened the socket. */
const FRESH: { readonly [name in OptionName]?: OptionValue } = {
  SO_REUSEADDR: 0,
  SO_REUSEPORT: 0,
  SO_BROADCAST: 0,
  SO_KEEPALIVE: 0,
  SO_LINGER: { on: false, seconds: 0 },
  TCP_NODELAY: 0,
}

/**
 * Socket options from creation on. What is set before the host has opened anything is kept and given to it then:
 * an option it does not have is refused at that call. SO_ERROR is the socket's own.
 */
class OptionStore {
  readonly #settings: { [name in OptionName]?: OptionValue } = {}
  #opened: Options | null = null
  #error: SocketError | null = null

  get settings(): OptionSettings {
    return this.#settings
  }

  opened(by: Options): void {
    this.#opened = by
  }

  /** Remembers an asynchronous error for SO_ERROR. */
  failed(error: SocketError): void {
    this.#error = error
  }

  /** The pending error, which is thereby cleared. */
  takeError(): SocketError | null {
    const error = this.#error
    this.#error = null
    return error
  }

  set(name: OptionName, value: OptionValue): void {
    if (name === 'SO_ERROR') throw new SocketError('ENOPROTOOPT', 'setsockopt', { hint: 'SO_ERROR can only be read' })
    if (this.#opened === null) this.#settings[name] = value
    else this.#opened.setOption(name, value)
  }

  get(name: OptionName): OptionValue {
    if (name === 'SO_ERROR') {
      const error = this.takeError()
      return error === null ? 0 : -error.errno
    }
    if (this.#opened !== null) return this.#opened.getOption(name)
    const value = this.#settings[name] ?? FRESH[name]
    if (value !== undefined) return value
    throw new SocketError('EINVAL', 'getsockopt', { hint: `${name} is known once the socket is bound or connected` })
  }
}

/** What every kind of endpoint keeps: whether it is closed, its options, and the error that the next call is told. */
export abstract class EndpointState {
  protected readonly options = new OptionStore()
  protected closed = false
  #failure: SocketError | null = null
  /** The error that ended the connection was told by a call of its own. */
  #told = false

  setOption(name: OptionName, value: OptionValue): void {
    this.open('setsockopt')
    this.options.set(name, value)
  }

  getOption(name: OptionName): OptionValue {
    this.open('getsockopt')
    return this.options.get(name)
  }

  /** @throws SocketError EBADF once the socket is closed. */
  open(syscall: string): void {
    if (this.closed) throw closedSocket(syscall)
  }

  /** Whether the next call is told an error. */
  protected get hasFailure(): boolean {
    return this.#failure !== null
  }

  /** Something went wrong outside of any call. */
  protected failed(error: SocketError): void {
    if (this.#told) return
    this.#failure = error
    this.options.failed(error)
  }

  /** A call has failed with that error: if it is what became of the connection, no other is told it. */
  protected told(error: unknown): void {
    if (!(error instanceof SocketError) || error instanceof SocketTimeout || error.code === 'EAGAIN') return
    this.#told = true
    this.#failure = null
    this.options.takeError()
  }

  /** An asynchronous error is told once, by the next call. */
  protected throwFailure(syscall: string): void {
    const failure = this.#failure
    if (failure === null) return
    this.#failure = null
    this.options.takeError()
    throw new SocketError(failure.code, syscall, {
      address: failure.address,
      port: failure.port,
      errno: -failure.errno,
      cause: failure,
    })
  }
}
