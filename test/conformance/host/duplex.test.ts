/** The promises of a Connection, kept by one that has become a Duplex, or Web Streams, and a Connection again. */
import { kernelHost, systemClock } from '../../../src/kernel/index.ts'
import type { Accept, Connection, ConnectOptions, Host, Listener, ListenOptions } from '../../../src/socket/host.ts'
import { ConnectionDecorator, fromWebStreams, toWebStreams } from '../../../src/socket/index.ts'
import { fromDuplex, toDuplex } from '../../../src/socket/node/index.ts'
import { handoverScenarios } from './handover.ts'
import { attachScenarios, endScenarios } from './lifecycle.ts'
import { sendingScenarios } from './sending.ts'
import { streamScenarios } from './stream.ts'
import { type MakeWorld, scenarios } from './world.ts'

/** A host whose connections go through something else. */
function changed(host: Host, through: (connection: Connection) => Connection): Host {
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

function world(through: (connection: Connection) => Connection): MakeWorld {
  return async () => {
    const host = changed(kernelHost({ driver: 'node' }), through)
    const options = { stream: [], datagram: [] }
    return { server: host, client: host, serverAddress: '127.0.0.1', options, softReset: true, async close() {} }
  }
}

const clock = systemClock()
const throughDuplex = world((connection) => {
  const { local, remote } = connection
  return fromDuplex(toDuplex(connection), { local, remote, clock })
})
const throughStreams = world((connection) => {
  const { local, remote } = connection
  return fromWebStreams(toWebStreams(connection), { local, remote, clock })
})
for (const [name, make] of Object.entries({
  'through a Duplex': throughDuplex,
  'through Web Streams': throughStreams,
  'through a decorator': world((connection) => new ConnectionDecorator(connection)),
})) {
  const scenario = scenarios(name, make, ['IPv6'])
  streamScenarios(scenario)
  attachScenarios(scenario)
  endScenarios(scenario)
  handoverScenarios(scenario)
  sendingScenarios(scenario)
}
