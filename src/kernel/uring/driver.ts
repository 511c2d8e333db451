/** The driver on io_uring. */
import { isMainThread } from 'node:worker_threads'
import { SocketError } from '../../base/errors.ts'
import type { Driver } from '../driver.ts'
import { libc, libcMissing } from '../libc.ts'
import { KERNEL_LIMITS, type KernelLimits } from '../limits.ts'
import { Reactors, streamDriver } from '../streams/driver.ts'
import { Reactor } from '../streams/reactor.ts'
import { UringEngine } from './engine.ts'

const reactors = new Reactors(uringReactor)
let verdict: string | undefined

/** Why the driver cannot work in this process; null when it can. Asks the kernel once. */
export function uringMissing(): string | null {
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
    return `io_uring is not available: ${(error as Error).message}${advice(error)}`
  }
}

/** What whoever runs the process can do about it. */
function advice(error: unknown): string {
  switch ((error as SocketError).code) {
    case 'ENOMEM':
      return '; the limit of locked memory is too low (ulimit -l): it needs 256 KiB, counted for the user'
    case 'EPERM':
      return '; the kernel forbids it (sysctl kernel.io_uring_disabled, or the container’s seccomp profile)'
    case 'ENOSYS':
      return '; the kernel is older than Linux 5.1, or the container’s seccomp profile hides the call'
    default:
      return ''
  }
}

/** A reactor of its own ring. @throws SocketError where `uringMissing()` is not null. */
export function uringReactor(limits: KernelLimits, onBroken: () => void): Reactor {
  const library = libc()!
  return new Reactor(library, limits, new UringEngine(library, limits), onBroken)
}

/**
 * @param other serves datagrams, and streams where the ring cannot be had (any more).
 * @throws SocketError EOPNOTSUPP where `uringMissing()` is not null.
 */
export function uringDriver(limits: KernelLimits, other: Driver): Driver {
  const missing = uringMissing()
  if (missing !== null) throw new SocketError('EOPNOTSUPP', 'io_uring_setup', { hint: missing })
  return streamDriver('uring', limits, () => reactors.tried(limits), other)
}
