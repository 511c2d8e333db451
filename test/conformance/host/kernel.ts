/** This machine, talking to itself over loopback, as a world for the suite. */
import { hostOver } from '../../../src/kernel/host.ts'
import { type DriverName, KERNEL_LIMITS, kernelHost, systemMachine } from '../../../src/kernel/index.ts'
import { libc } from '../../../src/kernel/libc.ts'
import { nodeDriver } from '../../../src/kernel/node/driver.ts'
import type { Host } from '../../../src/socket/host.ts'
import { hasIpv6 } from '../../namespace.ts'
import { WITH_FFI, WITHOUT_FFI } from './sets.ts'
import type { World } from './world.ts'

export function kernelWorld(driver: DriverName): World {
  return world(kernelHost({ driver, name: driver }), libc() === null ? WITHOUT_FFI : WITH_FFI)
}

/** The `node` driver as it is on a machine without koffi. */
export function worldWithoutFfi(): World {
  const driver = nodeDriver({ libc: null, limits: KERNEL_LIMITS })
  const host = hostOver(systemMachine({ name: 'without FFI' }), driver, 'the test asks for it')
  return { ...world(host, WITHOUT_FFI), blindToAsked: true, faithful: true, softReset: true }
}

function world(host: Host, options: World['options']): World {
  return {
    server: host,
    client: host,
    serverAddress: '127.0.0.1',
    secondAddress: '127.0.0.2',
    serverAddress6: '::1',
    absent: hasIpv6 ? [] : ['IPv6'],
    options,
    broadcast: '127.255.255.255',
    device: 'lo',
    async close() {},
  }
}
