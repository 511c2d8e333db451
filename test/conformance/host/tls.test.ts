/** The promises of a Connection, kept by one that is encrypted: over Node's own sockets, and over a stream of ours. */
import { kernelHost } from '../../../src/kernel/index.ts'
import { HostDecorator } from '../../../src/socket/decorate.ts'
import type { Host } from '../../../src/socket/host.ts'
import { createAuthority, issue, tlsHost } from '../../../src/tls/index.ts'
import { handoverScenarios } from './handover.ts'
import { attachScenarios, endScenarios } from './lifecycle.ts'
import { sendingScenarios } from './sending.ts'
import { streamScenarios } from './stream.ts'
import { type Ability, type MakeWorld, scenarios } from './world.ts'

const authority = createAuthority('a test')
const certificates = issue(authority, ['127.0.0.1', '::1'])

function world(carrier: () => Host): MakeWorld {
  return async () => {
    const host = tlsHost(carrier(), { server: { certificates }, client: { trust: [authority.certificate] } })
    const options = { stream: [], datagram: [] }
    return {
      server: host,
      client: host,
      serverAddress: '127.0.0.1',
      options,
      softReset: true,
      bulk: 2e6,
      async close() {},
    }
  }
}

/** A decorated host lends no sockets: TLS goes through a stream of ours. */
class Plain extends HostDecorator {}

const WORLDS: readonly (readonly [string, () => Host, readonly Ability[]])[] = [
  // A reset that TLS meets while it writes its tickets looks like an end: Node does not tell.
  ['TLS over Node’s sockets', () => kernelHost({ driver: 'node' }), ['IPv6', 'plain', 'reset']],
  ['TLS over a stream', () => new Plain(kernelHost()), ['IPv6', 'plain']],
]
for (const [name, carrier, lacks] of WORLDS) {
  const scenario = scenarios(name, world(carrier), lacks)
  streamScenarios(scenario)
  attachScenarios(scenario)
  endScenarios(scenario)
  handoverScenarios(scenario)
  sendingScenarios(scenario)
}
