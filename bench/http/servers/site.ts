/** Plain text through the framework's router: examples/hello. `site.ts DRIVER [PORT]` */
import hello from '../../../examples/hello/main.ts'
import { type DriverName, kernelHost } from '../../../src/kernel/index.ts'

const host = kernelHost({ driver: process.argv[2] as DriverName })
const server = await hello(host).serve(host, { address: '127.0.0.1', port: Number(process.argv[3] ?? 0) })
console.log(`listening ${server.local.port}`)
