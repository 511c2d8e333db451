import type { Libc } from '../libc.ts'
import type { KernelLimits } from '../limits.ts'

/** What every socket of this driver needs to know. */
export interface NodeSettings {
  /** For the socket options that Node has no call for; null refuses those. */
  readonly libc: Libc | null
  readonly limits: KernelLimits
}
