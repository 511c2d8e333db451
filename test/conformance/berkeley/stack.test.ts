import { internet, mbit, ms } from '../../../src/sim/index.ts'
import type { Arena } from './arena.ts'
import { berkeleySuite } from './suite.ts'

function arena(loss: number): () => Promise<Arena> {
  return async () => {
    const net = internet({ seed: 'berkeley' })
    const [client, server] = [net.host('client'), net.host('server')]
    net.link(client, server, { latency: ms(5), rate: mbit(100), loss })
    const silent = net.host('silent')
    net.link(client, silent, { latency: ms(5), loss: 1 })
    await net.run({ for: ms(0) })
    const { address } = server
    return { server, client, address, silent: silent.address, run: (work) => net.run(work), close: async () => {} }
  }
}

berkeleySuite('our own stack', arena(0))
berkeleySuite('our own stack, 3 % loss', arena(0.03), { datagrams: false })
