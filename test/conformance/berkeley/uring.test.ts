import test from 'node:test'
import { kernelHost } from '../../../src/kernel/index.ts'
import { need } from '../../need.ts'
import { berkeleySuite } from './suite.ts'

let missing: string | null = null
try {
  kernelHost({ driver: 'uring' })
} catch (error) {
  missing = (error as Error).message
}

if (missing !== null) test('uring driver', { skip: need(false, `io_uring: ${missing}`) }, () => {})
else
  berkeleySuite(
    'uring driver',
    async () => {
      const host = kernelHost({ driver: 'uring' })
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
