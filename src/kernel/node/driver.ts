/** The driver that works wherever Node does: `node:net` and `node:dgram`. */
import type { Driver } from '../driver.ts'
import type { Libc } from '../libc.ts'
import type { KernelLimits } from '../limits.ts'
import { libcDatagrams, libcDatagramsWork } from '../udp/datagrams.ts'
import { connect } from './connect.ts'
import { datagrams } from './datagrams.ts'
import { listen } from './listener.ts'

/** What every socket of this driver needs to know. */
export interface NodeSettings {
  /** For the socket options that Node has no call for; null refuses those. */
  readonly libc: Libc | null
  readonly limits: KernelLimits
}

export function nodeDriver(settings: NodeSettings): Driver {
  return {
    name: 'node',
    listen: (at, accept, options) => listen(settings, at, accept, options),
    connect: (to, options) => connect(settings, to, options),
    datagrams: async (at, options) =>
      settings.libc !== null && libcDatagramsWork()
        ? libcDatagrams(settings.libc, settings.limits, at, options)
        : datagrams(settings, at, options),
  }
}
