/** This machine, talking to itself over loopback, as a world for the suite. */
import { networkInterfaces } from 'node:os'
import { hostOver } from '../../../src/kernel/host.ts'
import { type DriverName, KERNEL_LIMITS, kernelHost, systemMachine } from '../../../src/kernel/index.ts'
import { libc } from '../../../src/kernel/libc.ts'
import { nodeDriver } from '../../../src/kernel/node/driver.ts'
import type { Host } from '../../../src/socket/host.ts'
import type { OptionName } from '../../../src/socket/options.ts'
import type { World } from './world.ts'

const LOOPBACK6 = Object.values(networkInterfaces()).some((all) => all?.some(({ address }) => address === '::1'))

const STREAM: readonly OptionName[] = [
  'SO_REUSEADDR',
  'SO_REUSEPORT',
  'SO_ERROR',
  'SO_SNDBUF',
  'SO_RCVBUF',
  'SO_KEEPALIVE',
  'SO_LINGER',
  'TCP_NODELAY',
  'IP_TTL',
]
const DATAGRAM: readonly OptionName[] = [
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
]
/** What Node itself has calls for. */
const STREAM_WITHOUT_FFI: readonly OptionName[] = ['SO_KEEPALIVE', 'TCP_NODELAY']
const DATAGRAM_WITHOUT_FFI: readonly OptionName[] = DATAGRAM.filter(
  (name) => !['SO_REUSEADDR', 'SO_REUSEPORT', 'SO_ERROR'].includes(name),
)

export function kernelWorld(driver: DriverName): World {
  const options = libc() === null ? withoutFfi : { stream: STREAM, datagram: DATAGRAM }
  return world(kernelHost({ driver, name: driver }), options)
}

const withoutFfi = { stream: STREAM_WITHOUT_FFI, datagram: DATAGRAM_WITHOUT_FFI }

/** The `node` driver as it is on a machine without koffi. */
export function worldWithoutFfi(): World {
  const driver = nodeDriver({ libc: null, limits: KERNEL_LIMITS })
  const host = hostOver(systemMachine({ name: 'without FFI' }), driver, 'the test asks for it')
  return { ...world(host, withoutFfi), blindToAsked: true, faithful: true, softReset: true }
}

function world(host: Host, options: World['options']): World {
  return {
    server: host,
    client: host,
    serverAddress: '127.0.0.1',
    secondAddress: '127.0.0.2',
    serverAddress6: LOOPBACK6 ? '::1' : undefined,
    options,
    multicast: true,
    broadcast: '127.255.255.255',
    async close() {},
  }
}
