/** A listening socket on a reactor: one accept that goes on as long as it is not paused. */
import { MILLISECOND } from '../../base/clock.ts'
import type { SocketError } from '../../base/errors.ts'
import { type Address, formatAddress } from '../../socket/address.ts'
import type { Connection, Listener, ListenOptions } from '../../socket/host.ts'
import type { Linger, OptionName, OptionValue } from '../../socket/options.ts'
import { DEFAULT_BACKLOG } from '../driver.ts'
import type { KernelLimits } from '../limits.ts'
import { closedSocket, getFromDescriptor, lingerOf, requireOption, setOnDescriptor } from '../options.ts'
import { localOf, nameOf, socketFamily } from '../sockaddr.ts'
import { StreamConnection } from './connection.ts'
import { RESULT_GOES_ON } from './engine.ts'
import { ACCEPTED, Endpoint, type Reactor } from './reactor.ts'
import { boundSocket, failed } from './socket.ts'

/** EMFILE, ENFILE, ENOMEM, ENOBUFS: trying again at once would spin. */
const EXHAUSTED: ReadonlySet<number> = new Set([24, 23, 12, 105])

export function listen(
  reactor: Reactor,
  limits: KernelLimits,
  at: Address,
  accept: (connection: Connection) => void,
  options: ListenOptions,
): StreamListener {
  const fd = boundSocket(reactor.libc, at, options, reactor.engine.socketFlags)
  if (reactor.libc.listen(fd, options.backlog ?? DEFAULT_BACKLOG) < 0) throw failed(reactor.libc, fd, 'listen', at)
  return new StreamListener(reactor, fd, limits, accept, lingerOf(options.options))
}

export class StreamListener extends Endpoint implements Listener {
  readonly local: Address
  readonly #limits: KernelLimits
  readonly #accept: (connection: Connection) => void
  readonly #everyInterface: boolean
  /** Accepted sockets inherit it. */
  #linger: Linger | null
  #accepting = false
  #paused = false
  /** Descriptors that were accepted before a cancelled accept had stopped. */
  #waiting: number[] = []
  #retry: NodeJS.Timeout | null = null
  #onFreed: (() => void)[] = []
  #freed = false

  constructor(
    reactor: Reactor,
    fd: number,
    limits: KernelLimits,
    accept: (connection: Connection) => void,
    linger: Linger | null,
  ) {
    super(reactor, fd)
    this.#linger = linger
    this.local = localOf(reactor.libc, fd)
    this.#limits = limits
    this.#accept = accept
    this.#everyInterface = this.local.address === '0.0.0.0' || this.local.address === '::'
    this.#arm()
  }

  #arm(): void {
    if (this.#accepting || this.#paused || this.released) return
    this.#accepting = true
    this.reactor.engine.accept(this.fd, this.index, this.begin(ACCEPTED))
  }

  override completed(_kind: number, result: number, flags: number): void {
    if ((flags & RESULT_GOES_ON) === 0) this.#accepting = false
    if (EXHAUSTED.has(-result)) this.#armLater()
    else this.#arm()
    if (result < 0) return // a connection that was gone before it was taken, or the cancelled accept itself
    if (this.released) this.reactor.libc.close(result)
    else if (this.#paused || this.#waiting.length > 0) this.#waiting.push(result)
    else this.#take(result)
  }

  #take(fd: number): void {
    const { libc } = this.reactor
    const remote = nameOf(libc, fd, 'getpeername')
    if (remote === null) {
      libc.close(fd) // its client has reset it already
      return
    }
    const local = this.#everyInterface ? localOf(libc, fd) : this.local
    const settings = { limits: this.#limits, linger: this.#linger }
    this.#accept(new StreamConnection(this.reactor, fd, local, remote, settings))
  }

  #armLater(): void {
    this.#retry ??= setTimeout(() => {
      this.#retry = null
      this.#arm()
    }, this.#limits.acceptRetry / MILLISECOND)
  }

  override turn(): void {
    while (!this.#paused && !this.released && this.#waiting.length > 0) this.#take(this.#waiting.shift()!)
    this.#arm()
  }

  pause(): void {
    if (this.#paused || this.released) return
    this.#paused = true
    if (this.#accepting) this.cancel()
  }

  resume(): void {
    if (!this.#paused || this.released) return
    this.#paused = false
    this.reactor.list(this)
  }

  close(): Promise<void> {
    if (!this.released) {
      if (this.#retry !== null) clearTimeout(this.#retry)
      for (const fd of this.#waiting) this.reactor.libc.close(fd)
      this.#waiting = []
      this.release()
    }
    if (this.#freed) return Promise.resolve()
    return new Promise((resolve) => {
      this.#onFreed.push(resolve)
    })
  }

  /** No call of the owner's waits for that, and a server that hears nobody must not be silent about it. */
  override broken(error: SocketError): void {
    if (this.#retry !== null) clearTimeout(this.#retry)
    process.emitWarning(`the listener on ${formatAddress(this.local)} has ended: ${error.message}`)
    this.freed()
  }

  override freed(): void {
    this.#freed = true
    for (const resolve of this.#onFreed) resolve()
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  setOption(name: OptionName, value: OptionValue): void {
    requireOption('setsockopt', 'stream', socketFamily(this.local), name)
    if (this.released) throw closedSocket('setsockopt', name)
    setOnDescriptor(this.reactor.libc, this.fd, socketFamily(this.local), name, value)
    if (name === 'SO_LINGER') this.#linger = value as Linger
  }

  getOption(name: OptionName): OptionValue {
    requireOption('getsockopt', 'stream', socketFamily(this.local), name)
    if (this.released) throw closedSocket('getsockopt', name)
    return getFromDescriptor(this.reactor.libc, this.fd, socketFamily(this.local), name)
  }
}
