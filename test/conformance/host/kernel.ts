/** This machine, talking to itself over loopback, as a world for the suite. */
import { hostOver } from '../../../src/kernel/host.ts'
import { type DriverName, KERNEL_LIMITS, kernelHost, systemMachine } from '../../../src/kernel/index.ts'
import { libc } from '../../../src/kernel/libc.ts'
import { nodeDriver } from '../../../src/kernel/node/driver.ts'
import { availableOptions } from '../../../src/kernel/options.ts'
import type { Host } from '../../../src/socket/host.ts'
import type { OptionName } from '../../../src/socket/options.ts'
import { hasIpv6 } from '../../namespace.ts'
import type { Ability, World } from './world.ts'

/** What Node itself has calls for. */
const STREAM_WITHOUT_FFI: readonly OptionName[] = ['SO_KEEPALIVE', 'TCP_NODELAY']
const DATAGRAM_WITHOUT_FFI: readonly OptionName[] = [
  'SO_SNDBUF',
  'SO_RCVBUF',
  'SO_BROADCAST',
  'IP_TTL',
  'IP_MULTICAST_IF',
  'IP_MULTICAST_TTL',
  'IP_MULTICAST_LOOP',
  'IP_ADD_MEMBERSHIP',
  'IP_DROP_MEMBERSHIP',
]
const WITHOUT_FFI: World['options'] = {
  stream: STREAM_WITHOUT_FFI,
  datagram: DATAGRAM_WITHOUT_FFI,
  stream6: STREAM_WITHOUT_FFI,
  datagram6: [
    ...DATAGRAM_WITHOUT_FFI,
    'IPV6_UNICAST_HOPS',
    'IPV6_MULTICAST_IF',
    'IPV6_MULTICAST_HOPS',
    'IPV6_MULTICAST_LOOP',
    'IPV6_JOIN_GROUP',
    'IPV6_LEAVE_GROUP',
  ],
}
const WITH_FFI: World['options'] = {
  stream: [...availableOptions('stream', 4)],
  datagram: [...availableOptions('datagram', 4)],
  stream6: [...availableOptions('stream', 6)],
  datagram6: [...availableOptions('datagram', 6)],
}

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

/** Options that those worlds lack: what the kernel has, less what they have. */
export const LACKING_WITHOUT_FFI: readonly Ability[] = WITH_FFI.stream6!.concat(WITH_FFI.datagram6!).filter(
  (name) => !WITHOUT_FFI.stream6!.includes(name) && !WITHOUT_FFI.datagram6!.includes(name),
)
