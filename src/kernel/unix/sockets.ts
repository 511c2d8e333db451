/** The part of a driver that Unix sockets are, beside its listeners and connections. */
import type { Connection } from '../../socket/host.ts'
import type { Driver } from '../driver.ts'
import type { Libc } from '../libc.ts'
import type { KernelLimits } from '../limits.ts'
import { connectedDatagrams, unixDatagrams } from './datagrams.ts'
import { descriptorPair, SOCK_DGRAM, SOCK_NONBLOCK, SOCK_STREAM } from './pair.ts'

/** @param connected makes a connection of a stream's descriptor. */
export function unixSockets(
  libc: Libc,
  limits: KernelLimits,
  connected: (fd: number) => Connection,
): Required<Pick<Driver, 'unixDatagrams' | 'pair' | 'datagramPair'>> {
  return {
    unixDatagrams: (at, options) => unixDatagrams(libc, limits, at, options),
    pair: () => {
      const [one, other] = descriptorPair(libc, SOCK_STREAM)
      return [connected(one), connected(other)]
    },
    datagramPair: () => {
      const [one, other] = descriptorPair(libc, SOCK_DGRAM | SOCK_NONBLOCK)
      return [connectedDatagrams(libc, limits, one), connectedDatagrams(libc, limits, other)]
    },
  }
}
