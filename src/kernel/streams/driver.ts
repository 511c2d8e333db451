/** A driver whose streams live on a reactor. Datagrams fall through to another driver. */
import { isMainThread } from 'node:worker_threads'
import { SocketError } from '../../base/errors.ts'
import type { Driver, DriverName } from '../driver.ts'
import { libc, libcMissing } from '../libc.ts'
import { KERNEL_LIMITS, type KernelLimits } from '../limits.ts'
import { descriptorPair, SOCK_STREAM } from '../unix/pair.ts'
import { connect, unnamed } from './connect.ts'
import { listen } from './listener.ts'
import type { Reactor } from './reactor.ts'

/**
 * @param running the process's reactor; null where one has failed and a new one cannot be had
 * @param other serves datagrams, and streams where there is no reactor (any more)
 */
export function streamDriver(
  name: DriverName,
  limits: KernelLimits,
  running: () => Reactor | null,
  other: Driver,
): Driver {
  return {
    name,
    listen: async (at, accept, options) => {
      const reactor = running()
      return reactor === null ? other.listen(at, accept, options) : listen(reactor, limits, at, accept, options)
    },
    connect: async (to, options) => {
      const reactor = running()
      return reactor === null ? other.connect(to, options) : connect(reactor, limits, to, options)
    },
    datagrams: (at, options) => other.datagrams(at, options),
    unixDatagrams: other.unixDatagrams,
    datagramPair: other.datagramPair,
    pair: () => {
      const reactor = running()
      if (reactor === null) return other.pair!()
      const [one, two] = descriptorPair(reactor.libc, SOCK_STREAM | reactor.engine.socketFlags)
      return [unnamed(reactor, limits, one), unnamed(reactor, limits, two)]
    },
  }
}

/** The reactors of a driver: hosts whose limits give them the same memory share one. */
export class Reactors {
  readonly #make: (limits: KernelLimits, onBroken: () => void) => Reactor
  readonly #explain: (error: SocketError) => string
  readonly #running = new Map<string, Reactor>()
  #missing: string | null | undefined

  /** @param explain why there is none, when the first one could not be made */
  constructor(make: (limits: KernelLimits, onBroken: () => void) => Reactor, explain: (error: SocketError) => string) {
    this.#make = make
    this.#explain = explain
  }

  /** Why there can be none in this process; null when there can. Asks the kernel once. */
  get missing(): string | null {
    if (this.#missing === undefined) this.#missing = this.#probe()
    return this.#missing
  }

  #probe(): string | null {
    if (libc() === null) return libcMissing()
    if (!isMainThread) return 'a worker thread’s event loop takes no handles but Node’s own'
    try {
      this.for(KERNEL_LIMITS)
      return null
    } catch (error) {
      return this.#explain(error as SocketError)
    }
  }

  /** @throws SocketError EOPNOTSUPP of that call where there can be none. */
  require(syscall: string): void {
    if (this.missing !== null) throw new SocketError('EOPNOTSUPP', syscall, { hint: this.missing })
  }

  /** @throws SocketError when a new one is needed and cannot be had. */
  for(limits: KernelLimits): Reactor {
    const key = `${limits.receiveBuffers} ${limits.freeSendBytes}`
    const known = this.#running.get(key)
    if (known !== undefined) return known
    const made = this.#make(limits, () => this.#running.delete(key))
    this.#running.set(key, made)
    return made
  }

  /** Null when it cannot be had. */
  tried(limits: KernelLimits): Reactor | null {
    try {
      return this.for(limits)
    } catch {
      return null
    }
  }
}
