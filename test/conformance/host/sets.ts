/** The options that each kind of host says it has: the suite holds the hosts to them, and `docs/sockets.md` shows them. */
import { availableOptions } from '../../../src/kernel/options.ts'
import type { OptionName } from '../../../src/socket/options.ts'
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
/** The kernel host without FFI: other systems than Linux, worker threads, Bun, Deno. */
export const WITHOUT_FFI: World['options'] = {
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
/** The kernel host, by either driver. */
export const WITH_FFI: World['options'] = {
  stream: [...availableOptions('stream', 4)],
  datagram: [...availableOptions('datagram', 4)],
  stream6: [...availableOptions('stream', 6)],
  datagram6: [...availableOptions('datagram', 6)],
  unix: [...availableOptions('stream', 'unix')],
}

const SHARED = ['SO_REUSEADDR', 'SO_REUSEPORT', 'SO_ERROR', 'SO_SNDBUF', 'SO_RCVBUF', 'IP_TTL'] as const
/** What our own stack has, in the simulator and on a device. */
export const STACK: World['options'] = {
  stream: [
    ...SHARED,
    'SO_KEEPALIVE',
    'SO_LINGER',
    'TCP_NODELAY',
    'TCP_MAXSEG',
    'TCP_CORK',
    'TCP_KEEPIDLE',
    'TCP_KEEPINTVL',
    'TCP_KEEPCNT',
    'TCP_INFO',
    'TCP_QUICKACK',
    'TCP_CONGESTION',
    'TCP_USER_TIMEOUT',
    'TCP_NOTSENT_LOWAT',
  ],
  datagram: [
    ...SHARED,
    'SO_BROADCAST',
    'IP_MULTICAST_TTL',
    'IP_MULTICAST_LOOP',
    'IP_ADD_MEMBERSHIP',
    'IP_DROP_MEMBERSHIP',
  ],
}

/** What the kernel host lacks without FFI. */
export const LACKING_WITHOUT_FFI: readonly Ability[] = [
  'pair',
  'SO_PEERCRED',
  ...WITH_FFI.stream6!.concat(WITH_FFI.datagram6!).filter(
    (name) => !WITHOUT_FFI.stream6!.includes(name) && !WITHOUT_FFI.datagram6!.includes(name),
  ),
]
