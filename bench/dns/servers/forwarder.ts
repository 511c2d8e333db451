/** node forwarder.ts PORT: a caching forwarder to 127.0.0.1:PORT. Prints `listening PORT`. */
import { serveForwarder } from '../../../src/dns/index.ts'
import { kernelHost } from '../../../src/kernel/index.ts'

const upstream = [{ address: '127.0.0.1', port: Number(process.argv[2]) }]
const { local } = await serveForwarder(kernelHost(), { at: { address: '127.0.0.1', port: 0 }, upstream })
console.log(`listening ${local.port}`)
