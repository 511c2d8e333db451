/** The promises of a Connection, kept by one that has become a Duplex and a Connection again. */
import { kernelHost } from '../../../src/kernel/index.ts'
import type { Accept, Connection, ConnectOptions, Host, Listener, ListenOptions } from '../../../src/socket/host.ts'
import { fromDuplex, toDuplex } from '../../../src/socket/node/index.ts'
import { handoverScenarios } from './handover.ts'
import { attachScenarios, endScenarios } from './lifecycle.ts'
import { sendingScenarios } from './sending.ts'
import { streamScenarios } from './stream.ts'
import { scenarios, type World } from './world.ts'

/** A host whose connections go through Node's streams. */
function throughDuplex(host: Host): Host {
  const through = (connection: Connection): Connection => {
    const { local, remote } = connection
    return fromDuplex(toDuplex(connection), { local, remote, clock: host.clock })
  }
  return Object.create(host, {
    listen: {
      value: (at: Parameters<Host['listen']>[0], accept: Accept, options?: ListenOptions): Promise<Listener> =>
        host.listen(at, (connection) => accept(through(connection)), options),
    },
    connect: {
      value: async (to: Parameters<Host['connect']>[0], options?: ConnectOptions) =>
        through(await host.connect(to, options)),
    },
    datagrams: { value: host.datagrams.bind(host) },
    lookup: { value: host.lookup.bind(host) },
  })
}

async function world(): Promise<World> {
  const host = throughDuplex(kernelHost({ driver: 'node' }))
  const options = { stream: [], datagram: [] }
  return { server: host, client: host, serverAddress: '127.0.0.1', options, async close() {} }
}

const scenario = scenarios('through a Duplex', world, ['IPv6'])
streamScenarios(scenario)
attachScenarios(scenario)
endScenarios(scenario)
handoverScenarios(scenario)
sendingScenarios(scenario)
