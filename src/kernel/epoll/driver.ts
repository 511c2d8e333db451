/** The driver on epoll: what containers have that forbid io_uring. */
import { isMainThread } from 'node:worker_threads'
import { SocketError } from '../../base/errors.ts'
import type { Driver } from '../driver.ts'
import { libc, libcMissing } from '../libc.ts'
import { KERNEL_LIMITS, type KernelLimits } from '../limits.ts'
import { Reactors, streamDriver } from '../streams/driver.ts'
import { Reactor } from '../streams/reactor.ts'
import { EpollEngine } from './engine.ts'

const reactors = new Reactors(epollReactor)
let verdict: string | undefined

/** Why the driver cannot work in this process; null when it can. */
export function epollMissing(): string | null {
  verdict ??= probe()
  return verdict === '' ? null : verdict
}

function probe(): string {
  if (libc() === null) return libcMissing()
  if (!isMainThread) return 'a worker thread’s event loop takes no handles but Node’s own'
  try {
    reactors.for(KERNEL_LIMITS)
    return ''
  } catch (error) {
    return `epoll is not available: ${(error as Error).message}`
  }
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
  const missing = epollMissing()
  if (missing !== null) throw new SocketError('EOPNOTSUPP', 'epoll_create1', { hint: missing })
  return streamDriver('epoll', limits, () => reactors.tried(limits), other)
}
