/** The driver on epoll: what containers have that forbid io_uring. */
import type { Driver } from '../driver.ts'
import { libc } from '../libc.ts'
import type { KernelLimits } from '../limits.ts'
import { Reactors, streamDriver } from '../streams/driver.ts'
import { Reactor } from '../streams/reactor.ts'
import { EpollEngine } from './engine.ts'

const reactors = new Reactors(epollReactor, (error) => `epoll is not available: ${error.message}`)

/** Why the driver cannot work in this process; null when it can. */
export function epollMissing(): string | null {
  return reactors.missing
}

/** A reactor of its own. @throws SocketError EMFILE, ENFILE, ENOMEM */
export function epollReactor(limits: KernelLimits, onBroken: () => void): Reactor {
  const library = libc()!
  return new Reactor(library, limits, new EpollEngine(library), onBroken)
}

/**
 * @param other serves datagrams.
 * @throws SocketError EOPNOTSUPP where `epollMissing()` is not null.
 */
export function epollDriver(limits: KernelLimits, other: Driver): Driver {
  reactors.require('epoll_create1')
  return streamDriver('epoll', limits, () => reactors.tried(limits), other)
}
