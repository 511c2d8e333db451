/** A driver whose streams live on a reactor. Datagrams fall through to another driver. */
import type { Driver, DriverName } from '../driver.ts'
import type { KernelLimits } from '../limits.ts'
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
  readonly #running = new Map<string, Reactor>()

  constructor(make: (limits: KernelLimits, onBroken: () => void) => Reactor) {
    this.#make = make
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
