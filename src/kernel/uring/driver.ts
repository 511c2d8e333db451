/** The driver on io_uring. */
import type { SocketError } from '../../base/errors.ts'
import type { Driver } from '../driver.ts'
import { libc } from '../libc.ts'
import type { KernelLimits } from '../limits.ts'
import { Reactors, streamDriver } from '../streams/driver.ts'
import { Reactor } from '../streams/reactor.ts'
import { UringEngine } from './engine.ts'

const reactors = new Reactors(uringReactor, (error) => `io_uring is not available: ${error.message}${advice(error)}`)

/** Why the driver cannot work in this process; null when it can. */
export function uringMissing(): string | null {
  return reactors.missing
}

/** What whoever runs the process can do about it. */
function advice({ code }: SocketError): string {
  switch (code) {
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
  reactors.require('io_uring_setup')
  return streamDriver('uring', limits, () => reactors.tried(limits), other)
}
