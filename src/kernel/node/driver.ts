/** The driver that works wherever Node does: `node:net` and `node:dgram`. */
import type { Driver } from '../driver.ts'
import { libcDatagrams, libcDatagramsWork } from '../udp/datagrams.ts'
import { unixSockets } from '../unix/sockets.ts'
import { connect, fromDescriptor } from './connect.ts'
import { datagrams } from './datagrams.ts'
import { listen } from './listener.ts'
import type { NodeSettings } from './settings.ts'

export function nodeDriver(settings: NodeSettings): Driver {
  const { libc, limits } = settings
  return {
    name: 'node',
    listen: (at, accept, options) => listen(settings, at, accept, options),
    connect: (to, options) => connect(settings, to, options),
    datagrams: async (at, options) =>
      libc !== null && libcDatagramsWork()
        ? libcDatagrams(libc, limits, at, options)
        : datagrams(settings, at, options),
    ...(libc !== null && libcDatagramsWork() ? unixSockets(libc, limits, (fd) => fromDescriptor(settings, fd)) : {}),
  }
}
