import { kernelHost } from '../../../src/kernel/index.ts'
import { berkeleySuite } from './suite.ts'

berkeleySuite(
  'node driver',
  async () => {
    const host = kernelHost({ driver: 'node' })
    return {
      server: host,
      client: host,
      address: '127.0.0.1',
      secondAddress: '127.0.0.2',
      run: (work) => work(),
      close: async () => {},
    }
  },
  { ipv6: true },
)
