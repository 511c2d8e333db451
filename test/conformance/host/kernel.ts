/** This machine, talking to itself over loopback, as a world for the suite. */
import { networkInterfaces } from 'node:os'
import { type DriverName, kernelHost } from '../../../src/kernel/index.ts'
import type { World } from './world.ts'

const LOOPBACK6 = Object.values(networkInterfaces()).some((all) => all?.some(({ address }) => address === '::1'))

export function kernelWorld(driver: DriverName): World {
  const host = kernelHost({ driver, name: driver })
  return {
    server: host,
    client: host,
    serverAddress: '127.0.0.1',
    serverAddress6: LOOPBACK6 ? '::1' : undefined,
    options: {
      stream: [
        'SO_REUSEADDR',
        'SO_REUSEPORT',
        'SO_ERROR',
        'SO_SNDBUF',
        'SO_RCVBUF',
        'SO_KEEPALIVE',
        'SO_LINGER',
        'TCP_NODELAY',
        'IP_TTL',
      ],
      datagram: [
        'SO_REUSEADDR',
        'SO_REUSEPORT',
        'SO_ERROR',
        'SO_SNDBUF',
        'SO_RCVBUF',
        'SO_BROADCAST',
        'IP_TTL',
        'IP_MULTICAST_TTL',
        'IP_MULTICAST_LOOP',
        'IP_ADD_MEMBERSHIP',
        'IP_DROP_MEMBERSHIP',
      ],
    },
    multicast: true,
    broadcast: '127.255.255.255',
    async close() {},
  }
}
