/** The Host conformance suite over Reticle's own stack: two hosts of a simulated network, in virtual time. */
import { internet, type LinkOptions, mbit, ms } from '../../../src/sim/index.ts'
import { hostConformance } from './suite.ts'
import type { World } from './world.ts'

function simulated(options: LinkOptions): World {
  const net = internet({ seed: 'host conformance' })
  const server = net.host('server')
  const client = net.host('client')
  net.link(client, server, { latency: ms(2), rate: mbit(1000), ...options })
  const shared = ['SO_REUSEADDR', 'SO_REUSEPORT', 'SO_ERROR', 'SO_SNDBUF', 'SO_RCVBUF', 'IP_TTL'] as const
  return {
    server,
    client,
    serverAddress: server.address,
    options: {
      stream: [...shared, 'SO_KEEPALIVE', 'SO_LINGER', 'TCP_NODELAY'],
      datagram: [
        ...shared,
        'SO_BROADCAST',
        'IP_MULTICAST_TTL',
        'IP_MULTICAST_LOOP',
        'IP_ADD_MEMBERSHIP',
        'IP_DROP_MEMBERSHIP',
      ],
    },
    multicast: true,
    broadcast: '10.0.0.3',
    run: (body) => net.run(body),
    async close() {},
  }
}

hostConformance('our stack', async () => simulated({}))
hostConformance('our stack at 3 % loss', async () => simulated({ loss: 0.03 }))
