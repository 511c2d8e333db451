/** What stream and datagram sockets have in common, below the `Socket` class. */
import { SocketError } from '../../base/errors.ts'
import type { Address, IpAddress } from '../address.ts'
import type { OptionSettings } from '../host.ts'
import type { OptionName, OptionValue } from '../options.ts'
import type { Timeout } from './waiting.ts'

/** The calls of a socket with their addresses resolved. A call that does not fit the kind of socket is refused. */
export interface Endpoint {
  bind(at: IpAddress): Promise<void>
  listen(backlog: number): Promise<void>
  accept(timeout: Timeout): Promise<Endpoint>
  connect(to: IpAddress, timeout: Timeout): Promise<void>
  send(bytes: Uint8Array, timeout: Timeout): Promise<number>
  sendall(bytes: Uint8Array, timeout: Timeout): Promise<void>
  sendto(bytes: Uint8Array, to: IpAddress): Promise<number>
  recv(size: number, timeout: Timeout): Promise<Uint8Array>
  recvfrom(size: number, timeout: Timeout): Promise<[Uint8Array, Address]>
  shutdown(how: number): void
  close(): Promise<void>
  readonly local: Address | null
  readonly remote: Address | null
  setOption(name: OptionName, value: OptionValue): void
  getOption(name: OptionName): OptionValue
}

export function notSupported(syscall: string, hint: string): SocketError {
  return new SocketError('EOPNOTSUPP', syscall, { hint })
}

export function closedSocket(syscall: string): SocketError {
  return new SocketError('EBADF', syscall, { hint: 'the socket is closed' })
}

/** The part of a host's socket that takes options; absent until the host has opened one. */
interface Options {
  setOption(name: OptionName, value: OptionValue): void
  getOption(name: OptionName): OptionValue
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
    return this.#settings[name] ?? (name === 'SO_LINGER' ? { on: false, seconds: 0 } : 0)
  }
}

/** What every kind of endpoint keeps: whether it is closed, its options, and the error that the next call is told. */
export abstract class EndpointState {
  protected readonly options = new OptionStore()
  protected closed = false
  #failure: SocketError | null = null

  setOption(name: OptionName, value: OptionValue): void {
    this.open('setsockopt')
    this.options.set(name, value)
  }

  getOption(name: OptionName): OptionValue {
    this.open('getsockopt')
    return this.options.get(name)
  }

  /** @throws SocketError EBADF once the socket is closed. */
  protected open(syscall: string): void {
    if (this.closed) throw closedSocket(syscall)
  }

  /** Something went wrong outside of any call. */
  protected failed(error: SocketError): void {
    this.#failure = error
    this.options.failed(error)
  }

  /** An asynchronous error is told once, by the next call. */
  protected throwFailure(syscall: string): void {
    const failure = this.#failure
    if (failure === null) return
    this.#failure = null
    this.options.takeError()
    throw new SocketError(failure.code, syscall, { address: failure.address, port: failure.port, cause: failure })
  }
}
