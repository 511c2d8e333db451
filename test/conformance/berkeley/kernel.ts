/** This machine, talking to itself over loopback, as an arena for the suite. */
import { type DriverName, kernelHost } from '../../../src/kernel/index.ts'
import { hasIpv6 } from '../../namespace.ts'
import { need } from '../../need.ts'
import { berkeleySuite } from './suite.ts'

export function berkeleyOnKernel(driver: DriverName): void {
  const host = kernelHost({ driver })
  const where = { server: host, client: host, address: '127.0.0.1', secondAddress: '127.0.0.2' }
  const make = async () => ({ ...where, run: <T>(work: () => Promise<T>) => work(), close: async () => {} })
  berkeleySuite(`${driver} driver`, make, { ipv6: need(hasIpv6, 'IPv6 on this machine') === false })
}
