/** The driver on io_uring: TCP. Datagrams fall through to another driver. */
import { isMainThread } from 'node:worker_threads'
import { SocketError } from '../../base/errors.ts'
import type { Driver } from '../driver.ts'
import { type Libc, libc, libcMissing } from '../libc.ts'
import type { KernelLimits } from '../limits.ts'
import { connect } from './connect.ts'
import { listen } from './listener.ts'
import { Reactor } from './reactor.ts'

let reactor: Reactor | null = null
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
    running(library)
    return ''
  } catch (error) {
    return `io_uring is not to be had: ${(error as Error).message}`
  }
}

/** The process's ring, made again after it has rested. */
function running(library: Libc): Reactor {
  reactor ??= new Reactor(library, () => {
    reactor = null
  })
  return reactor
}

/**
 * @param datagrams serves UDP.
 * @throws SocketError EOPNOTSUPP where `uringMissing()` is not null.
 */
export function uringDriver(limits: KernelLimits, datagrams: Driver): Driver {
  const missing = uringMissing()
  const library = libc()
  if (missing !== null || library === null)
    throw new SocketError('EOPNOTSUPP', 'io_uring_setup', { hint: missing ?? undefined })
  return {
    name: 'uring',
    listen: async (at, accept, options) => listen(running(library), limits, at, accept, options),
    connect: async (to, options) => connect(running(library), limits, to, options),
    datagrams: (at, options) => datagrams.datagrams(at, options),
  }
}
