/** The drivers that work on this machine, the fastest first. */
import type { DriverName } from '../driver.ts'
import { epollMissing } from '../epoll/driver.ts'
import { uringMissing } from '../uring/driver.ts'

const MISSING: readonly (readonly [DriverName, string | null])[] = [
  ['uring', uringMissing()],
  ['epoll', epollMissing()],
  ['node', null],
]

export const DRIVERS: readonly DriverName[] = MISSING.filter(([, why]) => why === null).map(([name]) => name)
