/** Which driver serves this process. */
import { SocketError } from '../base/errors.ts'
import type { Driver, DriverName } from './driver.ts'
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
    case 'uring':
      return { driver: uringDriver(limits, node), node, reason: asker }
    case '': {
      const missing = uringMissing()
      if (missing !== null) return { driver: node, node, reason: missing }
      return { driver: uringDriver(limits, node), node, reason: 'io_uring works here, and is the fastest' }
    }
    default:
      throw new SocketError('EOPNOTSUPP', 'socket', { hint: `there is no driver ${wanted}: uring or node` })
  }
}
