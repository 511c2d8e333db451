/** The driver on io_uring: TCP. Datagrams fall through to another driver. */
import { isMainThread } from 'node:worker_threads'
import { SocketError } from '../../base/errors.ts'
import type { Driver } from '../driver.ts'
import { type Libc, libc, libcMissing } from '../libc.ts'
import { KERNEL_LIMITS, type KernelLimits } from '../limits.ts'
import { descriptorPair, SOCK_STREAM } from '../unix/pair.ts'
import { connect, unnamed } from './connect.ts'
import { listen } from './listener.ts'
import { Reactor } from './reactor.ts'

/** The process's rings: hosts whose limits give them the same memory share one. */
const reactors = new Map<string, Reactor>()
let verdict: string | undefined

/** Why the driver cannot work in this process; null when it can. Asks the kernel once. */
export function uringMissing(): string | null {
  verdict ??= probe()
  return verdict === '' ? null : verdict
}

function probe(): string {
  const library = libc()
  if (library === null) return libcMissing()
  if (!isMainThread) return 'a worker thread’s event loop cannot be reached through FFI'
  try {
    running(library, KERNEL_LIMITS)
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

function running(library: Libc, limits: KernelLimits): Reactor {
  const key = `${limits.receiveBuffers} ${limits.freeSendBytes}`
  const known = reactors.get(key)
  if (known !== undefined) return known
  const made = new Reactor(library, limits, () => reactors.delete(key))
  reactors.set(key, made)
  return made
}

/**
 * @param other serves UDP, and TCP where the ring cannot be had (any more).
 * @throws SocketError EOPNOTSUPP where `uringMissing()` is not null.
 */
export function uringDriver(limits: KernelLimits, other: Driver): Driver {
  const missing = uringMissing()
  const library = libc()
  if (missing !== null || library === null)
    throw new SocketError('EOPNOTSUPP', 'io_uring_setup', { hint: missing ?? undefined })
  /** Null where a ring has failed and a new one cannot be had. */
  const ring = (): Reactor | null => {
    try {
      return running(library, limits)
    } catch {
      return null
    }
  }
  return {
    name: 'uring',
    listen: async (at, accept, options) => {
      const reactor = ring()
      return reactor === null ? other.listen(at, accept, options) : listen(reactor, limits, at, accept, options)
    },
    connect: async (to, options) => {
      const reactor = ring()
      return reactor === null ? other.connect(to, options) : connect(reactor, limits, to, options)
    },
    datagrams: (at, options) => other.datagrams(at, options),
    unixDatagrams: other.unixDatagrams,
    datagramPair: other.datagramPair,
    pair: () => {
      const reactor = ring()
      if (reactor === null) return other.pair!()
      const [one, two] = descriptorPair(library, SOCK_STREAM)
      return [unnamed(reactor, limits, one), unnamed(reactor, limits, two)]
    },
  }
}
