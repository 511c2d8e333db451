/** Which driver serves this process. */
import { SocketError } from '../base/errors.ts'
import type { Driver, DriverName } from './driver.ts'
import { epollDriver, epollMissing } from './epoll/driver.ts'
import { libc } from './libc.ts'
import type { KernelLimits } from './limits.ts'
import { nodeDriver } from './node/driver.ts'
import { uringDriver, uringMissing } from './uring/driver.ts'

/** The driver that serves, why that one, and Node's own, which some work needs whatever else serves. */
interface ChosenDriver {
  readonly driver: Driver
  readonly node: Driver
  readonly reason: string
}

/** @throws SocketError EOPNOTSUPP for a driver that there is not or that cannot work here. */
export function chooseDriver(asked: DriverName | undefined, limits: KernelLimits): ChosenDriver {
  const node = nodeDriver({ libc: libc(), limits })
  const wanted = asked ?? process.env['RETICLE_DRIVER'] ?? ''
  const asker = asked === undefined ? 'RETICLE_DRIVER asks for it' : 'the caller asks for it'
  switch (wanted) {
    case 'node':
      return { driver: node, node, reason: asker }
    case 'epoll':
      return { driver: epollDriver(limits, node), node, reason: asker }
    case 'uring':
      return { driver: uringDriver(limits, node), node, reason: asker }
    case '':
      return fastest(limits, node)
    default:
      throw new SocketError('EOPNOTSUPP', 'socket', { hint: `there is no driver ${wanted}: uring, epoll or node` })
  }
}

function fastest(limits: KernelLimits, node: Driver): ChosenDriver {
  const noRing = uringMissing()
  if (noRing === null)
    return { driver: uringDriver(limits, node), node, reason: 'io_uring works here, and is the fastest' }
  const noEpoll = epollMissing()
  if (noEpoll === null) return { driver: epollDriver(limits, node), node, reason: `${noRing}; epoll works here` }
  return { driver: node, node, reason: noRing }
}
