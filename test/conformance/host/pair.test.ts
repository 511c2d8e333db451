/** The promises of a Connection, kept by the two ends of a pair in memory. */
import { SocketError } from '../../../src/base/errors.ts'
import { kernelHost } from '../../../src/kernel/index.ts'
import { guarded } from '../../../src/socket/accept.ts'
import type { Address, IpAddress } from '../../../src/socket/address.ts'
import type { Accept, Connection, Host, Listener, ListenOptions } from '../../../src/socket/host.ts'
import { connectionPair } from '../../../src/socket/pair.ts'
import { handoverScenarios } from './handover.ts'
import { attachScenarios, endScenarios } from './lifecycle.ts'
import { sendingScenarios } from './sending.ts'
import { streamScenarios } from './stream.ts'
import { scenarios } from './world.ts'

/** A host whose connections never leave the process. */
function inMemory(host: Host): Host {
  const listeners = new Map<number, (connection: Connection) => void>()
  let ports = 20_000
  return Object.create(host, {
    datagrams: { value: host.datagrams.bind(host) },
    listen: {
      async value(at: IpAddress, accept: Accept, options: ListenOptions = {}): Promise<Listener> {
        const local = { address: at.address, port: at.port || ports++ }
        listeners.set(local.port, guarded(accept, options))
        const close = async () => void listeners.delete(local.port)
        const none = () => {}
        return {
          local,
          pause: none,
          resume: none,
          close,
          setOption: none,
          getOption: none as never,
          [Symbol.asyncDispose]: close,
        }
      },
    },
    connect: {
      async value(to: Address): Promise<Connection> {
        const accept = listeners.get(to.port!)
        if (accept === undefined) throw new SocketError('ECONNREFUSED', 'connect')
        const [near, far] = connectionPair(host.clock, { address: '127.0.0.1', port: ports++ }, to)
        accept(far)
        return near
      },
    },
  })
}

/** Nothing of a pair depends on the family of its addresses. */
const scenario = scenarios('a pair in memory', async () => {
  const host = inMemory(kernelHost({ driver: 'node' }))
  const options = { stream: [], datagram: [] }
  return { server: host, client: host, serverAddress: '127.0.0.1', options, async close() {} }
}, ['IPv6'])
streamScenarios(scenario)
attachScenarios(scenario)
endScenarios(scenario)
handoverScenarios(scenario)
sendingScenarios(scenario)
