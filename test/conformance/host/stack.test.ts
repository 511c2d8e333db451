/** The Host conformance suite over Reticle's own stack: two hosts of a simulated network, in virtual time. */
import { drop, internet, mbit, ms, pass } from '../../../src/sim/index.ts'
import { STACK } from './sets.ts'
import { hostConformance } from './suite.ts'
import type { Ability, World } from './world.ts'

/** The protocol field of an IPv4 packet in an Ethernet frame. */
const PROTOCOL_AT = 14 + 9
const TCP = 6

/** Two hosts and a link that loses a share of all TCP segments: nobody sends a datagram again. */
function simulated(loss: number): World {
  // One scenario asks for the order in which connections are made: with this seed no handshake of it is lost.
  const net = internet({ seed: 'host conformance a' })
  const server = net.host('server')
  const client = net.host('client')
  net.link(client, server, { latency: ms(2), rate: mbit(1000) })
  if (loss > 0)
    net.rule(({ frame, chance }) => (frame[PROTOCOL_AT] === TCP && chance('loss') < loss ? drop('loss') : pass))
  return {
    server,
    client,
    serverAddress: server.address,
    options: STACK,
    broadcast: '10.0.0.3',
    run: (body) => net.run(body),
    async close() {},
  }
}

/** One host that speaks to itself. */
function alone(): World {
  const net = internet({ seed: 'host conformance' })
  const host = net.host('host')
  net.link(host, net.host('neighbour'), { latency: ms(1) })
  return {
    server: host,
    client: host,
    serverAddress: '127.0.0.1',
    secondAddress: '127.0.0.2',
    options: STACK,
    run: (body) => net.run(body),
    async close() {},
  }
}

const LACKS: readonly Ability[] = ['IPv6', 'Unix sockets', 'SO_BINDTODEVICE', 'IP_TOS']
hostConformance('our stack', async () => simulated(0), LACKS)
hostConformance('our stack at 3 % loss of TCP segments', async () => simulated(0.03), LACKS)
hostConformance('our stack over its loopback', async () => alone(), [...LACKS, 'broadcast'])
