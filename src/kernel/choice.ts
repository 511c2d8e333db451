/** Which driver serves this process. */
import { SocketError } from '../base/errors.ts'
import type { Driver, DriverName } from './driver.ts'
import { libc } from './libc.ts'
import type { KernelLimits } from './limits.ts'
import { nodeDriver } from './node/driver.ts'

export function chooseDriver(asked: DriverName | undefined, limits: KernelLimits): { driver: Driver; reason: string } {
  const node = nodeDriver({ libc: libc(), limits })
  const wanted = asked ?? process.env['RETICLE_DRIVER']
  const asker = asked === undefined ? 'RETICLE_DRIVER asks for it' : 'the caller asks for it'
  switch (wanted) {
    case 'node':
      return { driver: node, reason: asker }
    case undefined:
    case '':
      return { driver: node, reason: 'the only driver there is' }
    default:
      throw new SocketError('EOPNOTSUPP', 'socket', { hint: `there is no driver ${wanted}: node` })
  }
}
